"""Questions that a choice on the page makes visible: rendered for a stylesheet, ignored in values and validation."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from werkzeug.datastructures import MultiDict

from camunda7.forms import Form
from camunda7.forms.rendering import MAX_TRIGGERS
from config.settings import ROOT

CHANNELS = [{"label": each, "value": each} for each in ("email", "sms", "phone")]


def question(key: str, kind: str = "textfield", hide: str = "", **more: Any) -> dict[str, Any]:
    conditional = {"conditional": {"hide": f"={hide}"}} if hide else {}
    return {"type": kind, "id": key, "key": key, "label": key, "validate": {"required": True}, **conditional, **more}


COUGH = question("cough", "checkbox", validate={})
CHANNEL = question("channel", "radio", values=CHANNELS)
EMAIL = question("email", hide='channel != "email"')
PHONE = question("phone", hide='channel = "email" or channel = null')


def form_of(*components: dict[str, Any]) -> Form:
    return Form.parse({"id": "f", "type": "default", "schemaVersion": 16, "components": list(components)})


def render(form: Form, posted: dict[str, str], conceal: bool = True) -> BeautifulSoup:
    answers = form.read(MultiDict(posted))
    return BeautifulSoup(form.html(form.pages[0], answers, conceal=conceal), "html.parser")


def shown_by(page: BeautifulSoup) -> dict[str, list[str]]:
    """The values of the options that show a question, by its name."""
    found = {}
    for box in page.select("[data-shown-by]"):
        number = box["data-shown-by"]
        options = [each["value"] for each in page.select("[data-shows]") if number in each["data-shows"].split()]
        found[box.select_one("input:not([type=hidden])")["name"]] = options
    return found


@pytest.mark.parametrize("channel", ["", "email", "sms"])
@pytest.mark.parametrize("kind", ["radio", "select"])
def test_the_options_that_show_a_question_are_named_whatever_is_chosen(kind: str, channel: str) -> None:
    page = render(form_of({**CHANNEL, "type": kind}, EMAIL, PHONE), {"channel": channel} if channel else {})
    assert shown_by(page) == {"email": ["email"], "phone": ["sms", "phone"]}


def test_a_box_shows_a_question_below_it() -> None:
    page = render(form_of(COUGH, question("since", hide="cough != true")), {})
    assert shown_by(page) == {"since": ["true"]}


def test_a_concealed_question_has_no_part_in_values_and_validation() -> None:
    form = form_of(CHANNEL, EMAIL, PHONE)
    posted = MultiDict([("channel", "sms"), ("email", "x"), ("phone", "1")])
    posted.setlist("shown", ["channel", "email", "phone"])
    answers = form.read(posted)
    assert (answers.accepted, answers.values) == (True, {"channel": "sms", "phone": "1"})


def test_a_question_that_the_page_had_is_required_at_once() -> None:
    form = form_of(CHANNEL, EMAIL)
    page = render(form, {})
    assert [each["value"] for each in page.select("input[name=shown]")] == ["channel", "email"]
    posted = MultiDict([("channel", "email"), ("email", ""), ("shown", "channel"), ("shown", "email")])
    assert [name for name, _ in form.problems(form.pages[0], form.read(posted))] == ["email"]


@pytest.mark.parametrize(
    "hide",
    ["doses = null or doses < 1", 'channel != "email" and cough = true', 'channel = "email"', "this.channel != 1"],
)
def test_other_conditions_are_evaluated_by_the_server(hide: str) -> None:
    page = render(form_of(question("doses", "number"), COUGH, CHANNEL, question("more", hide=hide)), {})
    assert shown_by(page) == {}


@pytest.mark.parametrize("channel", ["", "email"])
def test_a_choice_on_an_earlier_page_is_no_trigger(channel: str) -> None:
    group = {"type": "group", "id": "G", "label": "Address", "components": [question("street")]}
    later = {**group, "properties": {"page": "Address"}, "conditional": {"hide": '=channel != "email"'}}
    form = form_of({**CHANNEL, "properties": {"page": "Channel"}}, later)
    answers = form.read(MultiDict({"channel": channel} if channel else {}))
    first, second = (BeautifulSoup(form.html(page, answers, conceal=True), "html.parser") for page in form.pages)
    assert first.select("[name=street], [data-shows]") == []
    assert len(second.select("[name=street]")) == (1 if channel else 0)
    assert second.select("[data-shown-by]") == []


def test_without_a_stylesheet_for_them_there_are_no_concealed_questions() -> None:
    page = render(form_of(CHANNEL, EMAIL), {}, conceal=False)
    assert page.select("[name=email], [data-shown-by], [data-shows]") == []


def test_the_stylesheet_has_a_rule_for_each_number() -> None:
    style = (ROOT / "webapp/static/coronacare.css").read_text()
    numbers = range(1, MAX_TRIGGERS + 1)
    assert all(f'form:has([data-shows~="{each}"]:checked) [data-shown-by="{each}"]' in style for each in numbers)
    boxes = [(question(f"b{n}", "checkbox", validate={}), question(f"q{n}", hide=f"b{n} != true")) for n in range(15)]
    page = render(form_of(*(each for pair in boxes for each in pair)), {})
    assert [int(each["data-shown-by"]) for each in page.select("[data-shown-by]")] == list(numbers)
