import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from camunda7.forms import Answers, Form, UnsupportedForm
from camunda7.forms.rendering import _PageTexts
from camunda7.inputs.days import DayLimit, today
from camunda7.inputs.place import Place
from config.settings import ROOT
from webapp import questionnaires

REQUIRED = {"required": True}
FORMS = sorted((ROOT / "forms").glob("*.form"))


def form(*components: dict[str, Any]) -> Form:
    return Form.parse({"type": "default", "id": "test", "components": list(components)})


def field(kind: str, **properties: Any) -> dict[str, Any]:
    return {"type": kind, "key": "x", "label": "X", "id": "Field_x", **properties}


def read_one(component: dict[str, Any], **posted: str) -> tuple[Any, str | None]:
    """The value and the error of a form with one field."""
    parsed = form(component)
    answers = parsed.read(MultiDict(posted))
    return answers.values["x"], errors(parsed, answers).get("x")


def errors(parsed: Form, answers: Answers) -> dict[str, str]:
    """Error messages by the name of the input, including inputs in groups and lists."""
    nodes = {node.name: node for node in answers.walk()}
    return {name: found[0].text(nodes[name].component.label.text) for name, found in answers.problems.items()}


def read_with_all_shown(
    parsed: Form, posted: dict[str, str] | None = None, data: dict[str, Any] | None = None
) -> Answers:
    """Read answers as if all questions of the form had been shown."""
    fields = MultiDict(posted or {})
    fields.setlist("shown", [node.name for node in parsed.read(fields, data).walk()])
    return parsed.read(fields, data)


def page_of(parsed: Form, answers: Answers, checked: bool = False) -> BeautifulSoup:
    return BeautifulSoup("".join(parsed.html(page, answers, checked) for page in parsed.pages), "html.parser")


@pytest.mark.parametrize(
    ("not_before", "is_recent"),
    [("", False), ("today - 130 years", False), ("today - 14 days, date_of_birth", True), ("2020-03-01", True)],
)
def test_the_example_of_a_date_is_a_day_that_the_field_accepts(not_before: str, is_recent: bool) -> None:
    parsed = form(field("datetime", subtype="date", dateLabel="X", properties={"notBefore": not_before}))
    hint = page_of(parsed, parsed.read(MultiDict())).select_one(".govuk-hint").get_text(strip=True)
    *_text, day, month, year = hint.split()
    assert hint.startswith("For example, ")
    assert (today(ZoneInfo("Pacific/Apia")) - date(int(year), int(month), int(day)) < timedelta(days=6)) == is_recent


def test_a_question_that_depends_on_another_is_set_apart() -> None:
    parsed = form(
        {**field("checkbox"), "key": "cough", "id": "Field_cough"},
        field("datetime", subtype="date", dateLabel="X", conditional={"hide": "=cough != true"}),
    )
    page = page_of(parsed, parsed.read(MultiDict({"cough": "true"})))
    assert page.select_one(".form-conditional input[type=text]")["name"] == "x-day"
    assert page.select_one(".form-conditional [type=checkbox]") is None


class TestFields:
    def test_space_around_a_text_is_removed(self) -> None:
        assert read_one(field("textfield"), x="  a b ") == ("a b", None)

    def test_a_blank_text_is_read_as_an_empty_text(self) -> None:
        assert read_one(field("textfield"), x="  ") == ("", None)

    def test_a_required_text_of_spaces_is_an_error(self) -> None:
        assert read_one(field("textfield", validate=REQUIRED), x="  ")[1] == "Enter an answer: X"

    @pytest.mark.parametrize("kind", ["textfield", "textarea", "number"])
    def test_a_missing_required_answer_is_an_error(self, kind: str) -> None:
        assert read_one(field(kind, validate=REQUIRED))[1] == "Enter an answer: X"

    def test_a_required_checkbox_must_be_ticked(self) -> None:
        assert read_one(field("checkbox", validate=REQUIRED))[1] == "Confirm: X"
        assert read_one(field("checkbox", validate=REQUIRED), x="true") == (True, None)

    def test_an_unticked_checkbox_is_false(self) -> None:
        assert read_one(field("checkbox")) == (False, None)

    @pytest.mark.parametrize(("typed", "value"), [("3", 3), ("3.5", 3.5), ("3,5", 3.5), ("-2", -2)])
    def test_a_number_may_have_a_point_or_a_comma(self, typed: str, value: float) -> None:
        assert read_one(field("number"), x=typed) == (value, None)

    @pytest.mark.parametrize("typed", ["three", "1e3", "NaN", "Infinity", "0x10", "1 000", "three ٣"])
    def test_an_invalid_number_is_an_error(self, typed: str) -> None:
        assert read_one(field("number"), x=typed) == (None, "X must be a number, like 12 or 12.5")

    def test_the_bounds_of_a_range_are_included(self) -> None:
        bounded = field("number", validate={"min": 1, "max": 5})
        assert [read_one(bounded, x=typed)[1] for typed in ("1", "5")] == [None, None]
        assert read_one(bounded, x="0")[1] == "X must be 1 or more"
        assert read_one(bounded, x="6")[1] == "X must be 5 or less"

    def test_too_many_decimal_places_are_an_error(self) -> None:
        assert read_one(field("number", decimalDigits=1), x="1.25")[1] == "X must have at most 1 digits after the point"
        assert read_one(field("number", decimalDigits=1), x="1.20") == (1.2, None)
        assert read_one(field("number", decimalDigits=0), x="12") == (12, None)

    def test_the_bounds_of_a_length_are_included(self) -> None:
        bounded = field("textfield", validate={"minLength": 2, "maxLength": 3})
        assert [read_one(bounded, x=typed)[1] for typed in ("ab", "abc")] == [None, None]
        assert read_one(bounded, x="a")[1] == "X must be 2 characters or more"
        assert read_one(bounded, x="abcd")[1] == "X must be 3 characters or fewer"

    def test_a_text_must_match_its_pattern(self) -> None:
        letters = field("textfield", validate={"pattern": "^[A-Z]+$"})
        assert read_one(letters, x="ab")[1] == "X is not in the right format"
        assert read_one(letters, x="AB") == ("AB", None)

    def test_a_pattern_counts_characters_as_javascript_does(self) -> None:
        two = field("textfield", validate={"pattern": "^.{2}$"})
        assert [read_one(two, x=typed)[1] is None for typed in ("😀", "é!", "é", "😀!")] == [True, True, False, False]
        pair = field("textfield", validate={"pattern": "^a😀$"})
        assert read_one(pair, x="a😀")[1] is None

    @pytest.mark.parametrize("typed", ["a@b.example", "a.b+c@d-e.example"])
    def test_a_valid_email_is_accepted(self, typed: str) -> None:
        assert read_one(field("textfield", validate={"validationType": "email"}), x=typed)[1] is None

    @pytest.mark.parametrize("typed", ["a", "a@", "@b.example", "a b@c.example"])
    def test_an_invalid_email_is_an_error(self, typed: str) -> None:
        assert "email address" in read_one(field("textfield", validate={"validationType": "email"}), x=typed)[1]

    @pytest.mark.parametrize("kind", ["radio", "select"])
    def test_only_an_offered_option_is_accepted(self, kind: str) -> None:
        choice = field(kind, values=[{"value": "a", "label": "A"}])
        assert read_one(choice, x="a") == ("a", None)
        assert read_one(choice, x="b") == (None, "Select one of the answers: X")

    @pytest.mark.parametrize(
        ("day", "month", "year", "value"),
        [("29", "2", "2020", "2020-02-29"), ("01", "12", "1999", "1999-12-01"), ("", "", "", None)],
    )
    def test_a_valid_date_is_read(self, day: str, month: str, year: str, value: str | None) -> None:
        posted = {"x-day": day, "x-month": month, "x-year": year}
        assert read_one(field("datetime", subtype="date"), **posted) == (value, None)

    @pytest.mark.parametrize(
        ("day", "month", "year"),
        [("30", "2", "2020"), ("1", "13", "2020"), ("1", "May", "2020"), ("9" * 5000, "1", "2020")],
    )
    def test_an_invalid_date_is_an_error(self, day: str, month: str, year: str) -> None:
        posted = {"x-day": day, "x-month": month, "x-year": year}
        assert "real date" in read_one(field("datetime", subtype="date"), **posted)[1]

    @pytest.mark.parametrize(
        ("parts", "message", "input_"),
        [
            (("", "5", "1990"), "Day must include a day", "x-day"),
            (("1", "", "1990"), "Day must include a month", "x-month"),
            (("1", "5", ""), "Day must include a year", "x-year"),
            (("1", "5", "90"), "Day: the year must have 4 numbers", "x-year"),
            (("1", "5", "9" * 5000), "Day: the year must have 4 numbers", "x-year"),
            (("31", "2", "1990"), "Day: enter a real date, like 27 3 1990", "x-day"),
        ],
    )
    def test_an_error_names_the_part_of_the_date_that_is_wrong_and_links_to_it(
        self, parts: tuple[str, str, str], message: str, input_: str
    ) -> None:
        parsed = form(field("datetime", subtype="date", dateLabel="Day"))
        posted = dict(zip(("x-day", "x-month", "x-year"), parts, strict=True))
        assert parsed.problems(parsed.pages[0], read_with_all_shown(parsed, posted)) == [(input_, message)]


class TestMissingAnswers:
    """A required answer that is missing has an error message of its own."""

    @pytest.mark.parametrize("kind", ["textfield", "number", "radio", "select", "datetime", "checkbox"])
    def test_the_message_is_the_fields_own(self, kind: str) -> None:
        more = {"values": []} if kind in ("radio", "select") else {}
        parsed = form(field(kind, validate=REQUIRED, properties={"missing": "Say what x is"}, **more))
        answers = read_with_all_shown(parsed)
        [(_id, message)] = parsed.problems(parsed.pages[0], answers)
        assert message == "Say what x is"
        assert page_of(parsed, answers, checked=True).select_one(".govuk-error-message").text.strip().endswith(message)
        assert message in parsed.texts

    def test_another_problem_keeps_its_message(self) -> None:
        parsed = form(field("number", validate={**REQUIRED, "min": 2}, properties={"missing": "Say what x is"}))
        [(_id, message)] = parsed.problems(parsed.pages[0], read_with_all_shown(parsed, {"x": "1"}))
        assert message == "X must be 2 or more"

    @pytest.mark.parametrize("file", FORMS, ids=lambda file: file.stem)
    def test_each_required_answer_of_patients_has_one(self, file: Path) -> None:
        parsed = Form.parse(json.loads(file.read_text(encoding="utf-8")))
        is_patients = file.stem in questionnaires.FORMS
        every = [each for component in parsed.components for each in component.walk() if each.required]
        without = {each.path[-1] for each in every if each.type != "checkbox" and not each.missing}
        assert not is_patients or without <= {"call_reached"}


class TestRecentDays:
    """Dates of the last days are chosen: today, yesterday, or another day, which is typed."""

    PLACE = Place(ZoneInfo("Pacific/Apia"))
    RECENT = form(
        field(
            "datetime",
            subtype="date",
            dateLabel="Day",
            properties={"notBefore": "today - 14 days", "notAfter": "today"},
            validate={"required": True},
        )
    )

    def choices(self, posted: dict[str, str], now: date | None = None) -> tuple[Any, list[bool], list[str]]:
        """Return the value, which of the three is chosen, and the texts of the inputs.

        Args:
            now: day on which the page is shown, if it isn't today.
        """
        answers = self.RECENT.read(MultiDict(posted), place=self.PLACE)
        node = next(iter(answers.nodes))
        texts = _PageTexts(str, today=now or today(self.PLACE.zone))
        chosen = [item["checked"] for item in texts.day_choices(node, answers.posted)]
        return answers.values["x"], chosen, list(texts.day_parts(node, answers.posted).values())

    def test_a_chosen_day_is_its_date(self) -> None:
        now = today(self.PLACE.zone)
        for number, day in enumerate((now, now - timedelta(days=1))):
            value, chosen, _ = self.choices({"x-choice": str(day)})
            assert (value, [number]) == (str(day), [each for each in range(3) if chosen[each]])

    def test_the_day_of_a_draft_stays_the_same_overnight(self) -> None:
        day = today(self.PLACE.zone)
        saved = {"x-choice": str(day)}
        assert self.choices(saved, day + timedelta(days=1))[:2] == (str(day), [False, True, False])
        typed = [str(day.day), str(day.month), str(day.year)]
        assert self.choices(saved, day + timedelta(days=2)) == (str(day), [False, False, True], typed)

    def test_another_day_is_typed(self) -> None:
        day = today(self.PLACE.zone) - timedelta(days=5)
        parts = {"x-day": str(day.day), "x-month": str(day.month), "x-year": str(day.year)}
        for choice in ({"x-choice": "another"}, {}):
            assert self.choices(choice | parts) == (str(day), [False, False, True], list(parts.values()))
        # a typed day that is yesterday is shown as that
        assert self.choices({"x-choice": "another"} | {**parts, "x-day": ""})[:2] == (None, [False, False, True])

    def test_without_a_choice_the_error_links_to_the_first(self) -> None:
        answers = read_with_all_shown(self.RECENT, {})
        [(input_, _message)] = self.RECENT.problems(self.RECENT.pages[0], answers)
        page = page_of(self.RECENT, answers, checked=True)
        assert page.select_one(f"#{input_}")["type"] == "radio"
        assert [item["value"] for item in page.select("[name=x-choice]")][-1] == "another"
        assert page.select_one(".govuk-error-message")

    @pytest.mark.parametrize(
        ("posted", "input_"),
        [
            ({"x-choice": "another", "x-day": "31", "x-month": "2", "x-year": "2026"}, "x-day"),
            ({"x-choice": "another", "x-day": "3", "x-year": "2026"}, "x-month"),
            ({"x-choice": "2026-01-01"}, "x-choice"),
        ],
    )
    def test_an_error_links_to_an_input_that_is_shown(self, posted: dict[str, str], input_: str) -> None:
        answers = read_with_all_shown(self.RECENT, posted)
        assert [id_ for id_, _message in self.RECENT.problems(self.RECENT.pages[0], answers)] == [input_]

    @pytest.mark.parametrize("choice", ["", "yesterday", "2026-02-30"])
    def test_a_forged_choice_is_an_error(self, choice: str) -> None:
        answers = read_with_all_shown(self.RECENT, {"x-choice": choice})
        assert answers.values["x"] is None
        assert answers.problems

    @pytest.mark.parametrize(
        "properties",
        [
            {},
            {"notBefore": "today - 130 years", "notAfter": "today"},
            {"notBefore": "2020-03-01", "notAfter": "today"},
            {"notBefore": "today", "notAfter": "today + 14 days"},
        ],
    )
    def test_other_dates_are_typed(self, properties: dict[str, str]) -> None:
        parsed = form(field("datetime", subtype="date", dateLabel="Day", properties=properties))
        assert page_of(parsed, parsed.read(MultiDict())).select("[type=radio]") == []


class TestConditions:
    CONDITIONAL = form(
        {
            "type": "radio",
            "id": "Radio_had",
            "key": "had",
            "label": "Had?",
            "values": [{"value": v, "label": v} for v in ("yes", "no")],
        },
        field("textfield", validate=REQUIRED, conditional={"hide": '=had != "yes"'}),
    )

    def test_a_hidden_field_is_neither_checked_nor_submitted(self) -> None:
        answers = read_with_all_shown(self.CONDITIONAL, {"had": "no", "x": "earlier answer"})
        assert answers.accepted
        assert answers.values == {"had": "no"}

    def test_a_conditional_question_is_shown_without_an_error_before_it_must_be_answered(self) -> None:
        answers = self.CONDITIONAL.read(MultiDict([("had", "yes"), ("shown", "had")]))
        assert answers.unseen == {"x"}
        assert not answers.accepted
        [page] = self.CONDITIONAL.pages
        assert self.CONDITIONAL.problems(page, answers) == []
        shown = page_of(self.CONDITIONAL, answers, checked=True)
        assert shown.select("[name=x]")
        assert not shown.select(".govuk-error-message")

    def test_a_conditional_question_that_was_shown_must_be_answered(self) -> None:
        answers = read_with_all_shown(self.CONDITIONAL, {"had": "yes"})
        [page] = self.CONDITIONAL.pages
        assert self.CONDITIONAL.problems(page, answers) == [("x", "Enter an answer: X")]
        assert page_of(self.CONDITIONAL, answers, checked=True).select(".govuk-error-message")

    def test_a_disabled_field_is_not_submitted(self) -> None:
        assert form(field("textfield", disabled=True)).read(MultiDict({"x": "1"})).values == {}

    def test_a_readonly_field_ignores_what_is_posted(self) -> None:
        parsed = form(field("textfield", readonly=True))
        assert parsed.read(MultiDict({"x": "forged"}), {"x": "known"}).values == {"x": "known"}

    def test_posted_names_that_are_not_in_the_form_are_dropped_and_counted(self) -> None:
        parsed = form(field("textfield"))
        filled = parsed.merge_post(
            MultiDict(), parsed.pages[0], MultiDict({"x": "1", "admin": "true", "shown": "admin"})
        )
        assert (dict(filled.posted), filled.dropped) == ({"x": "1"}, 1)
        assert parsed.read(filled.posted).values == {"x": "1"}


class TestPages:
    PAGED = form(
        field("checkbox", id="More", key="more", properties={"page": "First"}),
        field("textfield", properties={"page": "Second"}, validate=REQUIRED, conditional={"hide": "=more != true"}),
        field("textfield", id="Last", key="last", properties={"page": "Third"}),
        field("textfield", id="Least", key="least"),
    )

    def test_a_component_with_a_page_title_starts_a_page(self) -> None:
        pages = [(page.number, page.title, len(page.components)) for page in self.PAGED.pages]
        assert pages == [(1, "First", 1), (2, "Second", 1), (3, "Third", 2)]

    def test_a_page_whose_questions_are_all_hidden_asks_nothing(self) -> None:
        with_all, without_second = (self.PAGED.read(MultiDict(posted)) for posted in ({"more": "true"}, {}))
        assert [page.has_inputs(with_all) for page in self.PAGED.pages] == [True, True, True]
        assert [page.has_inputs(without_second) for page in self.PAGED.pages] == [True, False, True]

    def test_a_page_stores_only_the_answers_to_its_own_questions(self) -> None:
        before = MultiDict({"more": "true", "last": "earlier"})
        posted = MultiDict([("x", "new"), ("last", "forged"), ("shown", "x"), ("shown", "last")])
        filled = self.PAGED.merge_post(before, self.PAGED.pages[1], posted)
        assert filled.posted.to_dict(flat=False) == {
            "more": ["true"], "last": ["earlier"], "x": ["new"], "shown": ["x"]
        }  # fmt: skip

    def test_an_unticked_answer_is_removed(self) -> None:
        filled = self.PAGED.merge_post(MultiDict({"more": "true"}), self.PAGED.pages[0], MultiDict({"shown": "more"}))
        assert "more" not in filled.posted

    def test_the_summary_lists_the_answers_of_each_page(self) -> None:
        answers = self.PAGED.read(MultiDict({"more": "true", "x": "A"}))
        summaries = [self.PAGED.summary(page, answers) for page in self.PAGED.pages]
        assert summaries == [[("X", "Yes")], [("X", "A")], [("X", "Not answered"), ("X", "Not answered")]]

    @pytest.mark.parametrize(("posted", "ticked"), [({}, "None of these"), ({"cough": "true"}, "A cough")])
    def test_the_boxes_of_a_group_are_one_line_of_the_summary(self, posted: dict[str, str], ticked: str) -> None:
        since = {"type": "textfield", "id": "S", "key": "since", "label": "Since when?"}
        boxes = [
            {"type": "checkbox", "id": "C", "key": "cough", "label": "A cough"},
            {**since, "conditional": {"hide": "=cough != true"}, "properties": {"subject": "The day of the cough"}},
            {"type": "checkbox", "id": "F", "key": "fever", "label": "A fever"},
        ]
        symptoms = form({"type": "group", "id": "G", "label": "Symptoms", "components": boxes})
        summary = symptoms.summary(symptoms.pages[0], symptoms.read(MultiDict({**posted, "since": "Monday"})))
        # a question that a box raised is named apart from it
        assert summary == [("Symptoms", ticked), *([("The day of the cough", "Monday")] if posted else [])]

    def test_the_summary_formats_days(self) -> None:
        days = form({"type": "datetime", "id": "D", "key": "day", "subtype": "date", "dateLabel": "Day"})
        answers = days.read(MultiDict({"day-day": "9", "day-month": "12", "day-year": "1990"}))
        assert days.summary(days.pages[0], answers) == [("Day", "9 12 1990")]
        assert days.summary(days.pages[0], answers, format_day=lambda day: f"<{day}>") == [("Day", "<1990-12-09>")]


class TestNoneOfThese:
    BOXES = form(
        {
            "type": "group",
            "id": "G",
            "label": "Symptoms",
            "properties": {"boxes": "required"},
            "components": [
                {"type": "checkbox", "id": "C", "key": "cough", "label": "A cough"},
                {"type": "checkbox", "id": "F", "key": "fever", "label": "A fever"},
            ],
        }
    )

    @pytest.mark.parametrize(
        ("ticked", "problem"),
        [
            ((), "any_or_none"),
            (("cough",), None),
            (("cough", "fever"), None),
            (("G-none",), None),
            (("cough", "G-none"), "any_and_none"),
        ],
    )
    def test_either_a_box_or_none_of_these_is_ticked(self, ticked: tuple[str, ...], problem: str | None) -> None:
        answers = read_with_all_shown(self.BOXES, dict.fromkeys(ticked, "true"))
        assert [each.message for found in answers.problems.values() for each in found] == ([problem] if problem else [])
        assert self.BOXES.pages[0].is_answered(answers) == (problem is None)
        assert answers.values == {"cough": "cough" in ticked, "fever": "fever" in ticked}

    def test_the_box_stands_after_the_others_and_the_error_links_to_the_first(self) -> None:
        answers = read_with_all_shown(self.BOXES)
        page = page_of(self.BOXES, answers, checked=True)
        assert [box["name"] for box in page.select("[type=checkbox]")] == ["cough", "fever", "G-none"]
        assert page.select_one("fieldset")["aria-describedby"] == page.select_one(".govuk-error-message")["id"]
        [(anchor, _message)] = self.BOXES.problems(self.BOXES.pages[0], answers)
        assert page.find(id=anchor)["name"] == "cough"

    def test_a_page_that_is_shown_again_keeps_the_tick(self) -> None:
        posted = MultiDict([("G-none", "true"), ("shown", "cough"), ("shown", "fever")])
        merged = self.BOXES.merge_post(MultiDict(), self.BOXES.pages[0], posted)
        assert merged.dropped == 0
        assert page_of(self.BOXES, self.BOXES.read(merged.posted)).select_one("[name=G-none]").has_attr("checked")


class TestLists:
    LIST = form(
        {
            "type": "dynamiclist",
            "id": "People",
            "path": "people",
            "label": "People",
            "components": [{"type": "textfield", "id": "N", "key": "name", "label": "Name", "validate": REQUIRED}],
        }
    )

    def filled(self, posted: dict[str, str]) -> MultiDict:
        return self.LIST.merge_post(MultiDict(), self.LIST.pages[0], MultiDict(posted)).posted

    def test_rows_are_read_in_order(self) -> None:
        posted = {"people-rows": "2", "people-0-name": "A", "people-1-name": "B"}
        assert self.LIST.read(MultiDict(posted)).values == {"people": [{"name": "A"}, {"name": "B"}]}

    @pytest.mark.parametrize(("names", "questions"), [(["A"], ["Name"]), (["A", "B"], ["1. Name", "2. Name"])])
    def test_the_summary_numbers_several_rows(self, names: list[str], questions: list[str]) -> None:
        posted = {f"people-{row}-name": name for row, name in enumerate(names)} | {"people-rows": str(len(names))}
        summary = self.LIST.summary(self.LIST.pages[0], self.LIST.read(MultiDict(posted)))
        assert summary == list(zip(questions, names, strict=True))

    def test_an_error_names_its_row(self) -> None:
        answers = self.LIST.read(MultiDict({"people-rows": "2", "people-0-name": "A"}))
        assert errors(self.LIST, answers) == {"people-1-name": "Enter an answer: Name"}

    def test_adding_a_row_keeps_the_answers(self) -> None:
        posted = self.filled({"people-rows": "1", "people-0-name": "A", "add": "people"})
        page = page_of(self.LIST, self.LIST.read(posted))
        assert [box.get("value") for box in page.select("input[name$=-name]")] == ["A", ""]

    def test_removing_a_row_moves_the_others_up(self) -> None:
        posted = {"people-rows": "3", "people-0-name": "A", "people-1-name": "B", "people-2-name": "C"}
        answers = self.LIST.read(self.filled({**posted, "remove": "people-1"}))
        assert answers.values == {"people": [{"name": "A"}, {"name": "C"}]}

    def test_the_only_row_can_not_be_removed(self) -> None:
        posted = self.filled({"people-rows": "1", "people-0-name": "A", "remove": "people-0"})
        assert posted["people-rows"] == "1"

    @pytest.mark.parametrize("rows", ["99999999", "-3", "x", "", "9" * 5000])
    def test_a_forged_number_of_rows_is_limited(self, rows: str) -> None:
        assert len(self.LIST.read(self.filled({"people-rows": rows})).values["people"]) <= 50


class TestParsing:
    @pytest.mark.parametrize(
        ("component", "message"),
        [
            ({"type": "filepicker", "key": "f", "id": "File_1"}, "filepicker"),
            (field("datetime", subtype="week"), "subtype is “week” instead of one of date, time, datetime"),
            (field("textfield", validate={"unique": True}), "unique"),
            (field("textfield", conditional={"hide": "=x +"}), "x +"),
            (field("textfield", conditional={"show": "=x"}), "conditional show"),
            (field("textfield", colour="red"), "colour"),
            (
                field("textfield", conditional={"hide": "=" + "x and " * 2000 + "x"}),
                "more than 400 words and signs",
            ),
            (
                {"type": "expression", "id": "E", "key": "e", "expression": "=x" + ".a" * 2000},
                "more than 400 words",
            ),
            (field("textfield", key=".".join("a" * 30)), "more than 20 parts"),
            (field("textfield", label="Hello {{#if a}}you{{/if}}"), "conditions and loops"),
            (field("textfield", validate={"pattern": "("}), "parenthes"),
            (field("textfield", key="a-b"), "hyphen"),
            ({"type": "textfield", "id": "Nameless"}, "no key"),
            (field("textfield", id=5), "id is the number 5 instead of a text"),
        ],
    )
    def test_an_unsupported_component_is_refused_by_name(self, component: dict[str, Any], message: str) -> None:
        with pytest.raises(UnsupportedForm, match="test: component") as refusal:
            form(component)
        assert message in str(refusal.value)

    def test_components_without_an_id_get_a_generated_one(self) -> None:
        """As in form-js: the same ids each time, none of them in use."""
        inner = {"type": "textfield", "key": "b"}
        items = [{"type": "textfield", "key": "a", "id": ""}, field("textfield", id="Field_1")]
        items.append({"type": "group", "components": [inner]})
        ids = [[each.id for top in form(*items).components for each in top.walk()] for _ in range(2)]
        assert ids == [["Field_2", "Field_1", "Field_3", "Field_4"]] * 2

    def test_two_components_with_the_same_id_are_refused(self) -> None:
        with pytest.raises(UnsupportedForm, match="component Field_x: more than one has this id"):
            form(field("textfield"), field("textfield", key="y"))

    def test_an_expression_that_depends_on_another_is_refused(self) -> None:
        computed = {"type": "expression", "id": "A", "key": "a", "expression": "=b"}
        with pytest.raises(UnsupportedForm, match="depends on another expression"):
            form(computed, {**computed, "id": "B", "key": "b", "expression": "=x"})

    @pytest.mark.parametrize(
        ("schema", "message"),
        [
            ({"type": "default", "id": "f"}, "isn't a Camunda Form"),
            ({"id": "f", "components": []}, "isn't a Camunda Form"),
            ({"type": "default", "id": "f", "schemaVersion": 17, "components": []}, "schemaVersion must be 16"),
        ],
    )
    def test_a_form_that_tasklist_can_not_read_is_refused(self, schema: dict[str, Any], message: str) -> None:
        with pytest.raises(UnsupportedForm, match=message):
            Form.parse(schema)


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
class TestOurForms:
    def test_each_form_is_supported_and_all_its_questions_are_shown(self, path: Any) -> None:
        parsed = Form.parse(json.loads(path.read_text()))
        blank = parsed.read(parsed.initial_post())
        shown = {box["value"] for box in page_of(parsed, blank).select("input[name=shown]")}
        assert shown == {node.name for node in blank.walk() if node.is_editable}

    def test_each_control_has_a_label(self, path: Any) -> None:
        page = BeautifulSoup(_page(path), "html.parser")
        labelled = {label["for"] for label in page.select("label[for]")}
        controls = page.select("input:not([type=hidden]), select, textarea")
        assert controls
        assert [control["id"] for control in controls if control["id"] not in labelled] == []

    def test_markup_in_an_answer_is_escaped(self, path: Any) -> None:
        payload = "<script>alert(1)</script>"
        assert payload not in _page(path, payload)


def _page(path: Any, typed: str = "") -> str:
    parsed = Form.parse(json.loads(path.read_text()))
    names = [node.name for node in parsed.read(parsed.initial_post()).walk()]
    return str(page_of(parsed, read_with_all_shown(parsed, dict.fromkeys(names, typed)), checked=True))


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(["x", "had", "people-rows", "people-0-name", "remove", "add"]), st.text()))
def test_any_post_is_read_without_an_error(posted: dict[str, str]) -> None:
    for each in (TestConditions.CONDITIONAL, TestLists.LIST):
        filled = each.merge_post(MultiDict(), each.pages[0], MultiDict(posted))
        answers = each.read(filled.posted)
        assert set(answers.values) <= {"x", "had", "people"}
        page_of(each, answers, checked=True)


class TestKnownData:
    def test_a_condition_may_depend_on_a_variable_of_the_case(self) -> None:
        conditional = {"hide": '=for_whom != "someone_in_my_care"'}
        parsed = form(field("textfield", validate=REQUIRED, conditional=conditional))
        assert read_with_all_shown(parsed, data={"for_whom": "myself"}).accepted
        assert errors(parsed, read_with_all_shown(parsed, data={"for_whom": "someone_in_my_care"})) == {
            "x": "Enter an answer: X"
        }
        assert parsed.reads == {"x", "for_whom"}
        # variables of the case that aren't fields of the form are not submitted
        assert parsed.read(MultiDict({"x": "A"}), {"for_whom": "someone_in_my_care"}).values == {"x": "A"}

    @pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
    def test_stored_answers_that_are_shown_are_read_back_unchanged(self, path: Any) -> None:
        parsed = Form.parse(json.loads(path.read_text()))
        read_back = parsed.read(parsed.initial_post(KNOWN))
        assert {name: value for name, value in read_back.values.items() if name in KNOWN} == {
            name: KNOWN[name] for name in read_back.values if name in KNOWN
        }

    def test_a_form_without_known_data_starts_blank(self) -> None:
        parsed = form(field("textfield", validate=REQUIRED))
        assert (dict(parsed.initial_post()), parsed.read(parsed.initial_post()).values) == ({}, {"x": ""})

    def test_a_default_value_is_shown_unless_an_answer_is_known(self) -> None:
        parsed = form(field("textfield", defaultValue="A"))
        assert [dict(parsed.initial_post(data)) for data in ({}, {"x": "B"})] == [{"x": "A"}, {"x": "B"}]


KNOWN = {
    "had_contacts": "yes",
    "close_contacts": [
        {
            "name": name, "email": f"{name}@b.example", "phone": "", "last_exposure_date": "2020-03-09",
            "relation": "friend", "exposure": "close", "health_worker": name == "kim",
        }
        for name in ("kim", "sam")
    ],
    "temperature": "at_least_39",
    "cough": True,
    "cough_since": "2020-03-20",
    "weight_kg": 61.5,
    "visit_outcome": "not_at_home",
    "next_appointment": "2020-03-20T14:30+00:00",
}  # fmt: skip


class TestMoments:
    MOMENT = field("datetime", subtype="datetime", timeInterval=1, timeSerializingFormat="utc_offset")

    def test_a_day_and_a_time_are_read_as_a_moment(self) -> None:
        posted = {"x-day": "9", "x-month": "3", "x-year": "2020", "x-time": "8:05"}
        assert read_one(self.MOMENT, **posted) == ("2020-03-09T08:05+00:00", None)
        assert read_one(self.MOMENT) == (None, None)

    @pytest.mark.parametrize("time", ["25:00", "8", "noon", "8:5", "13:00 pm"])
    def test_an_invalid_time_is_an_error(self, time: str) -> None:
        posted = {"x-day": "9", "x-month": "3", "x-year": "2020", "x-time": time}
        assert read_one(self.MOMENT, **posted) == (None, "X: enter a time, like 14:30")

    def test_a_day_without_a_time_is_an_error(self) -> None:
        posted = {"x-day": "9", "x-month": "3", "x-year": "2020"}
        assert read_one(self.MOMENT, **posted)[1] == "X: enter a day and a time, like 14:30"

    @pytest.mark.parametrize(("typed", "read"), [("2 pm", "14:00"), ("12:30 am", "00:30"), ("14h31", "14:30")])
    def test_a_time_is_rounded_down_to_its_interval(self, typed: str, read: str) -> None:
        assert read_one(field("datetime", subtype="time"), **{"x-time": typed}) == (read, None)

    def test_a_time_without_a_day_is_an_error(self) -> None:
        assert read_one(self.MOMENT, **{"x-time": "8:00"})[1] == "X: enter a day and a time, like 14:30"


class TestViews:
    def shown(self, kind: str, **properties: Any) -> BeautifulSoup:
        parsed = form({"type": kind, "id": "View", **properties})
        return page_of(parsed, parsed.read(MultiDict(), {"name": "<b onclick=x>Ada</b>", "people": [{"name": "Ada"}]}))

    @pytest.mark.parametrize(("kind", "key"), [("text", "text"), ("html", "content")])
    @pytest.mark.parametrize(
        "hostile",
        [
            "<script>alert(1)</script>",
            "<p onclick='alert(1)'>Hello</p>",
            "<a href='javascript:alert(1)'>Hello</a>",
            "[Hello](javascript:alert(1))",
            "<img src=https://other.example/1.png onerror=alert(1)>",
            "<iframe src=https://other.example></iframe>",
            "<style>body{display:none}</style>",
            "<form action=https://other.example><input name=x></form>",
            "<p style='position:fixed'>Hello</p>",
        ],
    )
    def test_a_view_contains_no_active_content(self, kind: str, key: str, hostile: str) -> None:
        page = self.shown(kind, **{key: hostile})
        assert page.select("script, img, iframe, style, form, input, [style]") == []
        assert not any(name.startswith("on") for tag in page.find_all() for name in tag.attrs)
        assert [link["href"] for link in page.select("a[href]") if "javascript" in link["href"]] == []

    def test_a_text_view_renders_markdown_and_inserts_values(self) -> None:
        page = self.shown("text", text="# Hello {{name}}\n\n**Read** [this](https://health.example).")
        assert page.select_one("h1").get_text() == "Hello <b onclick=x>Ada</b>"
        assert page.select_one("strong").get_text() == "Read"
        assert page.select_one("a.govuk-link")["href"] == "https://health.example"

    def test_a_table_shows_the_rows_of_its_data_source(self) -> None:
        page = self.shown("table", label="People", dataSource="=people", columns=[{"key": "name", "label": "Name"}])
        assert [cell.get_text() for cell in page.select("caption, th, td")] == ["People", "Name", "Ada"]

    @pytest.mark.parametrize(
        ("kind", "properties", "selector"),
        [
            ("image", {"source": "data:image/png;base64,aa", "alt": "Us"}, 'img[alt="Us"]'),
            ("image", {"source": "https://other.example/1.png", "alt": "Us"}, 'a[href="https://other.example/1.png"]'),
            ("iframe", {"url": "https://films.example/1", "label": "Film"}, 'a[href="https://films.example/1"]'),
        ],
    )
    def test_content_of_other_sites_is_linked_and_not_embedded(
        self, kind: str, properties: dict[str, str], selector: str
    ) -> None:
        page = self.shown(kind, **properties)
        assert page.select(selector)
        assert page.select("iframe, img[src^=http]") == []

    def test_a_javascript_url_is_not_linked(self) -> None:
        assert self.shown("iframe", url="javascript:alert(1)").select("a") == []


def test_fields_with_overlapping_keys_are_refused() -> None:
    with pytest.raises(UnsupportedForm, match=r"test: component B: x\.y is already used by A"):
        form(field("textfield", id="A"), field("textfield", id="B", key="x.y"))


class TestProperties:
    """A property of a wrong type is refused with the expected type; what form-js and its editor write is accepted."""

    @pytest.mark.parametrize(
        ("component", "wrong"),
        [
            (field("number", decimalDigits="2"), "decimalDigits is “2” instead of a whole number from 0 to 20"),
            (field("number", decimalDigits=-1), "decimalDigits is the number -1 instead of a whole number"),
            (field("number", increment="0"), "increment is “0” instead of a number above 0"),
            (field("number", increment="x"), "increment is “x” instead of a number above 0"),
            (field("number", defaultValue="5"), "defaultValue is “5” instead of a number"),
            (field("number", defaultValue=True), "defaultValue is true instead of a number"),
            (field("number", validate={"min": "5"}), "min is “5” instead of a number, or an expression"),
            (field("number", validate=None), "validate is null instead of an object"),
            (field("number", validate={"max": 10**400}), "too large"),
            (field("textfield", label=5), "label is the number 5 instead of a text"),
            (field("textfield", label=["x"]), "label is a list instead of a text"),
            (field("textfield", defaultValue=5), "defaultValue is the number 5 instead of a text"),
            (field("textfield", appearance=[]), "appearance is a list instead of an object"),
            (field("textfield", appearance={"prefixAdorner": 1}), "prefixAdorner is the number 1 instead of a text"),
            (field("textfield", validate={"pattern": 1}), "pattern is the number 1 instead of a text"),
            (field("textfield", properties={"page": 1}), "page is the number 1 instead of a text"),
            (field("textfield", key=5), "key is the number 5 instead of a text"),
            (field("textfield", key="shown"), "shown can't be a name"),
            (field("textfield", type=["textfield"]), "is not supported"),
            (field("checkbox", defaultValue="yes"), "defaultValue is “yes” instead of true or false"),
            (field("datetime", subtype="date", defaultValue="today"), "“today” instead of a day like 2020-03-27"),
            (field("datetime", subtype=["date"]), "subtype is a list instead of one of date, time, datetime"),
            (field("radio", values="x"), "values is “x” instead of a list"),
            (field("radio", values=["a"], defaultValue="b"), "“b” instead of a value of its options"),
            (field("checklist", values=["a"], defaultValue="a"), "“a” instead of a list of values of its options"),
            (field("select", valuesExpression="x"), "valuesExpression is “x” instead of an expression"),
            ({"type": "group", "id": "G", "components": {}}, "components is an object instead of a list of components"),
            ({"type": "dynamiclist", "id": "L", "path": "l", "defaultRepetitions": 1000}, "from 0 to 50"),
            ({"type": "table", "id": "T", "columns": [{"label": "A"}]}, "a list instead of a list of columns"),
            (field("textfield", layout=None), "layout is null instead of an object"),
            ({"type": "text", "id": "T", "text": None}, "text is null instead of a text"),
            ({"type": "expression", "id": "E", "key": "e", "expression": 5}, "expression is the number 5 instead of"),
        ],
    )  # fmt: skip
    def test_a_property_of_a_wrong_type_is_refused(self, component: dict[str, Any], wrong: str) -> None:
        with pytest.raises(UnsupportedForm) as refusal:
            form(component)
        assert wrong in str(refusal.value)

    @pytest.mark.parametrize(
        "component",
        [
            field("textfield", label=None, description=None, disabled=None, readonly=None, defaultValue=""),
            field("textfield", validate={"required": None, "pattern": None, "minLength": None, "validationType": ""}),
            field("number", increment="0.5", decimalDigits=2.0, defaultValue=1.5),
            field("number", increment="", defaultValue=None),
            field("datetime", subtype="datetime", defaultValue="2020-03-27T14:30Z"),
            field("datetime", subtype="time", defaultValue="14:30"),
            field("radio", values=["a", 1, True, {"value": "b", "label": "B"}, 5.5], defaultValue=1),
            field("checklist", valuesKey="known", defaultValue=["a"]),
            {"type": "text", "id": "T", "text": "Hello", "label": "Text view"},
            {"type": "html", "id": "H", "content": None, "label": "HTML view"},
            {"type": "separator", "id": "S", "label": "Separator"},
            {"type": "button", "id": "B", "label": "Send", "action": "submit", "key": "field_b1"},
            {"type": "group", "id": "G", "components": [], "layout": {"row": "Row_1", "columns": None}},
            field("textfield", conditional=None, properties=None),
            field("number", increment=None),
            {"type": "iframe", "id": "I", "url": "https://example.org", "security": None},
        ],
    )
    def test_properties_as_form_js_and_its_editor_write_them_are_accepted(self, component: dict[str, Any]) -> None:
        parsed = form(component)
        answers = parsed.read(parsed.initial_post({"known": ["a"]}), {"known": ["a"]})
        assert page_of(parsed, answers, checked=True) is not None

    def test_adorners_are_templates(self) -> None:
        parsed = form(field("textfield", appearance={"prefixAdorner": "{{unit}}", "suffixAdorner": "=unit"}))
        page = page_of(parsed, parsed.read(MultiDict(), {"unit": "kg"}))
        assert [page.select_one(f".govuk-input__{each}").get_text() for each in ("prefix", "suffix")] == ["kg", "kg"]
        assert "unit" in parsed.reads

    def test_groups_nested_too_deeply_are_refused(self) -> None:
        group: dict[str, Any] = field("textfield")
        for number in range(30):
            group = {"type": "group", "id": f"G{number}", "components": [group]}
        with pytest.raises(UnsupportedForm, match="nested more than 20 deep"):
            form(group)

    @pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
    @pytest.mark.parametrize("year", ["0001", "9999"])
    def test_the_first_and_the_last_day_of_the_calendar_are_read(self, year: str, zone: str) -> None:
        moment = field("datetime", subtype="datetime", timeSerializingFormat="utc_normalized", timeInterval=1)
        parsed = form(moment)
        day, month = ("1", "1") if year == "0001" else ("31", "12")
        posted = MultiDict({"x-day": day, "x-month": month, "x-year": year, "x-time": "12:00"})
        answers = parsed.read(posted, {}, Place(ZoneInfo(zone)))
        page_of(parsed, answers, checked=True)
        parsed.initial_post({"x": f"{year}-01-01T00:00Z"}, Place(ZoneInfo(zone)))


class TestDateLimits:
    """A date outside the limits of its field is an error."""

    BIRTH = field("datetime", subtype="date", properties={"notBefore": "today - 130 years", "notAfter": "today"})

    @staticmethod
    def day(day: date) -> dict[str, str]:
        return {"x-day": str(day.day), "x-month": str(day.month), "x-year": f"{day.year:04}"}

    @pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Asia/Kolkata", "America/Los_Angeles"])
    def test_today_is_the_date_in_the_persons_time_zone(self, zone: str) -> None:
        place = Place(ZoneInfo(zone))
        here = today(place.zone)
        parsed = form(self.BIRTH)
        read = [parsed.read(MultiDict(self.day(here + timedelta(days=n))), place=place) for n in (0, 1)]
        assert [errors(parsed, each) for each in read] == [{}, {"x": "X must be today or in the past"}]

    def test_a_date_of_birth_more_than_130_years_ago_or_in_the_future_is_an_error(self) -> None:
        first = DayLimit.parse("today - 130 years").day(today(UTC), {})
        too_early = f"X must be {first.day} {first.month} {first.year} or later"
        for year in (1, 1890):
            assert read_one(self.BIRTH, **self.day(date(year, 1, 1)))[1] == too_early
        assert read_one(self.BIRTH, **self.day(date(9999, 12, 31)))[1] == "X must be today or in the past"

    def test_a_limit_may_be_the_answer_to_another_question(self) -> None:
        parsed = form(field("datetime", subtype="date", properties={"notBefore": "date_of_birth"}))
        posted = MultiDict(self.day(date(1990, 5, 9)))
        assert errors(parsed, parsed.read(posted, {"date_of_birth": "1990-05-10"})) == {
            "x": "X must be 10 5 1990 or later"
        }
        assert errors(parsed, parsed.read(posted)) == {}
        assert parsed.reads == {"x", "date_of_birth"}

    def test_a_moment_after_now_is_an_error(self) -> None:
        taken = field("datetime", subtype="datetime", timeInterval=1, properties={"notAfter": "today"})
        for minutes, error in ((-2, None), (2, "X must be today or in the past")):
            moment = datetime.now(UTC) + timedelta(minutes=minutes)
            posted = self.day(moment.date()) | {"x-time": f"{moment:%H:%M}"}
            assert read_one(taken, **posted)[1] == error

    @pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
    @pytest.mark.parametrize("day", [date(1, 1, 1), date(9999, 12, 31)])
    @pytest.mark.parametrize("style", ["utc_normalized", "utc_offset", "no_timezone"])
    def test_moments_at_the_ends_of_the_calendar_are_outside_the_limits(self, zone: str, day: date, style: str) -> None:
        limits = {"notBefore": "2020-01-01", "notAfter": "today"}
        taken = form(field("datetime", subtype="datetime", timeSerializingFormat=style, properties=limits))
        for clock in ("00:00", "23:45"):
            posted = MultiDict(self.day(day) | {"x-time": clock})
            assert errors(taken, taken.read(posted, place=Place(ZoneInfo(zone)))).keys() == {"x"}

    def test_an_invalid_limit_is_refused(self) -> None:
        with pytest.raises(UnsupportedForm, match="Field_x"):
            form(field("datetime", subtype="date", properties={"notAfter": "tomorrow?"}))

    @pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
    def test_each_date_field_of_the_forms_has_limits(self, path: Path) -> None:
        components = [each for part in Form.parse(json.loads(path.read_text())).components for each in part.walk()]
        dates = [each for each in components if each.type == "datetime" and not each.disabled]
        assert [each.id for each in dates if not (each.not_before and each.not_after)] == []


class TestCleaning:
    """Answers that were pasted, or typed on another keyboard, are cleaned before they are validated."""

    def test_digits_of_any_script_are_read(self) -> None:
        day = {"x-day": "٢٧", "x-month": "۳", "x-year": "１９９０"}
        assert read_one(field("datetime", subtype="date"), **day) == ("1990-03-27", None)
        clock = field("datetime", subtype="time", timeSerializingFormat="no_timezone")
        assert read_one(clock, **{"x-time": "०९:३०"}) == ("09:30", None)
        assert read_one(field("number"), x="\u200f٧٠٫٥") == (70.5, None)
        assert read_one(field("number"), x="\u2212５") == (-5, None)

    def test_codes_are_cleaned_before_they_are_matched_with_their_pattern(self) -> None:
        code = field("textfield", validate={"pattern": "^[0-9-]{7}$"})
        assert read_one(code, x="\ufeff١٢٣\u2011٤٥٦\u200b") == ("123-456", None)

    @pytest.mark.parametrize("kind", ["textfield", "textarea"])
    @pytest.mark.parametrize("typed", ["\u200b", "\u3164\u2800", "\u00a0\u3000"])
    def test_a_text_without_visible_characters_is_no_answer(self, kind: str, typed: str) -> None:
        assert read_one(field(kind, validate=REQUIRED), x=typed) == ("", "Enter an answer: X")

    def test_a_telephone_number_is_stored_as_e_164(self) -> None:
        telephone = field("textfield", properties={"format": "telephone"})
        wrong = "Enter a phone number with the country code, like +44 20 7946 0958"
        assert read_one(telephone, x="＋٤٤ ２０ 7946\u20110958") == ("+442079460958", None)
        assert read_one(telephone, x="0171 555")[1] == read_one(telephone, x="----")[1] == wrong
        assert read_one(telephone, x=" ") == ("", None)
        british = form(telephone).read(MultiDict({"x": "020 7946 0958"}), place=Place(telephone_region="GB"))
        assert british.values == {"x": "+442079460958"}

    def test_answers_in_rows_are_cleaned(self) -> None:
        number = {**field("number"), "key": "n", "id": "N"}
        rows = form({"type": "dynamiclist", "id": "L", "path": "l", "components": [field("textfield"), number]})
        found = rows.read(MultiDict({"l-rows": "1", "l-0-x": "\u200eKim\u00a0Lee", "l-0-n": "٣"}))
        assert found.values == {"l": [{"x": "Kim Lee", "n": 3}]}

    @pytest.mark.parametrize(
        ("component", "attributes"),
        [
            (field("textfield", properties={"format": "telephone"}), {"type": "tel", "inputmode": "tel"}),
            (field("textfield", validate={"validationType": "email"}), {"type": "email", "inputmode": "email"}),
            (field("textfield", properties={"autocomplete": "name"}), {"type": "text", "autocomplete": "name"}),
            (field("number", decimalDigits=0), {"inputmode": "numeric"}),
            (field("number", decimalDigits=1), {"inputmode": "decimal"}),
        ],
    )
    def test_an_input_has_the_type_and_the_keyboard_of_its_field(
        self, component: dict, attributes: dict[str, str]
    ) -> None:
        parsed = form(component)
        control = page_of(parsed, read_with_all_shown(parsed)).select_one("[id=x]")
        assert attributes.items() <= control.attrs.items()
