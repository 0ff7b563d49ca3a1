"""A browser's session: whose drafts are its own, and which case it may open. It ends when it is idle.

What it may do is kept on the server (webapp/session_store.py); the browser has a random name for it, which changes
whenever somebody signs in or out.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

from flask import current_app, request, session
from itsdangerous import BadSignature, URLSafeTimedSerializer

from webapp.resources import resources
from webapp.session_store import BrowserSession, SessionStore

PAGE_TTL_S = 24 * 3600
# how much of the idle time may pass until it is noted that somebody was there
NOTED_EVERY = 1 / 30
# how long a reported emergency sign may be unknown to the engine and to what is read of it
EMERGENCY_UNKNOWN_S = 60


def end_when_idle() -> None:
    """Before each request: a session that was idle for too long is over."""
    if request.endpoint == "static":
        return
    now, idle_s = time.time(), resources().options.idle_s
    if now - session.get("seen_at", now) > idle_s:
        renew()
    if _session().content and now - session.get("seen_at", 0) > idle_s * NOTED_EVERY:
        session["seen_at"] = now


def renew() -> None:
    """Another session, which knows the reader's language only."""
    language = session.get("language")
    end()
    if language:
        session["language"] = language


def end() -> None:
    """Nobody can go on with it, whoever has kept its name."""
    store = current_app.session_interface
    assert isinstance(store, SessionStore), "webapp/app.py sets it"
    store.regenerate(_session())


def _session() -> BrowserSession:
    assert isinstance(session, BrowserSession), "SessionStore opens it"
    return session


def has_cookie() -> bool:
    """Whether the browser has sent our cookie: it takes cookies."""
    return current_app.config["SESSION_COOKIE_NAME"] in request.cookies


def offer_cookie() -> None:
    """Have the answer set the cookie, though nothing is remembered yet."""
    session.modified = True


def open_case(case_reference: str, of_person: Sequence[str] = ()) -> None:
    """A new session, which may open this case.

    Args:
        of_person: all cases of the person, where the sign-in has proved who that is: it may change to these.
    """
    renew()
    session["case"] = case_reference
    session["seen_at"] = time.time()
    if len(of_person) > 1:
        session["cases"] = list(of_person)


def cases_of_person() -> list[str]:
    """The references of all cases that this session may open, where there are several."""
    return session.get("cases", [])


def note_emergency() -> None:
    """The patient has reported an emergency sign, which the engine may not know yet."""
    session["emergency"] = time.time()


def is_emergency_noted() -> bool:
    return "emergency" in session


def is_emergency_just_noted() -> bool:
    """Whether the sign was reported so recently that the case may not have it yet, whatever the engine answers."""
    return time.time() - session.get("emergency", 0) < EMERGENCY_UNKNOWN_S


def begins_case(key: str) -> None:
    """This browser fills in the form that will start a case, and be kept under this key."""
    session["begun"] = key


def open_begun_case() -> bool:
    """Open the case whose first form was kept, if the answer that would have opened it never reached the browser."""
    begun = session.get("begun")
    case_reference = resources().submissions.find_case(begun) if begun else None
    if case_reference is None:
        return False
    open_case(case_reference)
    return True


def open_pages_of(manager: str) -> None:
    """A new session, which may open the pages of process managers."""
    renew()
    session["manager"] = manager
    session["seen_at"] = time.time()


def case_reference() -> str | None:
    return session.get("case")


def owner() -> str | None:
    """Whose drafts are written now: the case's, or this browser's; None for a browser that has begun no form."""
    return session.get("case") or session.get("browser")


def new_owner() -> str:
    """Whose drafts are written from now on; a browser that has begun no form gets a name of its own."""
    if owner() is None:
        session["browser"] = f"browser/{secrets.token_hex(16)}"
    return owner() or ""


def reopen_browser(draft_owner: str) -> bool:
    """Let whoever has a page of it go on with a browser's own draft; a case's wants signing in."""
    if not draft_owner.startswith("browser/"):
        return False
    session["browser"] = draft_owner
    session["seen_at"] = time.time()
    return True


def is_from_our_page(token: str) -> bool:
    """Whether one of our own pages sent this: another site's must not choose a draft.

    Privacy extensions and proxies remove or rewrite each of the headers, so that one of them is enough; or the cookie
    of the session that the page was shown to, which browsers don't send from other sites (SameSite=Lax).

    Args:
        token: the page's.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    shown_to = _read(token)[2:]
    if shown_to == [_hash(request.cookies.get(current_app.config["SESSION_COOKIE_NAME"], ""))]:
        return True
    ours = {request.host, resources().options.public_host}
    named = (urlsplit(request.headers.get(header, "")).netloc for header in ("Origin", "Referer"))
    return next((host in ours for host in named if host), False)


def hides_its_page() -> bool:
    """Whether nothing says from which page this was sent."""
    named = (request.headers.get(header, "") for header in ("Sec-Fetch-Site", "Origin", "Referer"))
    return not any(value and value != "null" for value in named)


def page_token(draft_owner: str, form: str) -> str:
    """What a form's page carries, so that what is typed on it can be kept when the session has ended."""
    return _pages().dumps([draft_owner, form, _hash(_session().name)])


def of_page(token: str) -> tuple[str, str] | None:
    """Whose draft of which form a page was made for; None when the token isn't ours, or too old."""
    match _read(token):
        case [draft_owner, form, *_]:
            return draft_owner, form
    return None


def _read(token: str) -> list[str]:
    try:
        return _pages().loads(token, max_age=PAGE_TTL_S)
    except BadSignature:
        return []


def _hash(session_name: str) -> str:
    return hashlib.sha256(session_name.encode()).hexdigest()[:32]


def _pages() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="page")
