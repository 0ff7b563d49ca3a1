"""The web application: the patients' pages, the contacts' page, and the KPIs for process managers.

It is thin: a page is a task of the engine and its form, and no rule of the pathway lives here.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, Response, current_app, render_template, request
from flask.json.provider import DefaultJSONProvider
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_compress import Compress
from flask_wtf.csrf import CSRFError, CSRFProtect
from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader
from peewee import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from camunda7.engine import EngineError, EngineUnavailable
from camunda7.inputs.place import Place
from camunda7.outages import Outage
from hosting.clients.government import Government
from hosting.clients.lab import Lab
from hosting.databases import DATABASE_ERRORS
from processes.engine import Engine
from records.access import Access
from records.cipher import Cipher
from records.drafts import Drafts
from records.erasures import Erasures
from records.forms import DeployedForms
from records.health import describe
from records.login_throttle import LoginThrottle
from records.outbox import Outbox
from records.roster import Roster
from records.sessions import Sessions
from records.submissions import Submissions
from webapp import (
    contact,
    forms,
    languages,
    patient,
    questionnaires,
    server_timing,
    sessions,
    sign_in,
    staff,
    unusable_forms,
)
from webapp.drafts import FormDrafts
from webapp.forwarding import Forwarder
from webapp.housekeeping import Housekeeping
from webapp.options import Options
from webapp.proxies import check_proxies
from webapp.readiness import add_readiness
from webapp.resources import Resources, provide
from webapp.session_store import SessionStore, records_are_away
from webapp.status import CALL_NOW
from webapp.task_forms import TaskForms
from webapp.unusable_forms import UnusableForm

log = logging.getLogger("webapp")

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PROTECTION = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-XSS-Protection": "0",
    # sessions.is_from_our_page reads the site that was left; other sites do not get the page
    "Referrer-Policy": "strict-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
ONLY_BY_HTTPS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
# not of styles and pictures, which anybody may have
ONLY_PAGES = {
    "Cache-Control": "no-store, max-age=0",
    "Pragma": "no-cache",
    "Cross-Origin-Resource-Policy": "same-origin",
}
MAX_CONTENT_LENGTH = 1_000_000
# when to come back after a 503
RETRY_AFTER_S = 30
# endpoints that are shown while the records are away
WITHOUT_RECORDS = ("patient.home", "forms.begin", "healthz", "readyz", "static")
Answer = tuple[str, int] | tuple[str, int, dict[str, str]]
# titles of what is refused, by status
REFUSED = {
    400: lazy_gettext("This can't be read"),
    405: lazy_gettext("This page can't be opened so"),
    413: lazy_gettext("This is too much at once"),
}


class Application(Flask):
    def log_exception(self, exc_info: Any) -> None:
        """Log an error that another handler raised, unless its own handler does."""
        if not isinstance(exc_info[1], (*DATABASE_ERRORS, UnusableForm)):
            super().log_exception(exc_info)


def create_app(options: Options, engine: Engine, government: Government, lab: Lab) -> Flask:
    """The Flask application. The records' database must be open."""
    app = Application("webapp")
    _configure(app, options)
    _equip(app, options, engine, government, lab)
    if options.timings:
        server_timing.tell(app)
    languages.speak(app, options.time_zone)
    Compress(app)
    versions = _versions(app)
    app.url_defaults(lambda endpoint, values: values.update(versions.get(values.get("filename"), {})))
    check_proxies(app, options.proxies, options.public_host, options.secure_cookies)
    app.before_request(_only_advice_without_records)
    app.before_request(sessions.end_when_idle)
    CSRFProtect(app)
    for module in (patient, forms, sign_in, contact, languages, staff):
        app.register_blueprint(module.pages)
    app.after_request(_protect)
    _register_errors(app)

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "up"}

    add_readiness(app, engine, government, lab)
    return app


def _configure(app: Flask, options: Options) -> None:
    app.config.update(
        SECRET_KEY=options.secret_key,
        MAX_CONTENT_LENGTH=MAX_CONTENT_LENGTH,
        MAX_FORM_PARTS=5000,
        # a browser takes this name from a secure page of this host only
        SESSION_COOKIE_NAME="__Host-session" if options.secure_cookies else "session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=options.secure_cookies,
        SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_TIME_LIMIT=None,
        # the token is enough; who has the Referer removed, or rewritten on its way, could send nothing
        WTF_CSRF_SSL_STRICT=False,
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(days=365),
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_MIMETYPES=["text/html", "text/css", "image/svg+xml"],
    )
    assert isinstance(app.json, DefaultJSONProvider), "Flask sets it"
    app.json.sort_keys = False
    if options.proxies:
        proxied = ProxyFix(app.wsgi_app, x_for=options.proxies, x_proto=options.proxies)
        app.wsgi_app = proxied  # type: ignore[method-assign]  # Flask's documentation has it so
    components = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
    app.jinja_loader = ChoiceLoader([each for each in (app.jinja_loader, components) if each])
    app.jinja_env.globals["policy"] = options.policy


def _equip(app: Flask, options: Options, engine: Engine, government: Government, lab: Lab) -> None:
    """Give the pages what they work with."""
    cipher = Cipher(options.records_secret)
    place = Place(ZoneInfo(options.time_zone), options.telephone_region)
    drafts, kept_sessions = Drafts(cipher), Sessions(cipher)
    submissions = Submissions(cipher, timedelta(seconds=options.claim_s))
    access, outbox = Access(cipher), Outbox()
    app.session_interface = SessionStore(options.secret_key, kept_sessions)
    resources = Resources(
        options=options,
        place=place,
        engine=engine,
        government=government,
        lab=lab,
        roster=Roster(),
        task_forms=TaskForms(engine, DeployedForms()),
        drafts=FormDrafts(drafts, place),
        submissions=submissions,
        forwarder=Forwarder(engine, submissions, options.policy, options.submission_retries),
        access=access,
        login_throttle=LoginThrottle(cipher),
        outbox=outbox,
        erasures=Erasures(),
        housekeeping=Housekeeping(
            {
                "drafts": drafts,
                "sessions": kept_sessions,
                "submissions": submissions,
                "messages": outbox,
                "access": access,
            },
            options.retention,
        ),
    )
    provide(app, resources)


def _versions(app: Flask) -> dict[str, dict[str, str]]:
    """What the address of each static file says of its content: a browser may keep it until it changes."""
    files = [path for path in Path(app.static_folder or "").iterdir() if path.is_file()]
    return {path.name: {"v": hashlib.sha256(path.read_bytes()).hexdigest()[:12]} for path in files}


def _protect(response: Response) -> Response:
    by_https = current_app.config["SESSION_COOKIE_SECURE"]
    of_page = {} if request.endpoint == "static" else ONLY_PAGES
    response.headers.update(PROTECTION | (ONLY_BY_HTTPS if by_https else {}) | of_page)
    return response


def _only_advice_without_records() -> None:
    """What to do in an emergency is told whatever is broken; all else needs to know who asks."""
    if records_are_away() and request.endpoint not in WITHOUT_RECORDS:
        raise OperationalError


def _register_errors(app: Flask) -> None:
    @app.errorhandler(CSRFError)
    def expired(error: CSRFError) -> Any:
        answer = forms.of_another_session()
        if answer is not None:
            return answer
        if not sessions.has_cookie() and request.form.get("csrf_token"):
            # it was sent from a page of ours
            return forms.cookies_needed()
        said = _("Go back, reload the page and send it again.")
        if sessions.hides_its_page():
            said = _(
                "Your browser, or a privacy extension, hides which page your answers came from, so we couldn't save "
                "them. Go back, reload the page and send them again. If that doesn't work, try another browser."
            )
        return _page(400, _("This page has expired"), said)

    @app.errorhandler(404)
    def not_found(error: HTTPException) -> tuple[str, int]:
        return _page(404, _("Page not found"), _("Check the address, or begin from the start page."))

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Answer:
        cause = getattr(error, "original_exception", None)
        if isinstance(cause, DATABASE_ERRORS):
            # the session couldn't be kept
            return records_error(cause)
        if isinstance(cause, UnusableForm):
            # raised by the handler of an expired page
            return unusable_form(cause)
        title = REFUSED.get(error.code or 500, _("This can't be done"))
        said = error.description if error.code == 400 and error.description else _("Go back and try again.")
        return _page(error.code or 500, title, said)

    engine_outage, records_outage = Outage("engine", log), Outage("records", log)

    @app.errorhandler(EngineError)
    def engine_error(error: EngineError) -> Answer:
        if isinstance(error, EngineUnavailable):
            engine_outage.record_failure(error)
        else:
            log.warning("engine: %s", error)
        return _not_now(_("Please try again in a few minutes. Nothing was lost."))

    def records_error(error: Exception) -> Answer:
        records_outage.record_failure(error, describe(error))
        return _not_now(
            _("Please try again in a few minutes. What you sent just now may not be kept: send it again then.")
        )

    for kind in DATABASE_ERRORS:
        app.register_error_handler(kind, records_error)

    @app.errorhandler(UnusableForm)
    def unusable_form(error: UnusableForm) -> Answer:
        unusable_forms.report(error)
        return _not_shown(503)

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Answer:
        # the text of an unforeseen error might hold a patient's data: its kind and place must do
        place = error.__traceback__
        while place and place.tb_next:
            place = place.tb_next
        where = f"{place.tb_frame.f_code.co_qualname}:{place.tb_lineno}" if place else "?"
        log.error("%s in %s", type(error).__name__, where)
        name = (request.view_args or {}).get("name")
        if request.blueprint == forms.pages.name and name in questionnaires.FORMS:
            unusable_forms.report(UnusableForm(name, f"{type(error).__name__} in {where}"))
            return _not_shown(500)
        return _page(500, _("Something went wrong"), _("It was our fault. Please try again in a few minutes."))


def _page(status: int, title: Any, text: str) -> tuple[str, int]:
    return render_template("error.html", title=title, text=text), status


def _not_shown(status: int) -> Answer:
    """The page in place of a form that can't be shown."""
    page = render_template("form_not_shown.html", emergency_advice=CALL_NOW)
    return page, status, {"Retry-After": str(RETRY_AFTER_S)}


def _not_now(text: str) -> Answer:
    return *_page(503, _("CoronaCare can't answer just now"), text), {"Retry-After": str(RETRY_AFTER_S)}
