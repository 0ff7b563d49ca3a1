"""A browser's session: which case or which drafts it may open. It expires when idle.

The content is stored on the server (webapp/session_store.py); the browser's cookie has a random name, which changes at
each sign-in and sign-out (against session fixation).
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from flask import current_app, request, session
from itsdangerous import BadSignature, URLSafeTimedSerializer

from webapp.resources import resources
from webapp.session_store import BrowserSession, SessionStore

PAGE_TTL_S = 24 * 3600
# how old `seen_at` may be before it is stored again, as a share of the idle time: not each request writes the session
SEEN_AT_RESOLUTION = 1 / 30
# maximum delay until the engine's answers include an emergency sign that was reported, in seconds
EMERGENCY_DELAY_S = 60
# when the patient of each case reported an emergency sign, by case reference; "" without a case
EMERGENCIES = "emergencies"
# of a person who has signed in at the OpenID provider
PERSON = "person"
# of one session: more than the people of a household have
MAX_CASES = 12
# field of stored sessions, so it keeps its name
PRE_SCREENING_KEY = "begun"  # codespell:ignore begun


def end_if_idle() -> None:
    """Replace a session that was idle for too long, before each request."""
    if request.endpoint == "static":
        return
    now, idle_s = time.time(), resources().options.idle_s
    if now - session.get("seen_at", now) > idle_s:
        reset()
    if _session().content and now - session.get("seen_at", 0) > idle_s * SEEN_AT_RESOLUTION:
        session["seen_at"] = now


def reset() -> None:
    """Replace the session by a new one, which keeps only the reader's language."""
    language = session.get("language")
    end()
    if language:
        session["language"] = language


def end() -> None:
    """Delete the session on the server: its cookie is invalid from then on."""
    store = current_app.session_interface
    assert isinstance(store, SessionStore), "set by webapp/app.py"
    store.regenerate(_session())


def _session() -> BrowserSession:
    assert isinstance(session, BrowserSession), "opened by SessionStore"
    return session


def has_cookie() -> bool:
    """Whether the request has our cookie, so that the browser accepts cookies."""
    return current_app.config["SESSION_COOKIE_NAME"] in request.cookies


def send_cookie() -> None:
    """Have the response set the cookie, though the session is empty."""
    session.modified = True


def open_case(case_reference: str, of_person: Sequence[str] = (), keeps_others: bool = False) -> None:
    """Start a new session that may open this case.

    Args:
        of_person: references of all cases of the person, if the sign-in has proved their identity: the session may
            switch to these.
        keeps_others: whether the session may still switch to the cases that it could open until now.
    """
    others, emergencies = (list_cases(), session.get(EMERGENCIES)) if keeps_others else ([], None)
    reset()
    if emergencies:
        session[EMERGENCIES] = emergencies
    session["case"] = case_reference
    session["seen_at"] = time.time()
    cases = list(dict.fromkeys([*others, case_reference, *of_person]))[-MAX_CASES:]
    if len(cases) > 1:
        session["cases"] = cases


def switch_case(case_reference: str) -> bool:
    """Open another case that this session may open; returns False if it may not open it."""
    if case_reference not in list_cases():
        return False
    open_case(case_reference, keeps_others=True)
    return True


def list_cases() -> list[str]:
    """Return the references of the cases that this session may open, in the order in which they were opened."""
    return session.get("cases") or [case for case in [case_reference()] if case]


def record_emergency() -> None:
    """Store that the patient of the open case has reported an emergency sign, which the engine may not have yet."""
    session[EMERGENCIES] = {**session.get(EMERGENCIES, {}), case_reference() or "": time.time()}


def is_emergency_reported() -> bool:
    return _emergency_reported_at() > 0


def is_emergency_recent() -> bool:
    """Whether a sign was reported so recently that the engine's answers may not include it yet."""
    return time.time() - _emergency_reported_at() < EMERGENCY_DELAY_S


def _emergency_reported_at() -> float:
    """Return when the patient of the open case reported an emergency sign, in seconds since 1970; 0 if they didn't."""
    reported: float = session.get(EMERGENCIES, {}).get(case_reference() or "", 0)
    return reported


def remember_pre_screening(key: str) -> None:
    """Store the key of the submission that starts a case when this browser sends its pre-screening."""
    session[PRE_SCREENING_KEY] = key


def open_submitted_case() -> bool:
    """Open the case of a submitted pre-screening if the response that opened it was lost on its way to the browser."""
    key = session.get(PRE_SCREENING_KEY)
    case_reference = resources().submissions.find_case(key) if key else None
    if case_reference is None:
        return False
    open_case(case_reference)
    return True


def open_staff_session(account: str, roles: Iterable[str], person: dict[str, Any] | None = None) -> None:
    """Start a new session that may open the pages of these roles.

    Args:
        account: in the engine.
        roles: of webapp/staff/sign_in.py.
        person: values of webapp/openid.py, of a person who has signed in at the OpenID provider.
    """
    reset()
    session.update(dict.fromkeys(roles, account))
    session["seen_at"] = time.time()
    if person:
        session[PERSON] = person


def case_reference() -> str | None:
    return session.get("case")


def get_draft_owner() -> str | None:
    """Return the owner of this session's drafts: the case, or the browser; None for a browser without drafts."""
    return session.get("case") or session.get("browser")


def ensure_draft_owner() -> str:
    """Return the owner of this session's drafts; a browser without one gets a random name."""
    if get_draft_owner() is None:
        session["browser"] = f"browser/{secrets.token_hex(16)}"
    return get_draft_owner() or ""


def restore_draft_owner(owner: str) -> bool:
    """Let this session open the drafts of a browser; those of a case need signing in.

    Returns:
        False if the owner is a case.
    """
    if not owner.startswith("browser/"):
        return False
    session["browser"] = owner
    session["seen_at"] = time.time()
    return True


def is_same_origin(token: str) -> bool:
    """Whether the request comes from one of our own pages: another site's must not choose a draft.

    Privacy extensions and proxies remove or rewrite some of the headers, so that one of them suffices; or the cookie of
    the session that the page was rendered for, which browsers don't send from other sites (SameSite=Lax).

    Args:
        token: the page token of the form that was posted.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    rendered_for = _load_page_token(token)[2:]
    if rendered_for == [_hash_name(request.cookies.get(current_app.config["SESSION_COOKIE_NAME"], ""))]:
        return True
    own_hosts = {request.host, resources().options.public_host}
    hosts = (urlsplit(request.headers.get(header, "")).netloc for header in ("Origin", "Referer"))
    return next((host in own_hosts for host in hosts if host), False)


def is_origin_hidden() -> bool:
    """Whether no header of the request names the page that it was sent from."""
    values = (request.headers.get(header, "") for header in ("Sec-Fetch-Site", "Origin", "Referer"))
    return not any(value and value != "null" for value in values)


def create_page_token(owner: str, form: str) -> str:
    """Sign the owner and name of a form's draft for a hidden field of its page.

    With it the answers of a page can be stored after the session has expired.
    """
    return _page_token_serializer().dumps([owner, form, _hash_name(_session().name)])


def parse_page_token(token: str) -> tuple[str, str] | None:
    """Return owner and form of the draft that a page was rendered for; None if the token is invalid or expired."""
    match _load_page_token(token):
        case [owner, form, *_]:
            return owner, form
    return None


def _load_page_token(token: str) -> list[str]:
    try:
        return _page_token_serializer().loads(token, max_age=PAGE_TTL_S)
    except BadSignature:
        return []


def _hash_name(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def _page_token_serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="page")
