"""HTTP client of a service (laboratory, government, SMS gateway), and the errors that its responses mean."""

from __future__ import annotations

import contextlib
import threading
from typing import Any, ClassVar

import requests

from camunda7 import errors
from camunda7.http_client import new_session
from camunda7.outages import CredentialsRefused, SafeToLog

# too many requests, bad gateway, unavailable, gateway timeout
RETRYABLE_STATUSES = (429, 502, 503, 504)


class ServiceError(SafeToLog):
    """A call to a service failed."""


class Unavailable(ServiceError, errors.Unavailable):
    """The service can't be reached or can't answer now, or a proxy answered in its place: the call may be retried.

    Attributes:
        code: the service's error code; empty if there is none.
    """

    def __init__(self, message: str, code: str = ""):
        super().__init__(message)
        self.code = code


class SignInRefused(Unavailable, CredentialsRefused):
    """The service refuses our API key: no call works until an operator corrects it."""


class Faulty(ServiceError, errors.Faulty):
    """The service failed with an internal error."""


class Refused(ServiceError, errors.Refusal):
    """The service refused the call; the message contains no patient's data.

    Attributes:
        status: HTTP status.
        code: the service's error code; empty if there is none.
    """

    def __init__(self, service: str, response: requests.Response):
        self.status = response.status_code
        self.code = _error_code(response)
        super().__init__(f"{service} answered {self.status} {self.code}".rstrip())


class Service:
    """A service at a URL, called with an API key. Thread-safe; each thread reuses its connections.

    Each method raises ServiceError.

    Attributes:
        name: of the service, and of its section in the settings.
        check_path: path that check() calls.
    """

    name: ClassVar[str]
    check_path: ClassVar[str]

    def __init__(self, url: str, api_key: str, timeout_s: float = 10):
        self._url = url
        self._api_key = api_key
        self._timeout_s = timeout_s
        self._local = threading.local()

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        return self._call("GET", path, params=query)

    def check(self, timeout_s: float) -> None:
        """Check that the service can be reached and accepts our API key; other refusals are ignored."""
        with contextlib.suppress(Refused):
            self._call("GET", self.check_path, timeout=timeout_s)

    def post(self, path: str, body: Any, key: str | None = None) -> dict[str, Any]:
        """Post a JSON body; `key` is an idempotency key."""
        headers = {"Idempotency-Key": key} if key else {}
        return self._call("POST", path, json=body, headers=headers)

    def delete(self, path: str, **query: Any) -> dict[str, Any]:
        return self._call("DELETE", path, params=query)

    def put(self, path: str, body: Any) -> dict[str, Any]:
        return self._call("PUT", path, json=body)

    def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """Call the service; returns the JSON object of its answer."""
        return self._content(self._request(method, path, **options))

    def _request(self, method: str, path: str, **options: Any) -> requests.Response:
        try:
            response = self._session().request(method, self._url + path, **{"timeout": self._timeout_s, **options})
        except requests.RequestException as error:
            raise Unavailable(f"no answer from {self.name}.url ({type(error).__name__})") from None
        if response.status_code in (401, 403):
            raise SignInRefused(f"{self.name} refuses the API key of {self.name}.api_key ({response.status_code})")
        if response.status_code in RETRYABLE_STATUSES:
            raise Unavailable(f"{self.name}: {response.status_code}", _error_code(response))
        if response.status_code >= 500:
            raise Faulty(f"{self.name}: {response.status_code}")
        if not response.ok:
            raise Refused(self.name, response)
        return response

    def _content(self, response: requests.Response) -> dict[str, Any]:
        """Return the JSON object of a response; one without an object is a proxy's, not the service's."""
        try:
            content = response.json()
        except requests.RequestException:
            content = None
        if not isinstance(content, dict):
            raise Unavailable(f"{self.name}: {response.status_code} without a JSON object")
        return content

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = new_session()
            self._local.session.headers["X-API-Key"] = self._api_key
        return self._local.session


def _error_code(response: requests.Response) -> str:
    """Return the code in an error's JSON body; empty if there is none."""
    try:
        return str(response.json().get("code", ""))
    except (ValueError, AttributeError):
        return ""
