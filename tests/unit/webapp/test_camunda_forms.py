import json
from typing import Any

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from config.settings import ROOT
from webapp.camunda_forms import Form, UnsupportedForm

REQUIRED = {"required": True}
FORMS = sorted((ROOT / "forms").glob("*.form"))


def form(*components: dict[str, Any]) -> Form:
    return Form.parse({"id": "test", "components": list(components)})


def field(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "key": "x", "label": "X", "id": "Field_x", **more}


def read_one(component: dict[str, Any], **posted: str) -> tuple[Any, str | None]:
    """The value and the error of a form with one field."""
    answers = form(component).read(MultiDict(posted))
    return answers.values["x"], answers.errors.get("x")


class TestFields:
    def test_text_is_kept_without_the_space_around_it(self) -> None:
        assert read_one(field("textfield"), x="  a b ") == ("a b", None)

    def test_an_empty_answer_is_none(self) -> None:
        assert read_one(field("textfield"), x="  ") == (None, None)

    @pytest.mark.parametrize("kind", ["textfield", "textarea", "number"])
    def test_a_required_answer_is_asked_for(self, kind: str) -> None:
        assert read_one(field(kind, validate=REQUIRED))[1] == "Enter an answer: X"

    def test_a_required_checkbox_must_be_ticked(self) -> None:
        assert read_one(field("checkbox", validate=REQUIRED))[1] == "Confirm: X"
        assert read_one(field("checkbox", validate=REQUIRED), x="true") == (True, None)

    def test_an_unticked_checkbox_is_false(self) -> None:
        assert read_one(field("checkbox")) == (False, None)

    @pytest.mark.parametrize(("typed", "value"), [("3", 3), ("3.5", 3.5), ("3,5", 3.5), ("-2", -2)])
    def test_numbers(self, typed: str, value: float) -> None:
        assert read_one(field("number"), x=typed) == (value, None)

    @pytest.mark.parametrize("typed", ["three", "1e3", "NaN", "Infinity", "0x10", "1 000", "٣"])
    def test_what_is_no_number(self, typed: str) -> None:
        assert read_one(field("number"), x=typed) == (None, "X must be a number")

    def test_the_edges_of_a_range(self) -> None:
        bounded = field("number", validate={"min": 1, "max": 5})
        assert [read_one(bounded, x=typed)[1] for typed in ("1", "5")] == [None, None]
        assert read_one(bounded, x="0")[1] == "X must be 1 or more"
        assert read_one(bounded, x="6")[1] == "X must be 5 or less"

    def test_decimal_places(self) -> None:
        assert read_one(field("number", decimalDigits=1), x="1.25")[1] == "X must have at most 1 decimal places"
        assert read_one(field("number", decimalDigits=0), x="12") == (12, None)

    def test_the_edges_of_a_length(self) -> None:
        bounded = field("textfield", validate={"minLength": 2, "maxLength": 3})
        assert [read_one(bounded, x=typed)[1] for typed in ("ab", "abc")] == [None, None]
        assert read_one(bounded, x="a")[1] == "X must be 2 characters or more"
        assert read_one(bounded, x="abcd")[1] == "X must be 3 characters or fewer"

    def test_a_pattern(self) -> None:
        letters = field("textfield", validate={"pattern": "^[A-Z]+$"})
        assert read_one(letters, x="ab")[1] == "X is not in the right format"
        assert read_one(letters, x="AB") == ("AB", None)

    @pytest.mark.parametrize("typed", ["a@b.example", "a.b+c@d-e.example"])
    def test_an_email(self, typed: str) -> None:
        assert read_one(field("textfield", validate={"validationType": "email"}), x=typed)[1] is None

    @pytest.mark.parametrize("typed", ["a", "a@", "@b.example", "a b@c.example"])
    def test_no_email(self, typed: str) -> None:
        assert "e-mail" in read_one(field("textfield", validate={"validationType": "email"}), x=typed)[1]

    @pytest.mark.parametrize("kind", ["radio", "select"])
    def test_only_an_offered_answer_is_taken(self, kind: str) -> None:
        choice = field(kind, values=[{"value": "a", "label": "A"}])
        assert read_one(choice, x="a") == ("a", None)
        assert read_one(choice, x="b") == (None, "Select one of the answers: X")

    @pytest.mark.parametrize(
        ("day", "month", "year", "value"),
        [("29", "2", "2020", "2020-02-29"), ("01", "12", "1999", "1999-12-01"), ("", "", "", None)],
    )
    def test_a_date(self, day: str, month: str, year: str, value: str | None) -> None:
        posted = {"x-day": day, "x-month": month, "x-year": year}
        assert read_one(field("datetime", subtype="date"), **posted) == (value, None)

    @pytest.mark.parametrize(
        ("day", "month", "year"), [("30", "2", "2020"), ("1", "13", "2020"), ("1", "", "2020"), ("1", "1", "20")]
    )
    def test_no_date(self, day: str, month: str, year: str) -> None:
        posted = {"x-day": day, "x-month": month, "x-year": year}
        assert "real date" in read_one(field("datetime", subtype="date"), **posted)[1]


class TestConditions:
    ASKED = form(
        {"type": "radio", "key": "had", "label": "Had?", "values": [{"value": v, "label": v} for v in ("yes", "no")]},
        field("textfield", validate=REQUIRED, conditional={"hide": '=had != "yes"'}),
    )

    def test_a_hidden_field_is_neither_checked_nor_submitted(self) -> None:
        answers = self.ASKED.read(MultiDict({"had": "no", "x": "left over"}))
        assert answers.accepted
        assert answers.values == {"had": "no"}

    def test_a_question_that_an_answer_calls_for_is_asked_on_the_next_page(self) -> None:
        answers = self.ASKED.read(MultiDict([("had", "yes"), ("shown", "had")]))
        assert answers.unseen == {"x"}
        assert not answers.accepted
        assert answers.errors == {}
        assert 'name="x"' in self.ASKED.html(answers)

    def test_once_asked_it_must_be_answered(self) -> None:
        answers = self.ASKED.read(MultiDict([("had", "yes"), ("shown", "had"), ("shown", "x")]))
        assert answers.errors == {"x": "Enter an answer: X"}

    def test_a_disabled_field_is_not_submitted(self) -> None:
        assert form(field("textfield", disabled=True)).read(MultiDict({"x": "1"})).values == {}

    def test_what_is_not_declared_is_dropped(self) -> None:
        assert form(field("textfield")).read(MultiDict({"x": "1", "admin": "true"})).values == {"x": "1"}


class TestLists:
    LIST = form(
        {
            "type": "dynamiclist",
            "path": "people",
            "label": "People",
            "components": [{"type": "textfield", "key": "name", "label": "Name", "validate": REQUIRED}],
        }
    )

    def test_rows_are_read_in_order(self) -> None:
        posted = {"people-rows": "2", "people-0-name": "A", "people-1-name": "B"}
        assert self.LIST.read(MultiDict(posted)).values == {"people": [{"name": "A"}, {"name": "B"}]}

    def test_an_error_names_its_row(self) -> None:
        answers = self.LIST.read(MultiDict({"people-rows": "2", "people-0-name": "A"}))
        assert answers.errors == {"people-1-name": "Enter an answer: Name"}

    def test_adding_a_row_keeps_what_was_typed(self) -> None:
        answers = self.LIST.read(MultiDict({"people-rows": "1", "people-0-name": "A", "add": "people"}))
        page = BeautifulSoup(self.LIST.html(answers), "html.parser")
        assert not answers.accepted
        assert answers.errors == {}
        assert [box.get("value") for box in page.select("input[name$=-name]")] == ["A", ""]

    def test_removing_a_row_moves_the_others_up(self) -> None:
        posted = {"people-rows": "3", "people-0-name": "A", "people-1-name": "B", "people-2-name": "C"}
        answers = self.LIST.read(MultiDict({**posted, "remove": "people-1"}))
        assert answers.values == {"people": [{"name": "A"}, {"name": "C"}]}

    @pytest.mark.parametrize("rows", ["99999999", "-3", "x", ""])
    def test_a_forged_number_of_rows_does_no_harm(self, rows: str) -> None:
        assert len(self.LIST.read(MultiDict({"people-rows": rows})).values["people"]) <= 50


class TestParsing:
    @pytest.mark.parametrize(
        ("component", "what"),
        [
            ({"type": "filepicker", "key": "f", "id": "File_1"}, "filepicker"),
            (
                {"type": "datetime", "key": "t", "id": "T", "subtype": "time"},
                "subtypes date and datetime can be filled in",
            ),
            (field("textfield", validate={"unique": True}), "unique"),
            (field("textfield", conditional={"hide": "=x +"}), "condition"),
            ({"type": "textfield", "id": "Nameless"}, "no key"),
        ],
    )
    def test_what_is_not_supported_is_refused_by_name(self, component: dict[str, Any], what: str) -> None:
        with pytest.raises(UnsupportedForm, match="test: component") as refusal:
            form(component)
        assert what in str(refusal.value)


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
class TestOurForms:
    def test_each_is_supported_and_shown_whole(self, path: Any) -> None:
        ours = Form.parse(json.loads(path.read_text()))
        blank = ours.begun()
        page = BeautifulSoup(ours.html(blank), "html.parser")
        shown = {box["value"] for box in page.select("input[name=shown]")}
        assert shown == blank.visible

    def test_each_control_has_a_label(self, path: Any) -> None:
        page = BeautifulSoup(_page(path), "html.parser")
        labelled = {label["for"] for label in page.select("label[for]")}
        controls = page.select("input:not([type=hidden]), select, textarea")
        assert controls
        assert [control["id"] for control in controls if control["id"] not in labelled] == []

    def test_what_was_typed_is_shown_as_text(self, path: Any) -> None:
        payload = "<script>alert(1)</script>"
        assert payload not in _page(path, payload)


def _page(path: Any, typed: str = "") -> str:
    ours = Form.parse(json.loads(path.read_text()))
    names = ours.begun().visible
    return str(ours.html(ours.read(MultiDict(dict.fromkeys(names, typed)))))


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(["x", "had", "people-rows", "people-0-name", "remove", "add"]), st.text()))
def test_no_post_breaks_a_form(posted: dict[str, str]) -> None:
    for one in (TestConditions.ASKED, TestLists.LIST):
        answers = one.read(MultiDict(posted))
        assert set(answers.values) <= {"x", "had", "people"}
        one.html(answers)


class TestBeginning:
    def test_a_condition_may_depend_on_what_is_known_of_the_case(self) -> None:
        conditional = {"hide": '=for_whom != "someone_in_my_care"'}
        ours = form(field("textfield", validate=REQUIRED, conditional=conditional))
        assert ours.read(MultiDict(), {"for_whom": "myself"}).accepted
        assert ours.read(MultiDict(), {"for_whom": "someone_in_my_care"}).errors == {"x": "Enter an answer: X"}
        # nothing that is only known is submitted
        assert ours.read(MultiDict({"x": "A"}), {"for_whom": "someone_in_my_care"}).values == {"x": "A"}

    @pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
    def test_what_is_shown_of_known_answers_is_read_as_the_same(self, path: Any) -> None:
        """Whoever gets a form back finds it as they left it."""
        ours = Form.parse(json.loads(path.read_text()))
        shown = ours.begun(KNOWN)
        again = ours.read(shown.posted)
        assert {name: value for name, value in again.values.items() if name in KNOWN} == {
            name: KNOWN[name] for name in again.values if name in KNOWN
        }

    def test_nothing_known_begins_blank_and_without_errors(self) -> None:
        answers = form(field("textfield", validate=REQUIRED)).begun()
        assert (answers.errors, answers.values) == ({}, {"x": None})


KNOWN = {
    "had_contacts": "yes",
    "close_contacts": [
        {
            "name": name, "email": f"{name}@b.example", "phone": None, "last_exposure_date": "2020-03-09",
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
    MOMENT = field("datetime", subtype="datetime")

    def test_a_day_and_a_time(self) -> None:
        posted = {"x-day": "9", "x-month": "3", "x-year": "2020", "x-time": "8:05"}
        assert read_one(self.MOMENT, **posted) == ("2020-03-09T08:05+00:00", None)
        assert read_one(self.MOMENT) == (None, None)

    @pytest.mark.parametrize("time", ["", "25:00", "8", "noon", "8:5"])
    def test_what_is_no_time(self, time: str) -> None:
        posted = {"x-day": "9", "x-month": "3", "x-year": "2020", "x-time": time}
        assert read_one(self.MOMENT, **posted) == (None, "X: enter a day and a time, like 14:30")

    def test_a_time_without_a_day(self) -> None:
        assert read_one(self.MOMENT, **{"x-time": "8:00"})[1] == "X: enter a day and a time, like 14:30"
