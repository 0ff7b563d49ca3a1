"""Sign-in of staff, at the OpenID provider or with their account in the engine; each request checks that they still are
in a group of the role.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, session, url_for

from camunda7.names import ADMINISTRATORS
from webapp import openid, sessions
from webapp.resources import resources
from webapp.sign_in import allow_attempt, reset_attempts

log = logging.getLogger("webapp")

RETRY_AFTER_S = 30
NO_STORE = {"Cache-Control": "no-store"}

pages = Blueprint("staff", __name__, url_prefix="/staff")

MANAGER, LABORATORY, CARE = "manager", "laboratory", "care"
GROUPS = {
    MANAGER: {"process-managers", ADMINISTRATORS},
    LABORATORY: {"laboratory", ADMINISTRATORS},
    # those who treat patients or call them
    CARE: {"doctors", "medical-team", "contact-tracers", ADMINISTRATORS},
}
AUDIENCES = {MANAGER: "Process managers", LABORATORY: "Laboratory", CARE: "Care teams"}
# endpoint and title of the pages in the navigation; the first one follows the sign-in
NAVIGATION = {
    MANAGER: (
        ("staff.show_now", "Now"),
        ("staff.show_kpis", "KPIs"),
        ("staff.show_closed", "Closed cases"),
        ("staff.show_incidents", "Incidents"),
    ),
    LABORATORY: (("staff.choose_file", "Upload results"),),
    CARE: (("staff.show_print", "Print a paper"),),
}


def _only(role: str, view: Callable[..., Any]) -> Callable[..., Any]:
    """Redirect to the sign-in unless the session is that of an account with this role; end it if that has lost it."""

    @functools.wraps(view)
    def wrapper(**arguments: Any) -> Any:
        account = session.get(role)
        if account is None:
            return redirect(url_for("staff.sign_in"))
        if not _find_groups(account) & GROUPS[role]:
            sessions.reset()
            return redirect(url_for("staff.sign_in"))
        return view(**arguments)

    return wrapper


def _find_groups(account: str) -> set[str]:
    """Return the current groups of the session's account."""
    provider = openid.current_provider()
    if provider is None or sessions.PERSON not in session:
        return resources().engine.groups_of(account)
    before = openid.Person(**session[sessions.PERSON])
    person = provider.confirm(before)
    if person is None:
        return set()
    if person != before:
        session[sessions.PERSON] = asdict(person)
    return set(person.groups)


managers_only = functools.partial(_only, MANAGER)
laboratory_only = functools.partial(_only, LABORATORY)
care_only = functools.partial(_only, CARE)


@pages.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Any:
    """Sign in at the provider; or by a form, with an account of the engine, or the emergency account."""
    provider = openid.current_provider()
    is_emergency = provider is not None and provider.options.has_emergency_account and "emergency" in request.args
    if provider and not is_emergency:
        return _redirect_to_provider(provider) if request.method == "GET" else abort(405)
    return _sign_in_by_form(is_emergency)


def _redirect_to_provider(provider: openid.Provider) -> Any:
    try:
        return provider.redirect_to_sign_in()
    except openid.ProviderUnavailable as error:
        log.warning("sign-in: the provider can't be reached (%s)", error)
        return render_template("staff/provider_away.html"), 503, {"Retry-After": str(RETRY_AFTER_S)}


@pages.get("/sign-in/callback")
def complete_sign_in() -> Any:
    """Open a session for the person whom the provider sends back to us."""
    provider = openid.current_provider() or abort(404)
    try:
        person = provider.complete_sign_in()
    except openid.ProviderUnavailable as error:
        log.warning("sign-in: the provider can't be reached (%s)", error)
        return render_template("staff/provider_away.html"), 503, {"Retry-After": str(RETRY_AFTER_S)}
    except openid.SignInFailed as error:
        log.warning("sign-in failed: %s", error)
        return render_template("staff/sign_in_failed.html"), 403
    roles = [role for role, members in GROUPS.items() if members.intersection(person.groups)]
    if not roles:
        sessions.reset()
        return render_template("staff/no_access.html", contact=provider.options.contact), 403
    sessions.open_staff_session(person.account, roles, asdict(person))
    return redirect(url_for(NAVIGATION[roles[0]][0][0]), 303)


@pages.get("/sign-out")
def sign_out() -> Any:
    """End the session, and that at the provider."""
    provider, person = openid.current_provider(), session.get(sessions.PERSON)
    sessions.reset()
    url = provider.sign_out_url(openid.Person(**person)) if provider and person else None
    return redirect(url or url_for("staff.show_signed_out"), 303)


@pages.get("/signed-out")
def show_signed_out() -> Any:
    return render_template("staff/signed_out.html")


@pages.post("/sign-out/back-channel")
def end_sessions() -> Any:
    """End the sessions that the provider's logout token names (OpenID Connect Back-Channel Logout 1.0)."""
    provider = openid.current_provider() or abort(404)
    try:
        name, value = provider.read_logout_token(request.form.get("logout_token", ""))
    except (openid.SignInFailed, openid.ProviderUnavailable) as error:
        log.warning("refused a logout token: %s", error)
        return "", 400, NO_STORE
    log.info("the provider has ended %d sessions", resources().sessions.end_sessions_of_person(name, value))
    return "", 200, NO_STORE


def _sign_in_by_form(is_emergency: bool) -> Any:
    if request.method == "GET":
        return render_template("staff/sign_in.html", is_emergency=is_emergency)
    username, password = request.form.get("username", "")[:100], request.form.get("password", "")
    fields = (("username", username.strip(), "Enter your username"), ("password", password, "Enter your password"))
    missing = {name: message for name, typed, message in fields if not typed}
    if missing:
        return render_template("staff/sign_in.html", missing=missing, username=username), 403
    subject = f"manager {username.strip().casefold()}"
    if not allow_attempt(subject):
        return render_template("staff/sign_in.html", locked=True), 429
    groups = resources().engine.authenticate_groups(username, password) or set()
    if is_emergency and groups:
        log.error("the emergency account is used")
    roles = [role for role, members in GROUPS.items() if groups & members]
    if not roles:
        return render_template("staff/sign_in.html", refused=True, username=username), 403
    reset_attempts(subject)
    sessions.open_staff_session(username, roles)
    return redirect(url_for(NAVIGATION[roles[0]][0][0]), 303)


def min_people() -> int:
    """Return the minimum number of people of a KPI; smaller ones are suppressed."""
    return resources().options.suppress_below


@pages.context_processor
def template_variables() -> dict[str, Any]:
    """Variables of staff/base.html."""
    roles = [role for role in GROUPS if role in session]
    return {
        "loaded_at": datetime.now(UTC),
        "time_zone": resources().options.time_zone,
        "audience": " · ".join(AUDIENCES[role] for role in roles) or "Staff",
        "navigation": [page for role in roles for page in NAVIGATION[role]],
    }
