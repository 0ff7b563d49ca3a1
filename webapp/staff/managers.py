"""Sign-in of process managers, with their account in the engine; each request checks that they still are managers."""

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

MANAGERS = {"process-managers", ADMINISTRATORS}


def managers_only(view: Callable[..., Any]) -> Callable[..., Any]:
    """Redirect to the sign-in unless the session is that of a process manager."""

    @functools.wraps(view)
    def wrapper(**arguments: Any) -> Any:
        manager = session.get("manager")
        if manager is None or not resources().engine.groups_of(manager) & MANAGERS:
            sessions.reset()
            return redirect(url_for("staff.sign_in"))
        return view(**arguments)

    return wrapper


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
    groups = resources().engine.authenticate_groups(username, password)
    if groups is None or not groups & MANAGERS:
        return render_template("staff/sign_in.html", refused=True, username=username), 403
    reset_attempts(subject)
    sessions.open_manager_session(username)
    return redirect(url_for("staff.show_now"), 303)


def min_people() -> int:
    """Return the minimum number of people of a KPI; smaller ones are suppressed."""
    return resources().options.suppress_below


@pages.context_processor
def template_variables() -> dict[str, Any]:
    """Variables of staff/base.html."""
    return {"loaded_at": datetime.now(UTC), "time_zone": resources().options.time_zone}
