"""A signed-in process manager's browser, without an engine."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from processes.engine import Engine
from tests.unit.webapp.test_application import application


def signed_in_client(monkeypatch: pytest.MonkeyPatch, **options: Any) -> FlaskClient:
    """Return the browser of a signed-in process manager; `options` are those of the application."""
    monkeypatch.setattr(Engine, "groups_of", lambda *_: {"process-managers"})
    client = application(**options).test_client()
    with client.session_transaction() as session:
        session.update(manager="manager", seen_at=datetime.now(UTC).timestamp())
    return client
