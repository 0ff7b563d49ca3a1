"""Clients of the engine's APIs for each role of the staff."""

from __future__ import annotations

from typing import Any

import requests

from tests.support.accounts import Authentication, credentials_of, enter_username
from tests.support.platform import read_secrets

ANONYMOUS = "anonymous"


class Api:
    """One role at the engine: on its REST API, or at the API of its web applications."""

    def __init__(self, role: str, session: requests.Session, base: str):
        self.role = role
        self._session = session
        self._base = base

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        """Send a request; repeat it after an OptimisticLockingException, which rolled it back."""
        for _ in range(5):
            response = self._session.request(method, self._base + path, json=body, timeout=20, **options)
            if "OptimisticLockingException" not in response.text:
                break
        return response

    def post(self, path: str, body: Any) -> requests.Response:
        return self.call("POST", path, body)

    def get(self, path: str) -> Any:
        return self.call("GET", path).json()


def rest_api(state: dict[str, Any], role: str) -> Api:
    """The REST API with the role's credentials; without any for ANONYMOUS."""
    session = requests.Session()
    if role != ANONYMOUS:
        session.auth = Authentication(credentials_of(state, role))
    return Api(role, session, state["engine"] + "/engine-rest")


def sign_in(state: dict[str, Any], role: str, application: str) -> tuple[requests.Session, int]:
    """Sign in to Tasklist, Cockpit or Admin; return the session, and 200, or the status of the refusal."""
    if "provider" in state:
        return _sign_in_at_provider(state, role, application)
    session = requests.Session()

    def load_page() -> None:
        session.get(f"{state['engine']}/camunda/app/{application}/default/", timeout=20)
        session.headers["X-XSRF-TOKEN"] = session.cookies["XSRF-TOKEN"]

    load_page()
    login = f"{state['engine']}/camunda/api/admin/auth/user/default/login/{application}"
    answer = session.post(login, data={"username": role, "password": read_secrets()[role]}, timeout=20)
    # signing in starts a new session with a new CSRF token
    load_page()
    return session, answer.status_code


def _sign_in_at_provider(state: dict[str, Any], role: str, application: str) -> tuple[requests.Session, int]:
    session = requests.Session()
    page = session.get(f"{state['engine']}/camunda/app/{application}/default/", timeout=20)
    page = enter_username(session, role, page)
    me = session.get(f"{state['engine']}/camunda/api/admin/auth/user/default", timeout=20)
    session.headers["X-XSRF-TOKEN"] = session.cookies.get("XSRF-TOKEN", "")
    if not me.ok:
        return session, me.status_code
    # what the engine says and what the application's page answers are the same
    assert (application in me.json()["authorizedApps"]) == page.ok
    return session, page.status_code


def web_api(state: dict[str, Any], role: str, application: str) -> Api:
    """The API of Tasklist, Cockpit or Admin, in a session that has signed in as a browser does."""
    session, status = sign_in(state, role, application)
    assert status == 200, (role, application)
    return Api(role, session, state["engine"] + "/camunda/api/engine/engine/default")
