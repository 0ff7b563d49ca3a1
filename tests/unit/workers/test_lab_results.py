"""Handling of a lab result that no case waits for."""

from __future__ import annotations

from typing import Any

import pytest

from workers.lab_results import Step, next_step, result_of

AFTER_RESULT = {"Task_WriteDoctorsReport"}
TEST_STEPS = {"Task_TestSample", "Task_WaitForTestResult"}
VISIT_STEPS = {"Task_TakeSample"}


def item(result: str | None, status: str = "final", sample: int = 1, number: int = 9) -> dict[str, Any]:
    return {
        "id": number,
        "kind": "result",
        "case_reference": "C-1",
        "sample_number": sample,
        "sample_barcode": f"A-{sample}",
        "status": status,
        "result": result,
    }


WITHDRAWN_RESULT = item(None, "entered-in-error")
CORRECTED = item("positive", "corrected")


def case(lab_result: str | None, sample: int = 1, **variables: Any) -> dict[str, Any]:
    return {
        "lab_result": lab_result,
        "lab_result_id": 5,
        "lab_result_barcode": "A-1",
        "sample_number": sample,
        **variables,
    }


@pytest.mark.parametrize(
    ("feed_item", "values", "steps", "step"),
    [
        # the same item again: its acknowledgement was lost
        (item("negative", number=5), case("negative"), AFTER_RESULT, Step.ACKNOWLEDGE),
        (item("inconclusive", number=5), case(None, 2), VISIT_STEPS, Step.ACKNOWLEDGE),
        # the same, while the test is repeated
        (item("negative", number=5), case(None, 2), VISIT_STEPS, Step.ACKNOWLEDGE),
        # an older item than the stored one, from a worker with an outdated page of the feed
        (item("negative", number=4), case("positive"), AFTER_RESULT, Step.ACKNOWLEDGE),
        (item("negative", "corrected", number=4), case("positive"), TEST_STEPS, Step.ACKNOWLEDGE),
        # before the case waits for its result
        (item("negative"), case(None), VISIT_STEPS, Step.KEEP),
        (item("negative"), case(None), TEST_STEPS, Step.KEEP),
        (item("negative"), case("positive"), {"Task_ReleaseCase"}, Step.KEEP),
        # a result of the first sample, while the second is taken or tested
        (item("positive"), case(None, 2), VISIT_STEPS, Step.EARLIER),
        (item("negative"), case(None, 2), TEST_STEPS, Step.EARLIER),
        (CORRECTED, case(None, 2), TEST_STEPS, Step.EARLIER),
        (item("inconclusive"), case(None, 2), TEST_STEPS, Step.ACKNOWLEDGE),
        (WITHDRAWN_RESULT, case(None, 2), TEST_STEPS, Step.ACKNOWLEDGE),
        # after the patient got another result
        (CORRECTED, case("negative"), AFTER_RESULT, Step.CORRECT),
        (item("positive", sample=2), case("negative", 2), AFTER_RESULT, Step.CORRECT),
        (item("positive"), case("indeterminate", 3), AFTER_RESULT, Step.CORRECT),
        (WITHDRAWN_RESULT, case("positive"), AFTER_RESULT, Step.CORRECT),
        (item("inconclusive", "corrected"), case("positive"), AFTER_RESULT, Step.CORRECT),
        # the same result as the stored one
        (CORRECTED, case("positive"), AFTER_RESULT, Step.ACKNOWLEDGE),
        (item("inconclusive"), case("positive"), AFTER_RESULT, Step.ACKNOWLEDGE),
        (item("inconclusive", "corrected", sample=2), case("positive"), AFTER_RESULT, Step.ACKNOWLEDGE),
        (WITHDRAWN_RESULT, case("entered_in_error"), AFTER_RESULT, Step.ACKNOWLEDGE),
        # only contact tracing is still running
        (CORRECTED, case("negative"), {"SubProcess_Tracing", "Task_TraceContacts"}, Step.CORRECT),
        # after a withdrawal only a positive result is registered
        (CORRECTED, case("negative", withdrawn=True), AFTER_RESULT, Step.CORRECT),
        (item("negative", "corrected"), case("positive", withdrawn=True), AFTER_RESULT, Step.ACKNOWLEDGE),
        (item("positive", "corrected"), case("positive", withdrawn=True), AFTER_RESULT, Step.ACKNOWLEDGE),
    ],
)
def test_the_step_for_a_result_of_a_running_case(
    feed_item: dict[str, Any], values: dict[str, Any], steps: set[str], step: Step
) -> None:
    assert next_step(feed_item, values, steps, ended=False) is step


@pytest.mark.parametrize(
    ("feed_item", "values", "step"),
    [
        (CORRECTED, case("negative"), Step.REOPEN),
        (WITHDRAWN_RESULT, case("negative"), Step.REOPEN),
        (item("positive"), case("indeterminate", 3), Step.REOPEN),
        (CORRECTED, case("positive"), Step.ACKNOWLEDGE),
        (item("positive"), case(None, withdrawn=True), Step.REOPEN),
        (item("negative"), case(None, withdrawn=True), Step.ACKNOWLEDGE),
    ],
)
def test_the_step_for_a_result_of_an_ended_case(feed_item: dict[str, Any], values: dict[str, Any], step: Step) -> None:
    assert next_step(feed_item, values, set(), ended=True) is step


def test_a_result_that_the_lab_withdrew_is_entered_in_error() -> None:
    assert (result_of(WITHDRAWN_RESULT), result_of(CORRECTED)) == ("entered_in_error", "positive")
