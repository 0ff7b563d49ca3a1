"""Sign-in of staff, at the OpenID provider or with their account in the engine; each request checks that they still are
in a group of the role.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, abort, g, redirect, render_template, request, session, url_for

from camunda7.names import ADMINISTRATORS
from webapp import openid, sessions
from webapp.resources import resources
from webapp.sign_in import allow_attempt, reset_attempts

log = logging.getLogger("webapp")

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
        ("staff.show_what_if", "What if"),
    ),
    LABORATORY: (("staff.choose_file", "Upload results"),),
    CARE: (("staff.show_print", "Print a paper"),),
}


def _only(role: str, view: Callable[..., Any]) -> Callable[..., Any]:
    """Redirect to the sign-in unless the session is that of an account with this role; end it if that has lost it.

    The view has the account's groups in `g.groups`.
    """

    @functools.wraps(view)
    def wrapper(**arguments: Any) -> Any:
        account = session.get(role)
        if account is None:
            return redirect(url_for("staff.sign_in"))
        g.groups = _find_groups(account)
        if not g.groups & GROUPS[role]:
            sessions.reset()
            return redirect(url_for("staff.sign_in"))
        return view(**arguments)

    return wrapper


def _find_groups(account: str) -> set[str]:
    """Return the current groups of the session's account."""
    if sessions.PERSON not in session:
        return resources().engine.groups_of(account)
    if not openid.has_provider():
        # the setting sign_in.method has changed
        return set()
    before = openid.Person(**session[sessions.PERSON])
    person = openid.current_provider().confirm(before)
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
    if not openid.has_provider():
        return _sign_in_by_form()
    if "emergency" in request.args and openid.current_provider().options.has_emergency_account:
        return _sign_in_by_form(is_emergency=True)
    return redirect(url_for("provider.start")) if request.method == "GET" else abort(405)


def _sign_in_by_form(is_emergency: bool = False) -> Any:
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
    roles = find_roles(groups)
    if not roles:
        return render_template("staff/sign_in.html", refused=True, username=username), 403
    reset_attempts(subject)
    sessions.open_staff_session(username, roles)
    return redirect(first_page(roles), 303)


def first_page(roles: list[str]) -> str:
    """Return the address of the page that follows the sign-in."""
    return url_for(NAVIGATION[roles[0]][0][0])


def find_roles(groups: Iterable[str]) -> list[str]:
    """Return the roles of a person in these groups."""
    return [role for role, members in GROUPS.items() if members.intersection(groups)]


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
