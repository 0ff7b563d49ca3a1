"""Handling of a lab result that no case waits for."""

from __future__ import annotations

from typing import Any

import pytest

from workers.lab_results import Action, choose_action, result_of

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
    ("feed_item", "values", "steps", "action"),
    [
        # the same item again: its acknowledgement was lost
        (item("negative", number=5), case("negative"), AFTER_RESULT, Action.ACKNOWLEDGE),
        (item("inconclusive", number=5), case(None, 2), VISIT_STEPS, Action.ACKNOWLEDGE),
        # the same, while the test is repeated
        (item("negative", number=5), case(None, 2), VISIT_STEPS, Action.ACKNOWLEDGE),
        # an older item than the stored one, from a worker with an outdated page of the feed
        (item("negative", number=4), case("positive"), AFTER_RESULT, Action.ACKNOWLEDGE),
        (item("negative", "corrected", number=4), case("positive"), TEST_STEPS, Action.ACKNOWLEDGE),
        # before the case waits for its result
        (item("negative"), case(None), VISIT_STEPS, Action.POSTPONE),
        (item("negative"), case(None), TEST_STEPS, Action.POSTPONE),
        (item("negative"), case("positive"), {"Task_ReleaseCase"}, Action.POSTPONE),
        # a result of the first sample, while the second is taken or tested
        (item("positive"), case(None, 2), VISIT_STEPS, Action.END_RETEST),
        (item("negative"), case(None, 2), TEST_STEPS, Action.END_RETEST),
        (CORRECTED, case(None, 2), TEST_STEPS, Action.END_RETEST),
        (item("inconclusive"), case(None, 2), TEST_STEPS, Action.ACKNOWLEDGE),
        (WITHDRAWN_RESULT, case(None, 2), TEST_STEPS, Action.ACKNOWLEDGE),
        # after the patient got another result
        (CORRECTED, case("negative"), AFTER_RESULT, Action.CORRECT),
        (item("positive", sample=2), case("negative", 2), AFTER_RESULT, Action.CORRECT),
        (item("positive"), case("indeterminate", 3), AFTER_RESULT, Action.CORRECT),
        (WITHDRAWN_RESULT, case("positive"), AFTER_RESULT, Action.CORRECT),
        (item("inconclusive", "corrected"), case("positive"), AFTER_RESULT, Action.CORRECT),
        # the same result as the stored one
        (CORRECTED, case("positive"), AFTER_RESULT, Action.ACKNOWLEDGE),
        (item("inconclusive"), case("positive"), AFTER_RESULT, Action.ACKNOWLEDGE),
        (item("inconclusive", "corrected", sample=2), case("positive"), AFTER_RESULT, Action.ACKNOWLEDGE),
        (WITHDRAWN_RESULT, case("entered_in_error"), AFTER_RESULT, Action.ACKNOWLEDGE),
        # only contact tracing is still running
        (CORRECTED, case("negative"), {"SubProcess_Tracing", "Task_TraceContacts"}, Action.CORRECT),
        # after a withdrawal only a positive result is registered
        (CORRECTED, case("negative", withdrawn=True), AFTER_RESULT, Action.CORRECT),
        (item("negative", "corrected"), case("positive", withdrawn=True), AFTER_RESULT, Action.ACKNOWLEDGE),
        (item("positive", "corrected"), case("positive", withdrawn=True), AFTER_RESULT, Action.ACKNOWLEDGE),
    ],
)
def test_the_step_for_a_result_of_a_running_case(
    feed_item: dict[str, Any], values: dict[str, Any], steps: set[str], action: Action
) -> None:
    assert choose_action(feed_item, values, steps, ended=False) is action


@pytest.mark.parametrize(
    ("feed_item", "values", "action"),
    [
        (CORRECTED, case("negative"), Action.REOPEN),
        (WITHDRAWN_RESULT, case("negative"), Action.REOPEN),
        (item("positive"), case("indeterminate", 3), Action.REOPEN),
        (CORRECTED, case("positive"), Action.ACKNOWLEDGE),
        (item("positive"), case(None, withdrawn=True), Action.REOPEN),
        (item("negative"), case(None, withdrawn=True), Action.ACKNOWLEDGE),
    ],
)
def test_the_step_for_a_result_of_an_ended_case(
    feed_item: dict[str, Any], values: dict[str, Any], action: Action
) -> None:
    assert choose_action(feed_item, values, set(), ended=True) is action


def test_a_result_that_the_lab_withdrew_is_entered_in_error() -> None:
    assert (result_of(WITHDRAWN_RESULT), result_of(CORRECTED)) == ("entered_in_error", "positive")
