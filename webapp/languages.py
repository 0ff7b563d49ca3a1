"""The reader's language: as they chose it, as their case has it, or as their browser asks for it.

All texts stand in English where they are shown; webapp/translations/ has them in the other languages.
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
from webapp.formatting import day, duration, moment, translated
from webapp.resources import resources

pages = Blueprint("languages", __name__)

# as each calls itself; and the country whose way of writing days is ours
LANGUAGES = {"en": "English", "fr": "Français", "ar": "العربية"}
LOCALES = {"en": "en_GB"}
ENGLISH = "en"


class TranslationsMissing(Exception):
    """Start-up: a language's catalogue hasn't been compiled."""


def init_app(app: Flask, time_zone: str) -> None:
    """Have the application speak the reader's language, in this time zone.

    Raises:
        TranslationsMissing: `make setup` hasn't been run.
    """
    app.config["BABEL_DEFAULT_TIMEZONE"] = time_zone
    babel = Babel(app, locale_selector=lambda: LOCALES.get(language(), language()))
    with app.app_context():
        missing = set(LANGUAGES) - {locale.language for locale in babel.list_translations()}
    if missing:
        raise TranslationsMissing(f"webapp/translations: {', '.join(sorted(missing))} not compiled; run `make setup`")
    for write in (translated, day, moment, duration):
        app.add_template_filter(write)
    app.context_processor(_of_the_reader)


@pages.post("/language")
def choose() -> Response:
    """Take the reader's choice, for the messages of the case that they have open too; go back to the page."""
    chosen = request.form.get("language", "")
    if chosen in LANGUAGES:
        prefer(chosen)
        _keep_with_case(chosen)
    return redirect(_own_page(request.form.get("back", "")), 303)


def language() -> str:
    """The reader's language. Staff read English."""
    if request.blueprint == "staff":
        return ENGLISH
    return session.get("language") or negotiate_locale(request.accept_languages.values(), LANGUAGES, "-") or ENGLISH


def prefer(chosen: str | None) -> None:
    """Speak this language from now on, if it is one of ours."""
    if chosen in LANGUAGES:
        session["language"] = chosen
        refresh()


def follow(case_language: str | None) -> None:
    """Speak the language of the case from now on, unless the reader has chosen another."""
    if "language" not in session:
        prefer(case_language)


def _of_the_reader() -> dict[str, Any]:
    locale = get_locale()
    return {"language": locale.language, "direction": locale.text_direction, "languages": LANGUAGES, "here": _here()}


def _here() -> str:
    """The page to show again in another language; the start page for what can't be shown twice."""
    rule = request.url_rule
    return request.path if rule is None or "GET" in (rule.methods or ()) else url_for("patient.home")


def _own_page(path: str) -> str:
    """A path of ours; whatever else was sent would lead to somebody else's page."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_ours else url_for("patient.home")


def _keep_with_case(chosen: str) -> None:
    reference = sessions.case_reference()
    if reference is None:
        return
    try:
        set_language(resources().engine, reference, chosen)
    except EngineUnavailable:
        # the pages speak it all the same
        current_app.logger.warning("the language of %s is not kept: the engine is away", reference)
