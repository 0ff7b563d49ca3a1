from datetime import UTC, datetime
from typing import Any

import pytest

from camunda7.inputs.place import DEFAULT_PLACE
from workers.doctor import assign, propose_isolation

POLICY = {"isolation_days": 10, "quarantine_days": 14}
TAKEN = datetime(2020, 3, 22, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("result", "onset", "exposed", "until"),
    [
        ("positive", "2020-03-20", None, "2020-03-30"),
        ("positive", None, None, "2020-04-01"),
        ("positive", "2020-03-20", "2020-03-19", "2020-03-30"),
        ("negative", "2020-03-20", "2020-03-19", "2020-04-02"),
        ("negative", "2020-03-20", None, None),
        ("indeterminate", None, "2020-02-28", "2020-03-13"),
    ],
)
def test_the_proposed_end_of_isolation(result: str, onset: str | None, exposed: str | None, until: str | None) -> None:
    assert propose_isolation(result, onset, TAKEN, exposed, POLICY, DEFAULT_PLACE) == until


class Engine:
    def __init__(self, **open_reports: int):
        self.open_reports = open_reports

    def post(self, path: str, query: dict[str, Any]) -> dict[str, int]:
        return {"count": self.open_reports[query["processVariables"][0]["value"]]}


class Roster:
    def __init__(self, *doctors: str):
        self.doctors = list(doctors)

    def doctors_on_duty(self) -> list[str]:
        return self.doctors


@pytest.mark.parametrize(
    ("on_duty", "open_reports", "suggested"),
    [
        (("ann", "bob"), {"ann": 3, "bob": 1}, "bob"),
        (("ann", "bob"), {"ann": 2, "bob": 2}, "ann"),
        ((), {}, None),
    ],
)
def test_the_doctor_on_duty_with_the_fewest_open_reports_is_suggested(
    on_duty: tuple[str, ...], open_reports: dict[str, int], suggested: str | None
) -> None:
    resources = {"roster": Roster(*on_duty), "engine": Engine(**open_reports), "place": DEFAULT_PLACE}
    assignment = assign(4, "negative", None, TAKEN, None, POLICY, **resources)
    assert assignment["suggested_doctor"] == suggested
