import math
from datetime import UTC, datetime, timedelta, timezone

import pytest

from camunda7.variables import UndeclaredVariable, from_engine
from processes.variables import VARIABLES


def test_values_are_written_with_their_declared_types() -> None:
    moment = datetime(2020, 5, 10, 14, 0, 0, 123456, timezone(timedelta(hours=2)))
    assert VARIABLES.to_engine(
        {"cough": True, "weight_kg": 70, "sample_taken_at": moment, "close_contacts": [{"name": "é"}]}
    ) == {
        "cough": {"value": True, "type": "Boolean"},
        "weight_kg": {"value": 70, "type": "Double"},
        "sample_taken_at": {"value": "2020-05-10T12:00:00.123+0000", "type": "Date"},
        "close_contacts": {"value": '[{"name": "\\u00e9"}]', "type": "Json"},
    }


def test_written_values_are_read_back() -> None:
    values = {
        "cough": False,
        "age": 30,
        "sample_taken_at": datetime(2020, 5, 10, 12, 0, 0, 500000, UTC),
        "contact_ids": ["1", "2"],
        "carer_name": None,
    }
    assert from_engine(VARIABLES.to_engine(values)) == values


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("coughs", True, "coughs is not declared"),
        ("cough", "yes", "cough must be of type Boolean"),
        ("age", True, "age must be of type Integer"),
        ("age", 3.5, "age must be of type Integer"),
        ("lab_result", "maybe", "lab_result must be one of positive, negative, inconclusive"),
    ],
)
def test_the_error_names_the_variable_of_an_invalid_value(name: str, value: object, message: str) -> None:
    with pytest.raises(UndeclaredVariable, match=message):
        VARIABLES.to_engine({name: value})


CIRCULAR: list[object] = []
CIRCULAR.append(CIRCULAR)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("given_name", "x" * 4001, "must be at most 4000 characters"),
        # H2 counts UTF-16 units
        ("given_name", "😀" * 2001, "must be at most 4000 characters"),
        ("given_name", "a\0", "must not contain NUL"),
        ("given_name", "a\ud800", "must not contain NUL"),
        ("age", 2**31, "must be a whole number of 32 bits"),
        ("age", -(2**31) - 1, "must be a whole number of 32 bits"),
        ("weight_kg", math.nan, "must be a finite number"),
        ("weight_kg", -math.inf, "must be a finite number"),
        ("weight_kg", 10**400, "must be a finite number"),
        ("visit_due_at", datetime(2020, 5, 10), "must have a time zone"),
        ("visit_due_at", datetime.min.replace(tzinfo=timezone(timedelta(hours=1))), "must be between the years 1"),
        ("visit_due_at", datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))), "must be between the years 1"),
        ("policy", {"a": math.nan}, "can't be written as JSON"),
        ("policy", {"a": {1}}, "can't be written as JSON"),
        ("policy", b"a", "can't be written as JSON"),
        ("policy", CIRCULAR, "can't be written as JSON"),
        ("policy", {1: "a"}, "must not contain NUL .* keys that aren't texts"),
        ("policy", [{"a": "\ud800"}], "must not contain NUL"),
        ("policy", {"a\0": 1}, "must not contain NUL"),
    ],
)
def test_a_value_that_the_engine_can_not_store_is_refused(name: str, value: object, message: str) -> None:
    with pytest.raises(UndeclaredVariable, match=f"^{name} {message}"):
        VARIABLES.to_engine({name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("given_name", "é" * 4000),
        ("given_name", "😀" * 2000),
        ("age", 2**31 - 1),
        ("age", -(2**31)),
        ("weight_kg", 1e308),
        ("visit_due_at", datetime(1, 1, 1, tzinfo=UTC)),
        ("visit_due_at", datetime(9999, 12, 31, tzinfo=UTC)),
        ("policy", {"a": [None, True, 10**30, "x" * 5000]}),
    ],
)
def test_a_value_at_the_limits_of_the_engine_is_written_and_read_back(name: str, value: object) -> None:
    assert from_engine(VARIABLES.to_engine({name: value})) == {name: value}
