"""Intended differences from form-js 1.8.7: each is a defect there, with a minimal example of both behaviours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser
from werkzeug.datastructures import MultiDict

from camunda7.forms import Form
from tests.oracle.form_js import FormJs, form_js_in

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def form_js(chromium: Browser) -> Iterator[FormJs]:
    with form_js_in(chromium) as form_js:
        yield form_js


def schema(*components: dict[str, Any]) -> dict[str, Any]:
    return {"type": "default", "id": "form", "schemaVersion": 16, "components": list(components)}


def theirs(form_js: FormJs, form: dict[str, Any], typed: dict[str, Any], data: dict[str, Any] | None = None) -> Any:
    found = form_js.answer(form, typed, data)
    return found["submitted"], found["errors"]


def ours(form: dict[str, Any], posted: dict[str, str], data: dict[str, Any] | None = None) -> Any:
    parsed = Form.parse(form)
    everything = parsed.initial_post(data)
    everything.update(MultiDict(posted))
    answers = parsed.read(everything, data)
    return answers.values, {name: [each.rule for each in found] for name, found in answers.problems.items()}


def field(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "id": "X", "key": "x", **more}


def test_form_js_accepts_spaces_as_an_answer(form_js: FormJs) -> None:
    form = schema(field("textfield", validate={"required": True}))
    assert theirs(form_js, form, {"X": "  "}) == ({"x": "  "}, {})
    assert ours(form, {"x": "  "}) == ({"x": ""}, {"x": ["required"]})


def test_form_js_refuses_an_address_with_spaces_around_it(form_js: FormJs) -> None:
    form = schema(field("textfield", validate={"validationType": "email"}))
    assert theirs(form_js, form, {"X": "a@b.example "}) == (
        {"x": "a@b.example "},
        {"X": ["Field must be a valid email."]},
    )
    assert ours(form, {"x": "a@b.example "}) == ({"x": "a@b.example"}, {})


def test_form_js_accepts_invisible_characters_as_an_answer(form_js: FormJs) -> None:
    form = schema(field("textfield", validate={"required": True}))
    assert theirs(form_js, form, {"X": "\u200b"}) == ({"x": "\u200b"}, {})
    assert ours(form, {"x": "\u200b"}) == ({"x": ""}, {"x": ["required"]})


def test_form_js_accepts_ascii_digits_only(form_js: FormJs) -> None:
    form = schema(field("textfield", validate={"pattern": "^[0-9]{5}$"}))
    assert theirs(form_js, form, {"X": "١٢٣٤٥"})[1] != {}
    assert ours(form, {"x": "١٢٣٤٥"}) == ({"x": "12345"}, {})


def test_form_js_loses_text_that_is_pasted_into_a_number(form_js: FormJs) -> None:
    form = schema(field("number"))
    assert theirs(form_js, form, {"X": "twelve"}) == ({"x": None}, {})
    assert ours(form, {"x": "twelve"}) == ({"x": None}, {"x": ["number"]})


@pytest.mark.parametrize(("pasted", "read"), [("0x10", 16), ("1e3", 1000)])
def test_form_js_accepts_hexadecimal_and_exponential_numbers(form_js: FormJs, pasted: str, read: int) -> None:
    form = schema(field("number"))
    assert theirs(form_js, form, {"X": pasted}) == ({"x": read}, {})
    assert ours(form, {"x": pasted}) == ({"x": None}, {"x": ["number"]})


def test_form_js_drops_the_rows_of_a_list_beyond_the_fifth(form_js: FormJs) -> None:
    """Unless the list has disableCollapse, as ours have."""
    rows = [{"name": str(number)} for number in range(7)]
    people = {"type": "dynamiclist", "id": "L", "path": "people", "isRepeating": True, "allowAddRemove": True}
    form = schema({**people, "components": [{"type": "textfield", "id": "N", "key": "name"}]})
    assert theirs(form_js, form, {}, {"people": rows})[0] == {"people": rows[:5]}
    assert ours(form, {}, {"people": rows})[0] == {"people": rows}
    uncollapsed = schema({**form["components"][0], "disableCollapse": True})
    assert theirs(form_js, uncollapsed, {}, {"people": rows})[0] == {"people": rows}


def test_form_js_shows_a_field_that_depends_on_a_hidden_answer(form_js: FormJs) -> None:
    """form-js evaluates conditions twice, not until nothing changes."""

    def shown_after(key: str, name: str) -> dict[str, Any]:
        return {"type": "textfield", "id": name.upper(), "key": name, "conditional": {"hide": f'={key} != "yes"'}}

    form = schema(field("textfield"), shown_after("x", "a"), shown_after("a", "b"), shown_after("b", "c"))
    form_js.answer(form, {"X": "yes", "A": "yes", "B": "yes", "C": "stays"})
    assert form_js.change("X", "no") == {"x": "no", "c": "stays"}
    assert ours(form, {"x": "no", "a": "yes", "b": "yes", "c": "stays"}) == ({"x": "no"}, {})


def test_form_js_loses_a_date_without_a_time(form_js: FormJs) -> None:
    form = schema(field("datetime", subtype="datetime"))
    assert theirs(form_js, form, {"X": "2021-03-04T"}) == ({"x": None}, {})
    assert ours(form, {"x-day": "4", "x-month": "3", "x-year": "2021"}) == ({"x": None}, {"x": ["moment"]})


def test_form_js_refuses_a_past_date_in_its_calendar_but_not_in_its_validation(form_js: FormJs) -> None:
    form = schema(field("datetime", subtype="date", disallowPassedDates=True))
    assert theirs(form_js, form, {}, {"x": "2021-03-04"}) == ({"x": "2021-03-04"}, {})
    assert ours(form, {}, {"x": "2021-03-04"}) == ({"x": None}, {"x": ["past"]})


def test_form_js_shifts_a_date_into_the_past_west_of_greenwich(chromium: Browser) -> None:
    """It shifts by one day each time that it is rendered."""
    form = schema(field("datetime", subtype="date"))
    with form_js_in(chromium, "America/New_York") as form_js:
        assert theirs(form_js, form, {}, {"x": "2021-03-04"})[0]["x"] < "2021-03-04"
    assert ours(form, {}, {"x": "2021-03-04"})[0] == {"x": "2021-03-04"}
