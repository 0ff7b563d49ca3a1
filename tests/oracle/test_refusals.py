"""Forms that form-js can't show, and those whose components it names itself, are refused before they are deployed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Error

from camunda7.forms import Form, UnsupportedForm
from tests.oracle.form_js import FormJs, form_js_in

pytestmark = pytest.mark.browser


def text(name: str, key: str) -> dict[str, Any]:
    return {"type": "textfield", "id": name, "key": key}


def box(kind: str, name: str, path: str, *components: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "id": name, "path": path, "components": list(components)}


BROKEN = {
    "same key": [text("A", "x"), text("B", "x")],
    "same id": [text("A", "x"), text("A", "y")],
    "one within the other": [text("A", "x"), text("B", "x.y")],
    "same key in a group": [text("A", "x"), {**box("group", "G", "", text("B", "x")), "path": ""}],
    "a list and a field": [text("A", "l"), box("dynamiclist", "L", "l", text("B", "x"))],
    "two lists": [box("dynamiclist", "L", "l", text("A", "x")), box("dynamiclist", "M", "l", text("B", "y"))],
    "two groups": [box("group", "G", "g", text("A", "x")), box("group", "H", "g", text("B", "x"))],
    "twice in a row": [box("dynamiclist", "L", "l", text("A", "x"), text("B", "x"))],
    "a file": [{"type": "filepicker", "id": "A", "key": "x"}],
    "nonsense": [{"type": "nonsense", "id": "A", "key": "x"}],
}
# forms with which form-js fails while it renders
FAILING = {
    "no layout": [{**text("A", "x"), "layout": None}],
    "no text": [{"type": "text", "id": "A", "text": None}],
}
VALID = {
    "without ids": [{"type": "textfield", "key": "x"}, {"type": "number", "key": "y"}],
    "nothing in place of objects": [{**text("A", "x"), "conditional": None, "properties": None}],
    "no increment": [{"type": "number", "id": "A", "key": "x", "increment": None}],
    "one group in two parts": [box("group", "G", "g", text("A", "x")), box("group", "H", "g", text("B", "y"))],
    "the same name in two lists": [
        box("dynamiclist", "L", "l", text("A", "x")),
        box("dynamiclist", "M", "m", text("B", "x")),
    ],
    "the same name inside and outside": [text("A", "x"), box("dynamiclist", "L", "l", text("B", "x"))],
}


@pytest.fixture(scope="module")
def form_js(chromium: Browser) -> Iterator[FormJs]:
    with form_js_in(chromium) as form_js:
        yield form_js


def schema(components: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "default", "id": "form", "schemaVersion": 16, "components": components}


@pytest.mark.parametrize("name", BROKEN)
def test_a_form_that_form_js_cannot_show_is_refused(form_js: FormJs, name: str) -> None:
    with pytest.raises(Error):
        form_js.answer(schema(BROKEN[name]))
    with pytest.raises(UnsupportedForm, match="form: component"):
        Form.parse(schema(BROKEN[name]))


@pytest.mark.parametrize("name", FAILING)
def test_a_form_that_form_js_fails_to_render_is_refused(chromium: Browser, name: str) -> None:
    errors: list[Error] = []
    with form_js_in(chromium) as failing:
        failing.answer(schema([]))
        failing.page.on("pageerror", lambda error: errors.append(error))
        failing.answer(schema(FAILING[name]))
    assert errors
    with pytest.raises(UnsupportedForm, match="is null instead of"):
        Form.parse(schema(FAILING[name]))


@pytest.mark.parametrize("name", VALID)
def test_a_form_that_form_js_shows_is_accepted(form_js: FormJs, name: str) -> None:
    theirs = form_js.answer(schema(VALID[name]))["submitted"]
    form = Form.parse(schema(VALID[name]))
    assert form.read(form.initial_post()).values == theirs
