"""The Flask application: the pages of patients, of notified contacts and of process managers.

A page shows a user task of the engine and its form. The rules of the care pathway are in the process, not here.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, Response, current_app, g, render_template, request
from flask.json.provider import DefaultJSONProvider
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_compress import Compress
from flask_wtf.csrf import CSRFError, CSRFProtect
from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader
from peewee import OperationalError
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from camunda7.engine import EngineError, EngineUnavailable
from camunda7.inputs.place import Place
from camunda7.outages import Outage
from hosting.clients.government import Government
from hosting.clients.lab import Lab
from hosting.databases import DATABASE_ERRORS
from papers.register import Register
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
    household,
    languages,
    openid,
    papers,
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
from webapp.resources import Resources, set_resources
from webapp.session_store import SessionStore, are_records_unavailable
from webapp.status import CALL_NOW
from webapp.task_forms import TaskForms
from webapp.unusable_forms import UnusableForm

log = logging.getLogger("webapp")

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# of a page with a script of ours (`g.has_script`): webapp/staff/uploads.py
SCRIPT_POLICY = "; script-src 'self'; connect-src 'self'"
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-XSS-Protection": "0",
    # sessions.is_same_origin reads the site that was left; other sites do not get the page
    "Referrer-Policy": "strict-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
HTTPS_HEADERS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
# of pages only: stylesheets and images are public and may be cached
PAGE_HEADERS = {
    "Cache-Control": "no-store, max-age=0",
    "Pragma": "no-cache",
    "Cross-Origin-Resource-Policy": "same-origin",
}
MAX_CONTENT_LENGTH = 1_000_000
# the Retry-After header of a 503
RETRY_AFTER_S = 30
# endpoints that answer while the records' database is unavailable
ENDPOINTS_WITHOUT_RECORDS = ("patient.home", "forms.begin", "healthz", "readyz", "static")
ErrorResponse = tuple[str, int] | tuple[str, int, dict[str, str]]
# title of the error page, by HTTP status
ERROR_TITLES = {
    400: lazy_gettext("We couldn't read your request"),
    405: lazy_gettext("You can't open this page directly"),
    413: lazy_gettext("Your answers are too long"),
}
ERROR_ADVICE = {413: lazy_gettext("Go back, shorten your answers and send them again.")}


class Application(Flask):
    def log_exception(self, exc_info: Any) -> None:
        """Log an error that an error handler raised, unless that error's own handler logs it."""
        if not isinstance(exc_info[1], (*DATABASE_ERRORS, UnusableForm)):
            super().log_exception(exc_info)


def create_app(options: Options, engine: Engine, government: Government, lab: Lab) -> Flask:
    """Create the Flask application. The records' database must be open."""
    app = Application("webapp")
    _configure(app, options)
    _provide_resources(app, options, engine, government, lab)
    if options.server_timing:
        server_timing.init_app(app)
    languages.init_app(app, options.time_zone)
    Compress(app)
    versions = _hash_static_files(app)
    app.url_defaults(lambda endpoint, values: values.update(versions.get(values.get("filename"), {})))
    check_proxies(app, options.trusted_proxies, options.public_host, options.secure_cookies)
    app.before_request(_require_records)
    app.before_request(sessions.end_if_idle)
    # before the CSRF protection, which reads the body
    app.before_request(staff.uploads.permit_uploads)
    csrf = CSRFProtect(app)
    for module in (patient, household, papers, forms, sign_in, contact, languages, staff):
        app.register_blueprint(module.pages)
    app.after_request(_add_security_headers)
    _register_errors(app)

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "up"}

    if options.openid:
        openid.init_app(app, options.openid)
        app.register_blueprint(staff.provider_sign_in.pages)
        # the provider's token authenticates the call
        csrf.exempt(staff.provider_sign_in.end_sessions)
    add_readiness(app, engine, government, lab)
    return app


def _configure(app: Flask, options: Options) -> None:
    app.config.update(
        SECRET_KEY=options.secret_key,
        MAX_CONTENT_LENGTH=MAX_CONTENT_LENGTH,
        MAX_FORM_PARTS=5000,
        # a browser accepts a cookie with the prefix __Host- from this host by HTTPS only (RFC 6265bis)
        SESSION_COOKIE_NAME="__Host-session" if options.secure_cookies else "session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=options.secure_cookies,
        SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_TIME_LIMIT=None,
        # True would refuse posts without a Referer, which extensions and proxies remove; the CSRF token suffices
        WTF_CSRF_SSL_STRICT=False,
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(days=365),
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_MIMETYPES=["text/html", "text/css", "image/svg+xml"],
    )
    assert isinstance(app.json, DefaultJSONProvider), "Flask's default"
    app.json.sort_keys = False
    if options.trusted_proxies:
        proxied = ProxyFix(app.wsgi_app, x_for=options.trusted_proxies, x_proto=options.trusted_proxies)
        app.wsgi_app = proxied  # type: ignore[method-assign]  # as Flask's documentation does
    components = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
    app.jinja_loader = ChoiceLoader([each for each in (app.jinja_loader, components) if each])
    app.jinja_env.globals |= {"policy": options.policy, "has_provider": openid.has_provider}


def _provide_resources(app: Flask, options: Options, engine: Engine, government: Government, lab: Lab) -> None:
    """Create the application's clients and stores for its views."""
    cipher = Cipher(options.records_secret)
    place = Place(ZoneInfo(options.time_zone), options.telephone_region)
    drafts, session_records = Drafts(cipher), Sessions(cipher)
    submissions = Submissions(cipher, timedelta(seconds=options.lease_s))
    access, outbox, register = Access(cipher), Outbox(), Register(cipher)
    app.session_interface = SessionStore(options.secret_key, session_records)
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
        papers=register,
        erasures=Erasures(),
        housekeeping=Housekeeping(
            {
                "drafts": drafts,
                "sessions": session_records,
                "submissions": submissions,
                "messages": outbox,
                "access": access,
                "papers": register,
            },
            options.retention,
        ),
        sessions=session_records,
    )
    set_resources(app, resources)


def _hash_static_files(app: Flask) -> dict[str, dict[str, str]]:
    """Return the query parameter of each static file: a hash of its content, so that browsers may cache it."""
    files = [path for path in Path(app.static_folder or "").iterdir() if path.is_file()]
    return {path.name: {"v": hashlib.sha256(path.read_bytes()).hexdigest()[:12]} for path in files}


def _add_security_headers(response: Response) -> Response:
    by_https = current_app.config["SESSION_COOKIE_SECURE"]
    of_page = {} if request.endpoint == "static" else PAGE_HEADERS
    for name, value in (SECURITY_HEADERS | (HTTPS_HEADERS if by_https else {}) | of_page).items():
        # a view's own value takes precedence
        response.headers.setdefault(name, value)
    if g.get("has_script"):
        response.headers["Content-Security-Policy"] += SCRIPT_POLICY
    return response


def _require_records() -> None:
    """Refuse requests while the records' database is unavailable: the session can't be read.

    The pages with advice for an emergency need no session and are shown.
    """
    if are_records_unavailable() and request.endpoint not in ENDPOINTS_WITHOUT_RECORDS:
        raise OperationalError


def _register_errors(app: Flask) -> None:
    @app.errorhandler(CSRFError)
    def handle_csrf_error(error: CSRFError) -> Any:
        response = forms.handle_expired_session()
        if response is not None:
            return response
        if not sessions.has_cookie() and request.form.get("csrf_token"):
            # the token shows that one of our pages was posted; the browser has dropped the cookie
            return forms.render_cookies_needed()
        text = _("Go back, reload the page and send it again.")
        if sessions.is_origin_hidden():
            text = _(
                "Your browser, or a privacy extension, hides which page your answers came from, so we couldn't save "
                "them. Go back, reload the page and send them again. If that doesn't work, try another browser."
            )
        return _render_error(400, _("This page has expired"), text)

    @app.errorhandler(404)
    def handle_not_found(error: HTTPException) -> tuple[str, int]:
        return _render_error(
            404, _("Page not found"), _("Check that the web address is correct, or go to the start page.")
        )

    @app.errorhandler(HTTPException)
    def handle_http_error(error: HTTPException) -> ErrorResponse:
        cause = getattr(error, "original_exception", None)
        if isinstance(cause, DATABASE_ERRORS):
            # save_session failed, after the view had returned
            return handle_records_outage(cause)
        if isinstance(cause, UnusableForm):
            # raised by handle_csrf_error
            return handle_unusable_form(cause)
        title = ERROR_TITLES.get(error.code or 500, _("Sorry, there is a problem"))
        text = ERROR_ADVICE.get(error.code or 500, _("Go back and try again."))
        if error.code == 400 and error.description != BadRequest.description:
            text = error.description
        return _render_error(error.code or 500, title, text)

    engine_outage, records_outage = Outage("engine", log), Outage("records", log)

    @app.errorhandler(EngineError)
    def handle_engine_error(error: EngineError) -> ErrorResponse:
        if isinstance(error, EngineUnavailable):
            engine_outage.record_failure(error)
        else:
            log.warning("engine: %s", error)
        return _render_unavailable(_("Try again in a few minutes. Nothing has been lost."))

    def handle_records_outage(error: Exception) -> ErrorResponse:
        records_outage.record_failure(error, describe(error))
        return _render_unavailable(
            _(
                "Try again in a few minutes. What you just sent may not have been saved, so you may need to send it "
                "again."
            )
        )

    for kind in DATABASE_ERRORS:
        app.register_error_handler(kind, handle_records_outage)

    @app.errorhandler(UnusableForm)
    def handle_unusable_form(error: UnusableForm) -> ErrorResponse:
        unusable_forms.report(error)
        return _render_unusable_form(503)

    @app.errorhandler(Exception)
    def handle_unexpected_error(error: Exception) -> ErrorResponse:
        # log class and position only: the message of an unforeseen error might contain a patient's data
        traceback = error.__traceback__
        while traceback and traceback.tb_next:
            traceback = traceback.tb_next
        position = f"{traceback.tb_frame.f_code.co_qualname}:{traceback.tb_lineno}" if traceback else "?"
        log.error("%s in %s", type(error).__name__, position)
        name = (request.view_args or {}).get("name")
        if request.blueprint == forms.pages.name and name in questionnaires.FORMS:
            unusable_forms.report(UnusableForm(name, f"{type(error).__name__} in {position}"))
            return _render_unusable_form(500)
        return _render_error(500, _("Sorry, there is a problem with the service"), _("Try again in a few minutes."))


def _render_error(status: int, title: Any, text: Any) -> tuple[str, int]:
    return render_template("error.html", title=title, text=text), status


def _render_unusable_form(status: int) -> ErrorResponse:
    """Render the page that replaces a form which can't be shown."""
    page = render_template("form_not_shown.html", emergency_advice=CALL_NOW)
    return page, status, {"Retry-After": str(RETRY_AFTER_S)}


def _render_unavailable(text: str) -> ErrorResponse:
    return *_render_error(503, _("Sorry, the service is unavailable"), text), {"Retry-After": str(RETRY_AFTER_S)}
