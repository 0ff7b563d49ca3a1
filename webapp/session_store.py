"""Sessions of Flask-Session, kept in the records: one that has ended on the server is over, whoever has its cookie."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask, Request, Response, g
from flask_session.base import ServerSideSession, ServerSideSessionInterface

from records import database
from records.sessions import Sessions


class SessionStore(ServerSideSessionInterface):
    """While the records are away nobody is known, and whoever was is known again afterwards."""

    def __init__(self, app: Flask, kept: Sessions):
        super().__init__(app, key_prefix="", permanent=False)
        self._kept = kept

    def open_session(self, app: Flask, request: Request) -> ServerSideSession:
        try:
            return super().open_session(app, request)
        except database.AWAY:
            g.records_are_away = True
            return self.session_class(sid=None, permanent=False)

    def save_session(self, app: Flask, session: ServerSideSession, response: Response) -> None:
        if not records_are_away():
            super().save_session(app, session, response)

    def _retrieve_session_data(self, store_id: str) -> dict[str, Any] | None:
        return self._kept.find(store_id)

    def _delete_session(self, store_id: str) -> None:
        self._kept.end(store_id)

    def _upsert_session(self, session_lifetime: timedelta, session: ServerSideSession, store_id: str) -> None:
        self._kept.keep(store_id, dict(session))


def records_are_away() -> bool:
    """Whether who asks can't be looked up now."""
    return g.get("records_are_away", False)
