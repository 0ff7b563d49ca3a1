"""Every text that patients read is translated to every language."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po
from jinja2 import Environment

from config.settings import ROOT
from processes.variables import VARIABLES
from services.government import notification
from tests.support.catalogues import TRANSLATIONS, catalogue
from webapp import questionnaires
from webapp.languages import ENGLISH, LANGUAGES
from workers import messages

OTHERS = sorted(set(LANGUAGES) - {ENGLISH})
# process managers, whose pages are in a folder of their own, read English
TEMPLATES = sorted((ROOT / "webapp" / "templates").glob("*.html"))
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}|</?\w+[^>]*>")


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The texts of code, templates and forms that are marked for translation."""
    found = tmp_path_factory.mktemp("texts") / "texts.pot"
    mapping = ["--mapping", str(TRANSLATIONS / "babel.cfg"), "--keywords", "lazy_gettext"]
    CommandLineInterface().run(["pybabel", "--quiet", "extract", *mapping, "--output", str(found), str(ROOT)])
    with found.open("rb") as file:
        return {message.id for message in read_po(file) if message.id}


def find_differences(texts: set[str], translations: Catalog) -> set[str]:
    """Texts without a usable translation, and translations without a text."""
    usable = {message.id for message in translations if message.id and message.string and not message.fuzzy}
    return texts ^ usable | set(translations.obsolete)


def placeholders(text: str) -> list[str]:
    return sorted(PLACEHOLDER.findall(text))


@pytest.mark.parametrize("language", OTHERS)
def test_no_translation_is_missing_or_obsolete(texts: set[str], language: str) -> None:
    assert len(texts) > 300
    assert find_differences(texts, catalogue(language)) == set(), "run `make texts`, and translate"


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_placeholders_of_its_text(language: str) -> None:
    wrong = [m.id for m in catalogue(language) if m.id and placeholders(m.id) != placeholders(m.string)]
    assert wrong == []


def test_missing_fuzzy_and_obsolete_translations_are_found() -> None:
    planted = Catalog(locale="fr")
    planted.add("done", "fait")
    planted.add("empty", "")
    planted.add("uncertain", "incertain", flags=["fuzzy"])
    planted.add("gone", "parti")
    assert find_differences({"done", "empty", "uncertain", "new"}, planted) == {"empty", "uncertain", "new", "gone"}
    assert placeholders("%(day)s of <b>{label}</b>") != placeholders("%(days)s of <b>{label}</b>")


def unmarked(template: str) -> list[str]:
    """Words of a template that aren't marked for translation."""
    data = "".join(text if kind == "data" else "\x00" for _, kind, text in Environment().lex(_without_trans(template)))
    words = html.unescape(re.sub(r"<[^>]*>", " ", data)).replace("CoronaCare", "")
    return re.findall(r"[^\W\d_]{2,}", words)


def _without_trans(template: str) -> str:
    return re.sub(r"\{% trans .*?endtrans %\}", "", template, flags=re.DOTALL)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_no_text_of_a_page_is_left_unmarked(path: Path) -> None:
    assert unmarked(path.read_text()) == []


def test_a_text_that_is_not_marked_is_found() -> None:
    planted = '<p class="x">{{ _("marked") }} Not marked</p>{% trans a=b %}marked{% endtrans %}'
    assert unmarked(planted) == ["Not", "marked"]


def test_all_texts_of_a_form_are_marked_for_translation(texts: set[str]) -> None:
    """Compared with the form's file: labels, hints and contents at any depth."""
    names = {"label", "description", "text", "dateLabel", "timeLabel", "page"}
    for form in questionnaires.FORMS:
        found: set[str] = set()

        def collect(item: dict, found: set[str] = found) -> dict:
            found |= {value for name, value in item.items() if name in names and isinstance(value, str) and value}
            return item

        json.loads((ROOT / "forms" / f"{form}.form").read_text(), object_hook=collect)
        assert found - texts - set(LANGUAGES.values()) == set()


def test_every_message_is_translated_to_every_language() -> None:
    to_staff = messages.TO_DOCTORS | messages.TO_MANAGERS
    to_patients = {name: found for name, found in messages.TEXTS.items() if name not in to_staff}
    for name, found in (to_patients | notification.TEXTS).items():
        assert set(found) == set(LANGUAGES), name
    for notes in (messages.MAIL_NOTES, messages.SMS_NOTES, notification.MAIL_NOTES, notification.SMS_NOTES):
        assert set(notes) == set(LANGUAGES)


def test_the_languages_are_the_same_everywhere() -> None:
    assert tuple(LANGUAGES) == VARIABLES["language"].values
    form = (ROOT / "forms" / "evaluation_request.form").read_text()
    assert all(f'"{name}"' in form for name in LANGUAGES.values())
    assert {path.name for path in TRANSLATIONS.iterdir() if path.is_dir()} == set(OTHERS)
