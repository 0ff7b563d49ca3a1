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
from http import HTTPStatus
from typing import Any

import requests

from camunda7.authentication import Credentials, Password, TokenRefused, TokenUnavailable
from camunda7.http_client import NO_TLS, Tls, new_session
from camunda7.outages import CredentialsRefused, SafeToLog
from camunda7.variables import UNTYPED, Catalogue

__all__ = [
    "Conflict",
    "DuplicateRequest",
    "Engine",
    "EngineError",
    "EngineRefused",
    "EngineUnavailable",
    "NotFound",
    "SignInRefused",
    "Suspended",
    "Throttled",
]


class EngineError(SafeToLog):
    """A call of the engine's REST API failed; the message names the call, never a variable's value."""


class EngineUnavailable(EngineError):
    """The engine can't be reached, or is temporarily unavailable; a later retry may succeed.

    Attributes:
        retry_after_s: the header Retry-After in seconds; 0 without one.
    """

    retry_after_s = 0.0


class Throttled(EngineUnavailable):
    """Too many requests (429); the request itself is valid."""


class SignInRefused(EngineUnavailable, CredentialsRefused):
    """The engine refuses the account or its password: no call works until an operator corrects it."""


class EngineRefused(EngineError):
    """The engine refused the call.

    Attributes:
        status: HTTP status.
        message: the engine's message; it may contain variables' values, so don't log it.
    """

    def __init__(self, call: str, status: int, kind: str, message: str = ""):
        super().__init__(f"{call}: {status} {kind}")
        self.status = status
        self.message = message


class Conflict(EngineUnavailable):
    """The engine rolled the transaction back because of a concurrent one; the call may be repeated."""


class DuplicateRequest(EngineRefused):
    """Another request with the same idempotency key has taken effect."""


class Suspended(EngineRefused):
    """An operator has suspended the instance; the call may be repeated after it is activated."""


class NotFound(EngineRefused):
    """The resource doesn't exist, or the account may not read it."""


# codes of exceptions caused by another transaction: optimistic locking, deadlock, foreign key violated (PostgreSQL)
CONFLICT_CODES = (1, 10000, 10001)
# messages of other exceptions caused by a concurrent transaction: "Entity was updated by another transaction
# concurrently", without a code from POST /job/{id}/execute; "Cannot resolve parent … perhaps it was deleted in
# the meantime"; the message event subscription, the parent execution, or the whole instance was deleted
CONFLICT_TEXTS = (
    "ENGINE-03005",
    "ENGINE-03077",
    "does not have a subscription to a message event",
    'PvmExecutionImpl.getParent()" is null',
    "processDefinitionId is null",
)
# type of the error of a message whose receiver was deleted after it was found
NO_RECEIVER_TYPE = "NullValueException"
# "ExternalTask with id … is suspended"
SUSPENDED = "ENGINE-03043 "
# the engine's database can't be reached or written: engine/…/DatabaseUnavailable.java
DATABASE_UNAVAILABLE_CODE = 20001
# same as in engine/…/IdempotencyKeys.java
DUPLICATE_REQUEST_CODE = 20002
CONFLICT_ATTEMPTS = 6
# limits a server's Retry-After, so that work continues within a minute after an outage
MAX_RETRY_AFTER_S = 60.0


class Engine:
    """Client of the engine's REST API, for one account. Keeps connections; thread-safe.

    A call that the engine rolled back because of a concurrent transaction is repeated, up to 6 attempts. Each call
    raises EngineUnavailable if a later attempt may succeed, or EngineRefused if not.

    Args:
        url: base URL, without /engine-rest.
        username, password: without them the API is called without authentication.
        timeout_s: of each call, in seconds.
        observe: called with the duration of each call, in seconds.
        catalogue: the variables that may be written; without it, each may.
        credentials: used instead of username and password, such as ClientCredentials.
        tls: certificates of the connection.
    """

    def __init__(
        self,
        url: str,
        username: str = "",
        password: str = "",
        timeout_s: float = 20,
        observe: Callable[[float], None] = lambda _: None,
        catalogue: Catalogue = UNTYPED,
        credentials: Credentials | None = None,
        tls: Tls = NO_TLS,
    ):
        self._base_url = url
        self.url = url + "/engine-rest"
        self._credentials = credentials or Password(username, password)
        self._tls = tls
        self._timeout_s = timeout_s
        self._observe = observe
        self.catalogue = catalogue
        self._local = threading.local()

    def get(self, path: str, **query: Any) -> Any:
        """Send a GET request; returns the parsed JSON, or a text, or None for an empty response.

        Args:
            path: path below /engine-rest, like all paths here.
            query: query parameters.
        """
        return self._call("GET", path, params={name: _text(value) for name, value in query.items()})

    def download(self, path: str) -> bytes:
        """Return the unparsed content at a path."""
        content: bytes = self._call("GET", path, raw=True)
        return content

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        """Send a POST request with a JSON body; returns the response like get().

        Args:
            options: further arguments of requests.request(), such as `headers` or `timeout`.
        """
        return self._call("POST", path, json={} if body is None else body, **options)

    def put(self, path: str, body: Any) -> Any:
        """Send a PUT request with a JSON body; returns the response like get()."""
        return self._call("PUT", path, json=body)

    def delete(self, path: str) -> Any:
        """Send a DELETE request; returns the response like get()."""
        return self._call("DELETE", path)

    def upload(self, path: str, fields: dict[str, str], files: dict[str, bytes], **options: Any) -> Any:
        """Send a multipart POST request, with fields and files by name; returns the response like get().

        Args:
            options: further arguments of requests.request(), such as `headers` or `timeout`.
        """
        parts = {name: (name, data) for name, data in files.items()}
        return self._call("POST", path, data=fields, files=parts, **options)

    def start(self, process: str, business_key: str, values: dict[str, Any], key: str) -> None:
        """Start an instance of a process, once.

        Args:
            process: key of the process definition; its latest version is started.
            values: variables, by name.
            key: idempotency key: of several starts of this process with the same key, also concurrent ones, one takes
                effect. CoronaCare's engine stores it for 30 days (IdempotencyKeys.java); a stock Camunda ignores it.
        """
        body = {"businessKey": business_key, "variables": self.catalogue.to_engine(values)}
        self._post_once(f"/process-definition/key/{process}/start", body, f"{process}/{key}")

    def correlate(
        self,
        message: str,
        business_key: str,
        values: dict[str, Any],
        correlation_keys: dict[str, Any] | None = None,
        key: str | None = None,
    ) -> None:
        """Correlate a message to the one instance that waits for it, or to a message start event.

        Args:
            message: name of the message.
            values: variables to set in the instance, by name.
            correlation_keys: variables that the instance must have, in addition to the business key.
            key: idempotency key, as of start(); without one, each call takes effect.

        Raises:
            EngineRefused: with status 400: no instance waits for the message (yet).
        """
        body = {
            "messageName": message,
            "businessKey": business_key,
            "correlationKeys": self.catalogue.to_engine(correlation_keys or {}),
            "processVariables": self.catalogue.to_engine(values),
        }
        self._post_once("/message", body, key and f"{message}/{key}")

    def evaluate(self, decision: str, values: dict[str, Any]) -> list[dict[str, Any]]:
        """Evaluate the latest version of a decision; returns the outputs by name of each matching rule.

        Args:
            decision: key of the decision definition.
            values: input variables, by name.
        """
        body = {"variables": self.catalogue.to_engine(values)}
        rows = self.post(f"/decision-definition/key/{decision}/evaluate", body)
        return [{name: output["value"] for name, output in row.items()} for row in rows]

    def submit(self, task_id: str, values: dict[str, Any]) -> None:
        """Complete a user task by its form, with these variables by name."""
        self.post(f"/task/{task_id}/submit-form", {"variables": self.catalogue.to_engine(values)})

    def check(self, path: str, timeout_s: float) -> None:
        """Check that the engine is available, and accepts the account.

        Args:
            path: a path that the account may get.
            timeout_s: of the call, in seconds.

        Raises:
            EngineError: the engine isn't available, or refuses the account.
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
        """Return the ids of an account's groups; empty if there is no such account."""
        return {group["id"] for group in self.get("/identity/groups", userId=account)["groups"]}

    def authenticate_groups(self, username: str, password: str) -> set[str] | None:
        """Sign in as an account, and return the ids of its groups; None if the password is wrong."""
        if ":" in username:
            # a colon ends the username in Basic authentication: the engine would check another one (RFC 7617, 2)
            return None
        try:
            return type(self)(self._base_url, username, password, tls=self._tls).groups_of(username)
        except SignInRefused:
            return None

    def _post_once(self, path: str, body: Any, key: str | None) -> None:
        with contextlib.suppress(DuplicateRequest):
            self.post(path, body, headers={"Idempotency-Key": key})

    def _call(self, method: str, path: str, **options: Any) -> Any:
        """Call the API; repeats a call that was rolled back because of a concurrent transaction."""
        for attempt in range(CONFLICT_ATTEMPTS - 1):
            try:
                return self._call_once(method, path, **options)
            except Conflict:
                time.sleep(random.uniform(0.02, 0.1) * 2**attempt)
        return self._call_once(method, path, **options)

    def _call_once(self, method: str, path: str, raw: bool = False, **options: Any) -> Any:
        call = f"{method} {path.split('?')[0]}"
        options = {"timeout": self._timeout_s, "allow_redirects": False, **options}
        options["headers"] = {**authorize(self._credentials), **options.get("headers", {})}
        started_at = time.perf_counter()
        try:
            response = self._session().request(method, self.url + path, **options)
        except requests.RequestException as error:
            raise EngineUnavailable(f"{call}: {type(error).__name__}: no answer from {self.url}") from None
        finally:
            self._observe(time.perf_counter() - started_at)
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            self._credentials.invalidate()
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
            self._local.session = new_session(self._tls)
        session: requests.Session = self._local.session
        return session


def authorize(credentials: Credentials) -> dict[str, str]:
    """Return the header Authorization.

    Raises:
        EngineUnavailable: there is no access token.
    """
    try:
        value = credentials.authorization()
    except TokenRefused as error:
        raise SignInRefused(str(error)) from None
    except TokenUnavailable as error:
        raise EngineUnavailable(str(error)) from None
    return {"Authorization": value} if value else {}


def refuse_errors(call: str, status: int, content: bytes, retry_after: str = "") -> None:
    """Raise the EngineError of a response of the REST API, unless it is successful.

    Args:
        call: method and path, for the message.
        content: of the response.
        retry_after: the header Retry-After.
    """
    if status < 300:
        return
    if status == 401:
        raise SignInRefused(f"{call}: the engine refuses engine.username or engine.password (401)")
    if status < 400 or status in (429, 502, 503, 504):
        # 3xx: the engine's API doesn't redirect, but a proxy may, to its sign-in page
        unavailable = (Throttled if status == 429 else EngineUnavailable)(f"{call}: {status}")
        unavailable.retry_after_s = parse_retry_after(retry_after)
        raise unavailable
    body = _error_body(content)
    if status == 500 and (body.get("code") == DATABASE_UNAVAILABLE_CODE or "type" not in body):
        # without a type it isn't an error of the REST API, but of a server before it
        raise EngineUnavailable(f"{call}: {status}")
    if status == 500 and body.get("code") == DUPLICATE_REQUEST_CODE:
        raise DuplicateRequest(call, status, body.get("type", ""))
    # executing a job answers a conflict by 404
    if status in (404, 500) and _is_conflict(call, body):
        raise Conflict(f"{call}: {status} {body.get('type', '')}")
    message = body.get("message") or ""
    if message.startswith(SUSPENDED):
        raise Suspended(call, status, "suspended", message)
    kind = NotFound if status == 404 else EngineRefused
    raise kind(call, status, body.get("type", ""), message)


def parse_retry_after(retry_after: str) -> float:
    """Parse the header Retry-After, a number or a date (RFC 9110, 10.2.3); returns seconds from now.

    At most MAX_RETRY_AFTER_S; 0 for an invalid value.
    """
    try:
        seconds = float(retry_after) if retry_after.isdecimal() else _seconds_until(parsedate_to_datetime(retry_after))
    except (ValueError, OverflowError):
        return 0.0
    return min(max(0.0, seconds), MAX_RETRY_AFTER_S)


def _seconds_until(moment: datetime) -> float:
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()


def _is_conflict(call: str, body: dict[str, Any]) -> bool:
    if call == "POST /message" and body.get("type") == NO_RECEIVER_TYPE:
        return True
    return body.get("code") in CONFLICT_CODES or any(text in (body.get("message") or "") for text in CONFLICT_TEXTS)


def _error_body(content: bytes) -> dict[str, Any]:
    try:
        body = json.loads(content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value
