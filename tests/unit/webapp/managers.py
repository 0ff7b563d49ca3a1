"""A signed-in member of staff's browser, and answers of the engine."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from processes.engine import Engine
from tests.unit.webapp.test_application import application


def answer_for_engine(monkeypatch: pytest.MonkeyPatch, answers: dict[str, Any]) -> None:
    """Answer the engine client's GET and POST requests.

    Args:
        answers: by path; a callable is called with the query, or with the body.
    """

    def answer(path: str, content: dict[str, Any]) -> Any:
        found = answers[path]
        return found(content) if callable(found) else found

    monkeypatch.setattr(Engine, "get", lambda _, path, **query: answer(path, query))
    monkeypatch.setattr(Engine, "post", lambda _, path, body=None, **__: answer(path, body))


def signed_in_client(monkeypatch: pytest.MonkeyPatch, **options: Any) -> FlaskClient:
    """Return the browser of a signed-in process manager; `options` are those of the application."""
    return sign_in(monkeypatch, application(**options), "manager", "process-managers")


def sign_in(monkeypatch: pytest.MonkeyPatch, app: Flask, role: str, group: str) -> FlaskClient:
    """Return the browser of an account of this role, which is in this group of the engine."""
    monkeypatch.setattr(Engine, "groups_of", lambda *_: {group})
    client = app.test_client()
    with client.session_transaction() as session:
        session.update({role: role, "seen_at": datetime.now(UTC).timestamp()})
    return client
