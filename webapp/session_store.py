"""Server-side sessions of Flask, stored in the records: ending one on the server invalidates its cookie.

A new session has only a signed name; the CSRF token is derived from the name. So nothing is stored for a browser until
it has returned the cookie and the session has content.
"""

from __future__ import annotations

import secrets
from typing import Any

from flask import Flask, Request, Response, g, request
from flask.sessions import SecureCookieSession, SessionInterface, SessionMixin
from itsdangerous import Signer

from hosting.databases import DATABASE_ERRORS
from records.sessions import Sessions

# Flask-WTF's key of the token, in the session and in `g`
CSRF = "csrf_token"
NAME_BYTES = 32


class BrowserSession(SecureCookieSession):
    """A session whose cookie contains only its signed name.

    Attributes:
        name: the cookie's value, under which the records keep the session.
        is_stored: whether the records had the session at the start of the request.
    """

    def __init__(self, name: str, content: dict[str, Any], is_stored: bool):
        super().__init__(content)
        self.name = name
        self.is_stored = is_stored

    @property
    def content(self) -> dict[str, Any]:
        """The values to store."""
        return {name: value for name, value in self.items() if name != CSRF}


class SessionStore(SessionInterface):
    """Opens and saves sessions.

    While the records' database is unavailable each request gets an empty session; stored sessions aren't changed.
    """

    def __init__(self, secret_key: str, records: Sessions):
        self._records = records
        self._name_signer = Signer(secret_key, salt="session name", key_derivation="hmac")
        self._token_signer = Signer(secret_key, salt="CSRF token", key_derivation="hmac")

    def open_session(self, app: Flask, request: Request) -> BrowserSession:
        name = request.cookies.get(self.get_cookie_name(app), "")
        try:
            content = self._records.find(name) if name else None
        except DATABASE_ERRORS:
            g.records_unavailable = True
            content = None
        if content is None and not self._name_signer.validate(name):
            name = self._new_name()
        return BrowserSession(name, {**(content or {}), CSRF: self._token(name)}, is_stored=content is not None)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        assert isinstance(session, BrowserSession), "open_session returns it"
        if session.accessed:
            response.vary.add("Cookie")
        if session.modified and not are_records_unavailable():
            try:
                self._store(session)
            except DATABASE_ERRORS:
                # Flask saves the session of the error page, too: that one must not try the database again
                g.records_unavailable = True
                raise
        # the view has rendered a CSRF token of this session into a form
        if session.modified or CSRF in g:
            self._set_cookie(app, session, response)

    def regenerate(self, session: BrowserSession) -> None:
        """Delete the session and replace it by an empty one under a new name."""
        if session.is_stored:
            self._records.end(session.name)
        session.clear()
        session.name, session.is_stored = self._new_name(), False
        session[CSRF] = self._token(session.name)
        g.pop(CSRF, None)

    def _store(self, session: BrowserSession) -> None:
        content = session.content
        if not session.is_stored and content:
            self._records.save(session.name, content)
        elif content:
            # replace, not save: a session that a concurrent request has ended must not be restored
            self._records.replace(session.name, content)
        elif session.is_stored:
            self._records.end(session.name)

    def _set_cookie(self, app: Flask, session: BrowserSession, response: Response) -> None:
        cookie = self.get_cookie_name(app)
        sent = request.cookies.get(cookie)
        # during an outage of the records the cookie couldn't be looked up: it may be valid
        if sent == session.name or (sent and are_records_unavailable()):
            return
        response.set_cookie(
            cookie,
            session.name,
            path=self.get_cookie_path(app),
            httponly=self.get_cookie_httponly(app),
            secure=self.get_cookie_secure(app),
            samesite=self.get_cookie_samesite(app),
        )

    def _new_name(self) -> str:
        return self._name_signer.sign(secrets.token_urlsafe(NAME_BYTES)).decode()

    def _token(self, name: str) -> str:
        return self._token_signer.get_signature(name).decode()


def are_records_unavailable() -> bool:
    """Whether the session of this request couldn't be read or written."""
    return g.get("records_unavailable", False)
