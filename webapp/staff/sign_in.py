"""Sign-in of staff with their account in the engine; each request checks that they still are in a group of the role."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, redirect, render_template, request, session, url_for

from camunda7.names import ADMINISTRATORS
from webapp import sessions
from webapp.resources import resources
from webapp.sign_in import allow_attempt, reset_attempts

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
    """Redirect to the sign-in unless the session is that of an account with this role; end it if that has lost it."""

    @functools.wraps(view)
    def wrapper(**arguments: Any) -> Any:
        account = session.get(role)
        if account is None:
            return redirect(url_for("staff.sign_in"))
        if not resources().engine.groups_of(account) & GROUPS[role]:
            sessions.reset()
            return redirect(url_for("staff.sign_in"))
        return view(**arguments)

    return wrapper


managers_only = functools.partial(_only, MANAGER)
laboratory_only = functools.partial(_only, LABORATORY)
care_only = functools.partial(_only, CARE)


@pages.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Any:
    if request.method == "GET":
        return render_template("staff/sign_in.html")
    username, password = request.form.get("username", "")[:100], request.form.get("password", "")
    fields = (("username", username.strip(), "Enter your username"), ("password", password, "Enter your password"))
    missing = {name: message for name, typed, message in fields if not typed}
    if missing:
        return render_template("staff/sign_in.html", missing=missing, username=username), 403
    subject = f"manager {username.strip().casefold()}"
    if not allow_attempt(subject):
        return render_template("staff/sign_in.html", locked=True), 429
    groups = resources().engine.authenticate_groups(username, password) or set()
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
