"""The reader's language: as they chose it, as their case has it, or as their browser requests it.

The source texts in code and templates are English; webapp/translations/ has the other languages.
"""

from __future__ import annotations

from typing import Any

from babel import negotiate_locale
from flask import Blueprint, Flask, current_app, redirect, request, session, url_for
from flask_babel import Babel, get_locale, refresh
from werkzeug.wrappers import Response

from camunda7.engine import EngineUnavailable
from processes.cases import set_language
from webapp import sessions
from webapp.formatting import appointment, day, duration, moment, translated, unbroken
from webapp.resources import resources

pages = Blueprint("languages", __name__)

# names in the language itself, and the locales whose date formats are used
LANGUAGES = {"en": "English", "fr": "Français", "ar": "العربية"}
LOCALES = {"en": "en_GB"}
ENGLISH = "en"


class TranslationsMissing(Exception):
    """A language's catalogue hasn't been compiled; raised at start-up."""


def init_app(app: Flask, time_zone: str) -> None:
    """Register translations, template filters and the time zone of an application.

    Raises:
        TranslationsMissing: `make setup` hasn't been run.
    """
    app.config["BABEL_DEFAULT_TIMEZONE"] = time_zone
    babel = Babel(app, locale_selector=lambda: LOCALES.get(language(), language()))
    with app.app_context():
        missing = set(LANGUAGES) - {locale.language for locale in babel.list_translations()}
    if missing:
        raise TranslationsMissing(f"webapp/translations: {', '.join(sorted(missing))} not compiled; run `make setup`")
    for write in (translated, day, moment, appointment, duration, unbroken):
        app.add_template_filter(write)
    app.context_processor(_template_variables)


@pages.post("/language")
def choose() -> Response:
    """Set the reader's language, also for the messages of their case, and redirect to the page they came from."""
    change_language(request.form.get("language"))
    return redirect(_local_path(request.form.get("back", "")), 303)


def change_language(chosen: str | None) -> None:
    """Set the reader's language, also for the messages of their case; unknown ones are ignored."""
    if chosen in LANGUAGES:
        select_language(chosen)
        _store_in_case(chosen)


def language() -> str:
    """Return the reader's language; English on the pages of staff."""
    if request.blueprint == "staff":
        return ENGLISH
    return session.get("language") or negotiate_locale(request.accept_languages.values(), LANGUAGES, "-") or ENGLISH


def select_language(chosen: str | None) -> None:
    """Set the session's language; unknown ones are ignored."""
    if chosen in LANGUAGES:
        session["language"] = chosen
        refresh()


def adopt_case_language(case_language: str | None) -> None:
    """Set the session's language to that of the case, unless the reader has chosen one."""
    if "language" not in session:
        select_language(case_language)


def _template_variables() -> dict[str, Any]:
    locale = get_locale()
    return {
        "language": locale.language,
        "direction": locale.text_direction,
        "languages": LANGUAGES,
        "current_path": _current_path(),
    }


def _current_path() -> str:
    """Return the path of the page, to return to after a change of language; the start page if it has no GET."""
    rule = request.url_rule
    return request.path if rule is None or "GET" in (rule.methods or ()) else url_for("patient.home")


def _local_path(path: str) -> str:
    """Return the path if it is one of this application, else the start page: prevents an open redirect."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_ours else url_for("patient.home")


def _store_in_case(chosen: str) -> None:
    reference = sessions.case_reference()
    if reference is None:
        return
    try:
        set_language(resources().engine, reference, chosen)
    except EngineUnavailable:
        # the session has the language; only the case's messages don't
        current_app.logger.warning("the language of case %s couldn't be changed: the engine is unavailable", reference)
