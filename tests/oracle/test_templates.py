"""Texts with templates or expressions, and unusual values of properties: shown as in form-js, or refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser

from camunda7.forms import Form
from tests.oracle.form_js import FormJs, form_js_in

pytestmark = pytest.mark.browser

DATA = {"unit": "kg", "lines": "one\ntwo", "n": 2, "rows": [{"a": 1, "b": "x"}], "heads": [{"key": "b", "label": "B"}]}
TEXTS = ("{{unit}}", "=unit", "in {{ unit }}", "={{", "=n", "{{lines}}", "plain\nsecond", "{{nothing}}", "")
# by component and property: CSS selectors of the text in form-js and on our page
PLACES: dict[tuple[str, str], tuple[str, str]] = {
    ("textfield", "label"): ("label", "label"),
    ("textfield", "description"): (".fjs-form-field-description", ".govuk-hint"),
    ("textfield", "appearance.prefixAdorner"): (".fjs-input-adornment", ".govuk-input__prefix"),
    ("number", "appearance.suffixAdorner"): (".fjs-input-adornment", ".govuk-input__suffix"),
    ("datetime", "timeLabel"): ("label", "label"),
    ("text", "text"): (".fjs-form-field-text", "p, h1"),
    ("table", "label"): ("label", "caption"),
}


@pytest.fixture(scope="module")
def form_js(chromium: Browser) -> Iterator[FormJs]:
    with form_js_in(chromium) as form_js:
        yield form_js


def form_with(kind: str, name: str, value: Any) -> dict[str, Any]:
    component: dict[str, Any] = {"type": kind, "id": "C", "validate": {"required": True}}
    component |= {} if kind in ("text", "table") else {"key": "c"}
    if kind in ("text", "table"):
        del component["validate"]
    component |= {"subtype": "time"} if kind == "datetime" else {}
    outer, _, inner = name.partition(".")
    component[outer] = {inner: value} if inner else value
    return {"type": "default", "id": "form", "schemaVersion": 16, "components": [component]}


def shown_here(schema: dict[str, Any], place: str) -> list[str]:
    form = Form.parse(schema)
    page = BeautifulSoup(form.html(form.pages[0], form.read(form.initial_post(DATA), DATA)), "html.parser")
    return texts(each.get_text() for each in page.select(place))


def texts(found: Any) -> list[str]:
    """Texts without form-js's mark of required fields, and without whitespace, as the two differ in line breaks."""
    return [text for each in found if (text := "".join(each.removesuffix("*").split()))]


@pytest.mark.parametrize(("kind", "name"), PLACES, ids=".".join)
def test_templates_are_shown_as_form_js_shows_them(form_js: FormJs, kind: str, name: str) -> None:
    theirs_at, ours_at = PLACES[kind, name]
    for text in TEXTS:
        if text == "={{":
            # an invalid expression: we refuse it, form-js shows nothing
            continue
        schema = form_with(kind, name, text)
        form_js.answer(schema, data=DATA)
        theirs = texts(form_js.page.eval_on_selector_all(theirs_at, "found => found.map(each => each.textContent)"))
        ours = shown_here(schema, ours_at)
        if kind == "datetime" and not theirs:
            # our page has a default label if the form has none
            continue
        if name == "description" and not theirs:
            ours = []
        assert ours == theirs, (kind, name, text)


def test_columns_of_a_table_may_be_an_expression(form_js: FormJs) -> None:
    table = {"type": "table", "id": "T", "label": "T", "dataSource": "=rows", "columns": [{"key": "a", "label": "A"}]}
    for expression, heads in (("=heads", ["B"]), ("=unit", []), ("=rows", []), ("", [])):
        own = {**table, "columnsExpression": expression}
        schema = {"type": "default", "id": "form", "schemaVersion": 16, "components": [own]}
        form_js.answer(schema, data=DATA)
        theirs = form_js.page.eval_on_selector_all("th", "found => found.map(each => each.textContent)")
        assert texts(theirs) == shown_here(schema, "th") == heads
