"""Sign-in and sign-out of staff at the OpenID provider; without one, these pages don't exist."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any

from flask import Blueprint, redirect, render_template, request, session, url_for

from webapp import openid, sessions
from webapp.resources import resources
from webapp.staff.sign_in import find_roles, first_page, template_variables

log = logging.getLogger("webapp")

RETRY_AFTER_S = 30
NO_STORE = {"Cache-Control": "no-store"}

pages = Blueprint("provider", __name__, url_prefix="/staff")
pages.context_processor(template_variables)


@pages.get("/sign-in/start")
def start() -> Any:
    """Redirect to the provider."""
    return openid.current_provider().redirect_to_sign_in()


@pages.get("/sign-in/callback")
def complete_sign_in() -> Any:
    """Open a session for the person whom the provider sends back to us."""
    provider = openid.current_provider()
    try:
        person = provider.complete_sign_in()
    except openid.SignInFailed as error:
        log.warning("sign-in failed: %s", error)
        return render_template("staff/sign_in_failed.html"), 403
    roles = find_roles(person.groups)
    sessions.open_staff_session(person.account, roles, asdict(person))
    if not roles:
        return render_template("staff/no_access.html", contact=provider.options.contact), 403
    return redirect(first_page(roles), 303)


@pages.get("/sign-out")
def sign_out() -> Any:
    """End the session, and that at the provider."""
    person = session.get(sessions.PERSON)
    sessions.reset()
    url = openid.current_provider().sign_out_url(openid.Person(**person)) if person else None
    return redirect(url or url_for("provider.show_signed_out"), 303)


@pages.get("/signed-out")
def show_signed_out() -> Any:
    return render_template("staff/signed_out.html")


@pages.post("/sign-out/back-channel")
def end_sessions() -> Any:
    """End the sessions that the provider's logout token names (OpenID Connect Back-Channel Logout 1.0)."""
    provider, token = openid.current_provider(), request.form.get("logout_token", "")
    try:
        name, value = provider.read_logout_token(token)
    except openid.SignInFailed as error:
        log.warning("refused a logout token: %s", error)
        return "", 400, NO_STORE
    log.info("the provider has ended %d sessions", resources().sessions.end_sessions_of_person(name, value))
    provider.forward_logout_token(token)
    return "", 200, NO_STORE


@pages.errorhandler(openid.ProviderUnavailable)
def explain_outage(error: openid.ProviderUnavailable) -> Any:
    log.warning("sign-in: the provider can't be reached (%s)", error)
    return render_template("staff/provider_away.html"), 503, {"Retry-After": str(RETRY_AFTER_S)}
