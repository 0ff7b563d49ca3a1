"""Sends a message by HTTP POST."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import Any

import requests

from camunda7.http_client import new_session
from hosting.clients.service import RETRYABLE_STATUSES, Faulty, SignInRefused, Unavailable
from reporting.acknowledgement import check_acknowledgement
from reporting.message import Message, Refused

TIMEOUT_S = 30.0
# request timeout, conflict with a concurrent request for the same resource (RFC 9110, FHIR), too early
REPEATABLE_STATUSES = (408, 425, *RETRYABLE_STATUSES)
# OperationOutcome.issue: codes of http://hl7.org/fhir/issue-type, and FHIRPath without literals
ISSUE = re.compile(r"[a-z-]{1,20}")
PATH = re.compile(r"[A-Za-z]+(?:\.[A-Za-z]+|\[\d+\]|\.ofType\([A-Za-z]+\))*")
MAX_ISSUES = 5


@dataclass(frozen=True)
class Http:
    """A receiver at a URL. Thread-safe.

    Attributes:
        token: for the header Authorization: Bearer; none if it is empty.
        ca: file with the authorities of the receiver's certificate; the environment's if it is empty.
        certificate: files with our certificate and its key; None if the receiver asks for none.
    """

    url: str
    token: str = field(default="", repr=False)
    ca: str = ""
    certificate: tuple[str, str] | None = None
    timeout_s: float = TIMEOUT_S
    _local: threading.local = field(default_factory=threading.local, repr=False)

    def send(self, message: Message) -> None:
        """Send a message; its control id is also the Idempotency-Key.

        Raises:
            Unavailable: the receiver can't be reached, or can't answer now: the message is repeated.
            Faulty: it has an internal error.
            Refused: it refuses the message for good.
        """
        headers = {"Content-Type": message.content_type, "Idempotency-Key": message.control_id}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            response = self._session().post(
                self.url, data=message.content, headers=headers, timeout=self.timeout_s, allow_redirects=False
            )
        except requests.RequestException as error:
            raise Unavailable(f"no answer from reports.url ({type(error).__name__})") from None
        _check(response, message.control_id)

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            session = new_session()
            session.verify = self.ca or session.verify
            session.cert = self.certificate
            self._local.session = session
        return self._local.session


def _check(response: requests.Response, control_id: str) -> None:
    status = response.status_code
    if status in (401, 403):
        raise SignInRefused(f"the authority refuses reports.token or reports.certificate ({status})")
    if status in REPEATABLE_STATUSES:
        raise Unavailable(f"authority: {status}")
    if status >= 500:
        raise Faulty(f"authority: {status}")
    if not 200 <= status < 300:
        reasons = "; ".join([f"the authority didn't accept message {control_id} ({status})", *_list_issues(response)])
        raise Refused(reasons)
    if response.content.lstrip(b"\x0b").startswith(b"MSH"):
        check_acknowledgement(response.content, control_id)


def _list_issues(response: requests.Response) -> list[str]:
    """Return code and place of each issue of an OperationOutcome; its texts may repeat patients' data."""
    try:
        issues = response.json()["issue"][:MAX_ISSUES]
        return [_describe(issue) for issue in issues]
    except (ValueError, LookupError, TypeError, AttributeError):
        return []


def _describe(issue: dict[str, Any]) -> str:
    code = str(issue.get("code"))
    places = [place for place in issue.get("expression", []) if isinstance(place, str) and PATH.fullmatch(place)]
    return " at ".join([code if ISSUE.fullmatch(code) else "error", *places[:1]])
