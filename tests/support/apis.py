"""The engine's APIs, as somebody who has signed in calls them."""

from __future__ import annotations

from typing import Any

import requests

from tests.support.platform import secrets_of_run

ANONYMOUS = "anonymous"


class Api:
    """One role at the engine: on its REST API, or at the API of its web applications."""

    def __init__(self, role: str, session: requests.Session, base: str):
        self.role = role
        self._session = session
        self._base = base

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        """What is asked; repeated when another transaction was faster, for it had no effect then."""
        for _ in range(5):
            answered = self._session.request(method, self._base + path, json=body, timeout=20, **options)
            if "OptimisticLockingException" not in answered.text:
                break
        return answered

    def post(self, path: str, body: Any) -> requests.Response:
        return self.call("POST", path, body)

    def get(self, path: str) -> Any:
        return self.call("GET", path).json()


def rest(state: dict[str, Any], role: str) -> Api:
    """Signed in by password, but for ANONYMOUS; the platform's own accounts have theirs in the secrets."""
    session = requests.Session()
    if role != ANONYMOUS:
        session.auth = (role, secrets_of_run()[role])
    return Api(role, session, state["engine"] + "/engine-rest")


def signed_in(state: dict[str, Any], role: str, application: str) -> tuple[requests.Session, int]:
    """A browser's session after signing in at Tasklist, Cockpit or Admin, and how that was answered."""
    session = requests.Session()

    def opens() -> None:
        session.get(f"{state['engine']}/camunda/app/{application}/default/", timeout=20)
        session.headers["X-XSRF-TOKEN"] = session.cookies["XSRF-TOKEN"]

    opens()
    login = f"{state['engine']}/camunda/api/admin/auth/user/default/login/{application}"
    answer = session.post(login, data={"username": role, "password": secrets_of_run()[role]}, timeout=20)
    # signing in begins another session, with another token
    opens()
    return session, answer.status_code


def web(state: dict[str, Any], role: str, application: str) -> Api:
    """Signed in at Tasklist, Cockpit or Admin, as a browser is."""
    session, status = signed_in(state, role, application)
    assert status == 200, (role, application)
    return Api(role, session, state["engine"] + "/camunda/api/engine/engine/default")
