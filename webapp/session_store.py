"""Sessions of Flask, kept in the records: one that has ended on the server is over, even if its cookie comes again.

A session begins with a signed name and nothing else: the token against forged posts (CSRF) follows from the name. So
nothing is stored for a browser before its cookie has come back and there is something to remember.
"""

from __future__ import annotations

import secrets
from typing import Any

from flask import Flask, Request, Response, g, request
from flask.sessions import SecureCookieSession, SessionInterface, SessionMixin
from itsdangerous import Signer

from hosting.databases import DATABASE_ERRORS
from records.sessions import Sessions

# where Flask-WTF has its token, in the session and in `g`
CSRF = "csrf_token"
NAME_BYTES = 32


class BrowserSession(SecureCookieSession):
    """A session whose cookie holds its signed name alone.

    Attributes:
        name: the cookie's value, under which the records keep the session.
        is_stored: there was something of it in the records as the request began.
    """

    def __init__(self, name: str, content: dict[str, Any], is_stored: bool):
        super().__init__(content)
        self.name = name
        self.is_stored = is_stored

    @property
    def content(self) -> dict[str, Any]:
        """What is to be remembered."""
        return {name: value for name, value in self.items() if name != CSRF}


class SessionStore(SessionInterface):
    """While the records are away each request gets an empty session; those that are kept are found again afterwards."""

    def __init__(self, secret_key: str, kept: Sessions):
        self._kept = kept
        self._names = Signer(secret_key, salt="session name", key_derivation="hmac")
        self._tokens = Signer(secret_key, salt="CSRF token", key_derivation="hmac")

    def open_session(self, app: Flask, request: Request) -> BrowserSession:
        name = request.cookies.get(self.get_cookie_name(app), "")
        try:
            content = self._kept.find(name) if name else None
        except DATABASE_ERRORS:
            g.records_are_away = True
            content = None
        if content is None and not self._names.validate(name):
            name = self._new_name()
        return BrowserSession(name, {**(content or {}), CSRF: self._token(name)}, is_stored=content is not None)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        assert isinstance(session, BrowserSession), "open_session makes it"
        if session.accessed:
            response.vary.add("Cookie")
        if session.modified and not records_are_away():
            try:
                self._store(session)
            except DATABASE_ERRORS:
                # the answer that says so has no session
                g.records_are_away = True
                raise
        # a form on the page has a token of this session
        if session.modified or CSRF in g:
            self._set_cookie(app, session, response)

    def regenerate(self, session: BrowserSession) -> None:
        """End the session; another one begins, which remembers nothing."""
        if session.is_stored:
            self._kept.end(session.name)
        session.clear()
        session.name, session.is_stored = self._new_name(), False
        session[CSRF] = self._token(session.name)
        g.pop(CSRF, None)

    def _store(self, session: BrowserSession) -> None:
        content = session.content
        if not session.is_stored and content:
            self._kept.save(session.name, content)
        elif content:
            # unless another request has ended it since: it must not begin again
            self._kept.replace(session.name, content)
        elif session.is_stored:
            self._kept.end(session.name)

    def _set_cookie(self, app: Flask, session: BrowserSession, response: Response) -> None:
        cookie = self.get_cookie_name(app)
        sent = request.cookies.get(cookie)
        # while the records are away, a cookie that came may still be good
        if sent == session.name or (sent and records_are_away()):
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
        return self._names.sign(secrets.token_urlsafe(NAME_BYTES)).decode()

    def _token(self, name: str) -> str:
        return self._tokens.get_signature(name).decode()


def records_are_away() -> bool:
    """Whether who asks can't be looked up now."""
    return g.get("records_are_away", False)
