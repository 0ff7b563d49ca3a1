"""The page of a notified contact: what the notification means, what to do, and the start of a pre-screening."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from flask_babel import get_timezone
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from hosting.clients.service import ServiceError
from webapp import sessions
from webapp.resources import resources

pages = Blueprint("contact", __name__)


@pages.route("/contact/<token>", methods=["GET", "POST"])
def contact(token: str) -> str | Response | tuple[str, int]:
    try:
        exposure = resources().government.exposure(token)
    except ServiceError:
        text = _("We can't check your link at the moment. Try again in a few minutes.")
        return render_template("error.html", title=_("Sorry, there is a problem with the service"), text=text), 503
    if exposure is None:
        abort(404)
    if request.method == "POST":
        sessions.reset()
        session["exposed_to"] = token
        return redirect(url_for("forms.begin", name="pre_screening"))
    if exposure.last_day is None:
        return render_template("contact_released.html")
    until = exposure.last_day + timedelta(days=resources().options.policy["quarantine_days"])
    return render_template("contact.html", until=until, is_over=until < datetime.now(get_timezone()).date())
