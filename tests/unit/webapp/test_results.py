"""What patients read about their test results."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask

from config import settings as config
from tests.unit.webapp.test_application import application
from webapp.results import RESULT_HEADLINES, describe_guidance, list_earlier_results

pytestmark = pytest.mark.usefixtures("records")
FIRST = "Sample 1, AB-1, taken 2026-03-20T12:00:00.5Z: inconclusive; "
SECOND = "Sample 2, AB-2, taken 2026-03-21T12:00:00Z: no result; "
THIRD = "Sample 3, AB-3, taken 2026-03-22T12:00:00Z: negative; "
POLICY = config.load().policy.model_dump()


@pytest.fixture(scope="module")
def app() -> Flask:
    return application()


@pytest.mark.parametrize(
    ("values", "days"),
    [
        ({}, []),
        ({"results_so_far": None}, []),
        ({"results_so_far": FIRST}, []),
        ({"results_so_far": FIRST + SECOND + THIRD}, [20]),
        # the lab has corrected the first sample's result
        ({"results_so_far": FIRST + SECOND + THIRD, "lab_result_barcode": "AB-1"}, [22]),
    ],
)
def test_earlier_results_are_those_of_other_samples(values: dict, days: list[int]) -> None:
    assert [taken_at.day for taken_at, _result in list_earlier_results(values)] == days


def test_an_earlier_result_has_the_time_of_its_sample() -> None:
    [(taken_at, result)] = list_earlier_results({"results_so_far": FIRST + THIRD})
    assert (taken_at, str(result)) == (datetime(2026, 3, 20, 12, 0, 0, 500000, UTC), "Not clear")


@pytest.mark.parametrize("result", RESULT_HEADLINES)
@pytest.mark.parametrize("report_pending", [True, False])
def test_each_result_says_what_to_do(app: Flask, result: str, report_pending: bool) -> None:
    with app.test_request_context():
        values = {"lab_result": result, "policy": POLICY}
        assert describe_guidance(values, datetime.now(UTC).date(), report_pending)
