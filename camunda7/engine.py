"""Client of the engine's REST API, for all but external tasks (those are in worker/client.py)."""

from __future__ import annotations

import contextlib
import json
import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from camunda7.http_client import new_session
from camunda7.outages import CredentialsRefused, SafeToLog
from camunda7.variables import UNTYPED, Catalogue


class EngineError(SafeToLog):
    """The engine's REST API didn't do what was asked; says the call, never a variable's value."""


class EngineUnavailable(EngineError):
    """The engine can't be reached, or answers that it can't serve now; trying again later may help.

    Attributes:
        retry_after_s: how long the server asks to wait, in seconds; 0 if it doesn't.
    """

    retry_after_s = 0.0


class Throttled(EngineUnavailable):
    """Too many requests (429): nothing is wrong with this one."""


class SignInRefused(EngineUnavailable, CredentialsRefused):
    """The engine refuses the account or its password: no call works until an operator corrects it."""


class EngineRefused(EngineError):
    """The engine refused the call."""

    def __init__(self, call: str, status: int, kind: str, message: str = ""):
        super().__init__(f"{call}: {status} {kind}")
        self.status = status
        self.message = message


class Conflict(EngineUnavailable):
    """Another transaction was faster; the engine rolled this one back, so that it may be repeated."""


class DoneBefore(EngineRefused):
    """Another request with the same key has done it."""


class Suspended(EngineRefused):
    """An operator has suspended the instance; the call may be repeated after it is activated."""


class NotFound(EngineRefused):
    """There is no such thing, or the account may not see it."""


# codes of exceptions caused by another transaction: optimistic locking, deadlock, foreign key violated (PostgreSQL)
CONFLICT_CODES = (1, 10000, 10001)
# what a transaction meets with when another was faster: "Cannot resolve parent … perhaps it was deleted in the
# meantime"; whoever waited for a message has just gone on; its parent or all that was known of it is gone
OVERTAKEN = (
    "ENGINE-03077",
    "does not have a subscription to a message event",
    'PvmExecutionImpl.getParent()" is null',
    "processDefinitionId is null",
)
# what a message meets with whose receiver was looked up, and is gone
GONE = "NullValueException"
# "ExternalTask with id … is suspended"
SUSPENDED = "ENGINE-03043 "
# its database can't be reached or can't be written, as engine/…/DatabaseAway.java says
DATABASE_AWAY_CODE = 20001
# engine/…/IdempotencyKeys.java has it too
DONE_BEFORE_CODE = 20002
CONFLICT_ATTEMPTS = 6
# a server may ask for a day; after an outage, work goes on within a minute
MAX_RETRY_AFTER_S = 60.0


class Engine:
    """The engine at a base URL, as one account. Keeps connections; may be used from several threads.

    Args:
        url: base URL, without /engine-rest.
        username, password: without them the API is called without authentication.
        timeout_s: of each call, in seconds.
        observe: called with the duration of each call, in seconds.
        catalogue: the variables that may be written; without it, each may.
    """

    def __init__(
        self,
        url: str,
        username: str = "",
        password: str = "",
        timeout_s: float = 20,
        observe: Callable[[float], None] = lambda _: None,
        catalogue: Catalogue = UNTYPED,
    ):
        self._base_url = url
        self.url = url + "/engine-rest"
        # text would be encoded as Latin-1, or not at all; the engine decodes UTF-8
        self._credentials = (username.encode(), password.encode()) if username else None
        self._timeout_s = timeout_s
        self._observe = observe
        self.catalogue = catalogue
        self._local = threading.local()

    def get(self, path: str, **query: Any) -> Any:
        return self._call("GET", path, params={name: _text(value) for name, value in query.items()})

    def download(self, path: str) -> bytes:
        """What is kept under a path, as it is."""
        content: bytes = self._call("GET", path, raw=True)
        return content

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        return self._call("POST", path, json={} if body is None else body, **options)

    def put(self, path: str, body: Any) -> Any:
        return self._call("PUT", path, json=body)

    def delete(self, path: str) -> Any:
        return self._call("DELETE", path)

    def upload(self, path: str, fields: dict[str, str], files: dict[str, bytes]) -> Any:
        """Post a multipart form: fields and files by name."""
        return self._call("POST", path, data=fields, files={name: (name, data) for name, data in files.items()})

    def start(self, process: str, business_key: str, values: dict[str, Any], key: str) -> None:
        """Start an instance of a process, once.

        Args:
            key: names what is done. Of several starts of this process with the same key, one takes effect, also if they
                are on their way at the same time. The engine knows it for 30 days.
        """
        body = {"businessKey": business_key, "variables": self.catalogue.to_engine(values)}
        self._post_once(f"/process-definition/key/{process}/start", body, f"{process}/{key}")

    def correlate(
        self,
        message: str,
        business_key: str,
        values: dict[str, Any],
        waiting_for: dict[str, Any] | None = None,
        key: str | None = None,
    ) -> None:
        """Deliver a message to the one instance that waits for it, or start the process that begins with it.

        Args:
            waiting_for: variables that the instance must have, beside the business key.
            key: as that of start(); without, each takes effect.

        Raises:
            EngineRefused: with status 400, nobody waits for it (yet).
        """
        body = {
            "messageName": message,
            "businessKey": business_key,
            "correlationKeys": self.catalogue.to_engine(waiting_for or {}),
            "processVariables": self.catalogue.to_engine(values),
        }
        self._post_once("/message", body, key and f"{message}/{key}")

    def evaluate(self, decision: str, values: dict[str, Any]) -> list[dict[str, Any]]:
        """Evaluate the newest version of a decision: its outputs by name, for each rule that holds."""
        body = {"variables": self.catalogue.to_engine(values)}
        rows = self.post(f"/decision-definition/key/{decision}/evaluate", body)
        return [{name: output["value"] for name, output in row.items()} for row in rows]

    def submit(self, task_id: str, values: dict[str, Any]) -> None:
        """Complete a user task by its form."""
        self.post(f"/task/{task_id}/submit-form", {"variables": self.catalogue.to_engine(values)})

    def check(self, path: str, timeout_s: float) -> None:
        """Find out whether the engine answers this account.

        Args:
            path: one that the account may get.

        Raises:
            EngineError: it doesn't.
        """
        self._call_once("GET", path, timeout=timeout_s)

    def has_task(self, task_id: str) -> bool:
        """Whether a user task is open."""
        try:
            self.get(f"/task/{task_id}")
        except NotFound:
            return False
        return True

    def groups_of(self, account: str) -> set[str]:
        """Ids of the groups of an account; none when there is no such account."""
        return {group["id"] for group in self.get("/identity/groups", userId=account)["groups"]}

    def own_groups(self, username: str, password: str) -> set[str] | None:
        """Ids of the groups of an account, asked for by the account itself; None when its password is wrong."""
        if ":" in username:
            # Basic authentication ends the name there: the engine would check another account (RFC 7617, 2)
            return None
        try:
            return type(self)(self._base_url, username, password).groups_of(username)
        except SignInRefused:
            return None

    def _post_once(self, path: str, body: Any, key: str | None) -> None:
        with contextlib.suppress(DoneBefore):
            self.post(path, body, headers={"Idempotency-Key": key})

    def _call(self, method: str, path: str, **options: Any) -> Any:
        """Call the API; what another transaction has thwarted is repeated, for it had no effect."""
        for attempt in range(CONFLICT_ATTEMPTS - 1):
            try:
                return self._call_once(method, path, **options)
            except Conflict:
                time.sleep(random.uniform(0.02, 0.1) * 2**attempt)
        return self._call_once(method, path, **options)

    def _call_once(self, method: str, path: str, raw: bool = False, **options: Any) -> Any:
        call = f"{method} {path.split('?')[0]}"
        began_at = time.perf_counter()
        options = {"timeout": self._timeout_s, "allow_redirects": False, **options}
        try:
            response = self._session().request(method, self.url + path, **options)
        except requests.RequestException as error:
            raise EngineUnavailable(f"{call}: {type(error).__name__}: no answer from {self.url}") from None
        finally:
            self._observe(time.perf_counter() - began_at)
        refuse_errors(call, response.status_code, response.content, response.headers.get("Retry-After", ""))
        if raw:
            return response.content
        if not response.content:
            return None
        try:
            return response.json() if "json" in response.headers.get("Content-Type", "") else response.text
        except requests.RequestException as error:
            raise EngineUnavailable(f"{call}: {response.status_code} ({type(error).__name__})") from None

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = new_session()
            self._local.session.auth = self._credentials
        session: requests.Session = self._local.session
        return session


def refuse_errors(call: str, status: int, content: bytes, retry_after: str = "") -> None:
    """Raise what an answer of the REST API means, unless it is a good one.

    Args:
        call: method and path, for the message.
        content: the body.
        retry_after: the header of that name.
    """
    if status < 300:
        return
    if status == 401:
        raise SignInRefused(f"{call}: the engine refuses engine.username or engine.password (401)")
    if status < 400 or status in (429, 502, 503, 504):
        # the engine doesn't redirect: a proxy does, to its page for signing in
        unavailable = (Throttled if status == 429 else EngineUnavailable)(f"{call}: {status}")
        unavailable.retry_after_s = seconds_of(retry_after)
        raise unavailable
    body = _error_body(content)
    if status == 500 and (body.get("code") == DATABASE_AWAY_CODE or "type" not in body):
        # the REST API itself tells the type of each error
        raise EngineUnavailable(f"{call}: {status}")
    if status == 500 and body.get("code") == DONE_BEFORE_CODE:
        raise DoneBefore(call, status, body.get("type", ""))
    if status == 500 and _was_overtaken(call, body):
        raise Conflict(f"{call}: {status} {body.get('type', '')}")
    message = body.get("message") or ""
    if message.startswith(SUSPENDED):
        raise Suspended(call, status, "suspended", message)
    kind = NotFound if status == 404 else EngineRefused
    raise kind(call, status, body.get("type", ""), message)


def seconds_of(retry_after: str) -> float:
    """The header Retry-After, a number or a date (RFC 9110, 10.2.3), in seconds from now.

    At most MAX_RETRY_AFTER_S, and 0 if it can't be read.
    """
    try:
        seconds = float(retry_after) if retry_after.isdecimal() else _seconds_until(parsedate_to_datetime(retry_after))
    except (ValueError, OverflowError):
        return 0.0
    return min(max(0.0, seconds), MAX_RETRY_AFTER_S)


def _seconds_until(moment: datetime) -> float:
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()


def _was_overtaken(call: str, body: dict[str, Any]) -> bool:
    if call == "POST /message" and body.get("type") == GONE:
        return True
    return body.get("code") in CONFLICT_CODES or any(text in (body.get("message") or "") for text in OVERTAKEN)


def _error_body(content: bytes) -> dict[str, Any]:
    try:
        body = json.loads(content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value
