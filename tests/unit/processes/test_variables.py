from datetime import UTC, datetime, timedelta, timezone

import pytest

from processes.variables import UndeclaredVariable, from_engine, to_engine


def test_values_are_typed_as_declared() -> None:
    moment = datetime(2020, 5, 10, 14, 0, 0, 123456, timezone(timedelta(hours=2)))
    assert to_engine(
        {"cough": True, "weight_kg": 70, "sample_taken_at": moment, "close_contacts": [{"name": "é"}]}
    ) == {
        "cough": {"value": True, "type": "Boolean"},
        "weight_kg": {"value": 70, "type": "Double"},
        "sample_taken_at": {"value": "2020-05-10T12:00:00.123+0000", "type": "Date"},
        "close_contacts": {"value": '[{"name": "\\u00e9"}]', "type": "Json"},
    }


def test_what_is_written_is_read_back() -> None:
    values = {
        "cough": False,
        "age": 30,
        "sample_taken_at": datetime(2020, 5, 10, 12, 0, 0, 500000, UTC),
        "contact_ids": ["1", "2"],
        "carer_name": None,
    }
    assert from_engine(to_engine(values)) == values


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("coughs", True, "coughs is not declared"),
        ("cough", "yes", "cough must be of type Boolean"),
        ("age", True, "age must be of type Integer"),
        ("age", 3.5, "age must be of type Integer"),
        ("lab_result", "maybe", "lab_result must be one of positive, negative, inconclusive"),
    ],
)
def test_a_wrong_value_is_refused_by_name_and_not_shown(name: str, value: object, complaint: str) -> None:
    with pytest.raises(UndeclaredVariable, match=complaint):
        to_engine({name: value})
