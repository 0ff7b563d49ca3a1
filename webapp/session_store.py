"""Sessions of Flask-Session, kept in the records: one that has ended on the server is over, whoever has its cookie.

A session begins with a signed name and nothing else: the token against forged posts (CSRF) follows from the name. So
nothing is stored for a browser before its cookie has come back and there is something to remember.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask, Request, Response, g, request
from flask_session.base import ServerSideSession, ServerSideSessionInterface
from itsdangerous import Signer

from hosting.databases import AWAY
from records.sessions import Sessions

# where Flask-WTF has its token, in the session and in `g`
CSRF = "csrf_token"
# what each session has, which is not worth storing
OF_EACH = {CSRF, "_permanent"}


class BrowserSession(ServerSideSession):
    """
    Attributes:
        is_stored: there was something of it in the records as the request began.
    """

    is_stored = False

    @property
    def content(self) -> dict[str, Any]:
        """What is to be remembered."""
        return {name: value for name, value in self.items() if name not in OF_EACH}


class SessionStore(ServerSideSessionInterface):
    """While the records are away nobody is known, and whoever was is known again afterwards."""

    session_class = BrowserSession

    def __init__(self, app: Flask, kept: Sessions):
        super().__init__(app, key_prefix="", permanent=False)
        self._kept = kept
        self._names = Signer(app.secret_key or "", salt="session name", key_derivation="hmac")
        self._tokens = Signer(app.secret_key or "", salt="CSRF token", key_derivation="hmac")

    def open_session(self, app: Flask, request: Request) -> BrowserSession:
        name = request.cookies.get(self.get_cookie_name(app), "")
        try:
            content = self._retrieve_session_data(name) if name else None
        except AWAY:
            g.records_are_away = True
            content = None
        if content is None and not self._names.validate(name):
            name = self._generate_sid(self.sid_length)
        session = BrowserSession({**(content or {}), CSRF: self._token(name)}, sid=name)
        session.is_stored = content is not None
        return session

    def save_session(self, app: Flask, session: BrowserSession, response: Response) -> None:
        if session.accessed:
            response.vary.add("Cookie")
        if session.modified and not records_are_away():
            try:
                self._store(session)
            except AWAY:
                # the answer that says so has no session
                g.records_are_away = True
                raise
        # a form on the page has a token of this session
        if session.modified or CSRF in g:
            self._set_cookie(app, session, response)

    def regenerate(self, session: BrowserSession) -> None:
        """End the session; another one begins, which remembers nothing."""
        if session.is_stored:
            self._delete_session(session.sid)
        session.clear()
        session.sid, session.is_stored = self._generate_sid(self.sid_length), False
        session[CSRF] = self._token(session.sid)
        g.pop(CSRF, None)

    def _store(self, session: BrowserSession) -> None:
        content = session.content
        if not session.is_stored and content:
            self._kept.keep(session.sid, content)
        elif content:
            # unless another request has ended it since: it must not begin again
            self._kept.replace(session.sid, content)
        elif session.is_stored:
            self._delete_session(session.sid)

    def _set_cookie(self, app: Flask, session: BrowserSession, response: Response) -> None:
        name = self.get_cookie_name(app)
        sent = request.cookies.get(name)
        # while the records are away, a cookie that came may still be good
        if sent == session.sid or (sent and records_are_away()):
            return
        response.set_cookie(
            name,
            session.sid,
            path=self.get_cookie_path(app),
            httponly=self.get_cookie_httponly(app),
            secure=self.get_cookie_secure(app),
            samesite=self.get_cookie_samesite(app),
        )

    def _generate_sid(self, session_id_length: int) -> str:
        return self._names.sign(super()._generate_sid(session_id_length)).decode()

    def _token(self, name: str) -> str:
        return self._tokens.get_signature(name).decode()

    def _retrieve_session_data(self, store_id: str) -> dict[str, Any] | None:
        return self._kept.find(store_id)

    def _delete_session(self, store_id: str) -> None:
        self._kept.end(store_id)

    def _upsert_session(self, session_lifetime: timedelta, session: ServerSideSession, store_id: str) -> None:
        self._kept.keep(store_id, dict(session))


def records_are_away() -> bool:
    """Whether who asks can't be looked up now."""
    return g.get("records_are_away", False)
