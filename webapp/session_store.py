"""Sessions of Flask-Session, kept in the records: one that has ended on the server is over, whoever has its cookie."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask
from flask_session.base import ServerSideSession, ServerSideSessionInterface

from records.sessions import Sessions


class SessionStore(ServerSideSessionInterface):
    def __init__(self, app: Flask, kept: Sessions):
        super().__init__(app, key_prefix="", permanent=False)
        self._kept = kept

    def _retrieve_session_data(self, store_id: str) -> dict[str, Any] | None:
        return self._kept.find(store_id)

    def _delete_session(self, store_id: str) -> None:
        self._kept.end(store_id)

    def _upsert_session(self, session_lifetime: timedelta, session: ServerSideSession, store_id: str) -> None:
        self._kept.keep(store_id, dict(session))
