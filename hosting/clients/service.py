"""Calls to a service with an HTTP API, and what its answers mean: laboratory, government, SMS gateway."""

from __future__ import annotations

import contextlib
import threading
from typing import Any, ClassVar

import requests

from camunda7 import errors
from camunda7.http_client import new_session
from camunda7.outages import CredentialsRefused, SafeToLog

# too many requests, bad gateway, unavailable, gateway timeout
LATER = (429, 502, 503, 504)


class ServiceError(SafeToLog):
    """A service outside didn't do what was asked."""


class Unavailable(ServiceError, errors.Unavailable):
    """The service can't be reached or can't answer now, or something in between answers for it; trying again helps.

    Attributes:
        code: the service's own, of the reason.
    """

    def __init__(self, message: str, code: str = ""):
        super().__init__(message)
        self.code = code


class SignInRefused(Unavailable, CredentialsRefused):
    """The service refuses our API key: no call works until an operator corrects it."""


class Faulty(ServiceError, errors.Faulty):
    """The service answers with an error of its own."""


class Refused(ServiceError, errors.Refusal):
    """The service refused the call; its message speaks of the call, not of the patient.

    Attributes:
        status: of HTTP.
        code: the service's own, of the reason; empty if there is none.
    """

    def __init__(self, service: str, response: requests.Response):
        self.status = response.status_code
        self.code = _code_of(response)
        super().__init__(f"{service} answered {self.status} {self.code}".rstrip())


class Service:
    """A service outside, at a URL, with an API key. Keeps connections; may be used from several threads.

    Each method raises ServiceError.

    Attributes:
        name: of the service, and of its section in the settings.
        checked_path: what it is asked for, to see whether it takes our API key.
    """

    name: ClassVar[str]
    checked_path: ClassVar[str]

    def __init__(self, url: str, api_key: str, timeout_s: float = 10):
        self._url = url
        self._api_key = api_key
        self._timeout_s = timeout_s
        self._local = threading.local()

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        return self._call("GET", path, params=query)

    def check(self, timeout_s: float) -> None:
        """Find out whether the service knows our API key, whatever else it answers."""
        with contextlib.suppress(Refused):
            self._call("GET", self.checked_path, timeout=timeout_s)

    def post(self, path: str, body: Any, key: str | None = None) -> dict[str, Any]:
        """Post a body; `key` makes the effect happen once, however often it is posted."""
        headers = {"Idempotency-Key": key} if key else {}
        return self._call("POST", path, json=body, headers=headers)

    def delete(self, path: str, **query: Any) -> dict[str, Any]:
        return self._call("DELETE", path, params=query)

    def put(self, path: str, body: Any) -> dict[str, Any]:
        return self._call("PUT", path, json=body)

    def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        try:
            response = self._session().request(method, self._url + path, **{"timeout": self._timeout_s, **options})
        except requests.RequestException as error:
            raise Unavailable(f"no answer from {self.name}.url ({type(error).__name__})") from None
        if response.status_code in (401, 403):
            raise SignInRefused(f"{self.name} refuses the API key of {self.name}.api_key ({response.status_code})")
        if response.status_code in LATER:
            raise Unavailable(f"{self.name}: {response.status_code}", _code_of(response))
        if response.status_code >= 500:
            raise Faulty(f"{self.name}: {response.status_code}")
        if not response.ok:
            raise Refused(self.name, response)
        return self._content(response)

    def _content(self, response: requests.Response) -> dict[str, Any]:
        """The JSON object that each of our services answers with; whatever has none comes from something in between."""
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


def _code_of(response: requests.Response) -> str:
    """The code in an error's JSON body; empty if there is none."""
    try:
        return str(response.json().get("code", ""))
    except (ValueError, AttributeError):
        return ""
