"""What becomes of a result that no case waits for."""

from __future__ import annotations

from typing import Any

import pytest

from workers.lab_results import Action, choose_action, result_of

TOLD = {"Task_WriteDoctorsReport"}
TESTING = {"Task_TestSample", "Task_WaitForTestResult"}
VISITING = {"Task_TakeSample"}


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


def case(lab_result: str | None, sample: int = 1, **more: Any) -> dict[str, Any]:
    return {"lab_result": lab_result, "lab_result_id": 5, "lab_result_barcode": "A-1", "sample_number": sample, **more}


@pytest.mark.parametrize(
    ("offered", "values", "steps", "action"),
    [
        # the same item again: only its acknowledgement was lost
        (item("negative", number=5), case("negative"), TOLD, Action.ACKNOWLEDGE),
        (item("inconclusive", number=5), case(None, 2), VISITING, Action.ACKNOWLEDGE),
        # also while the doctor has the test repeated
        (item("negative", number=5), case(None, 2), VISITING, Action.ACKNOWLEDGE),
        # an older one, by somebody who read the feed long ago
        (item("negative", number=4), case("positive"), TOLD, Action.ACKNOWLEDGE),
        (item("negative", "corrected", number=4), case("positive"), TESTING, Action.ACKNOWLEDGE),
        # before the wait has begun
        (item("negative"), case(None), VISITING, Action.POSTPONE),
        (item("negative"), case(None), TESTING, Action.POSTPONE),
        (item("negative"), case("positive"), {"Task_ReleaseCase"}, Action.POSTPONE),
        # an earlier sample, while the second is out
        (item("positive"), case(None, 2), VISITING, Action.END_RETEST),
        (item("negative"), case(None, 2), TESTING, Action.END_RETEST),
        (CORRECTED, case(None, 2), TESTING, Action.END_RETEST),
        (item("inconclusive"), case(None, 2), TESTING, Action.ACKNOWLEDGE),
        (WITHDRAWN_RESULT, case(None, 2), TESTING, Action.ACKNOWLEDGE),
        # after another result was told
        (CORRECTED, case("negative"), TOLD, Action.CORRECT),
        (item("positive", sample=2), case("negative", 2), TOLD, Action.CORRECT),
        (item("positive"), case("indeterminate", 3), TOLD, Action.CORRECT),
        (WITHDRAWN_RESULT, case("positive"), TOLD, Action.CORRECT),
        (item("inconclusive", "corrected"), case("positive"), TOLD, Action.CORRECT),
        # it says what is known
        (CORRECTED, case("positive"), TOLD, Action.ACKNOWLEDGE),
        (item("inconclusive"), case("positive"), TOLD, Action.ACKNOWLEDGE),
        (item("inconclusive", "corrected", sample=2), case("positive"), TOLD, Action.ACKNOWLEDGE),
        (WITHDRAWN_RESULT, case("entered_in_error"), TOLD, Action.ACKNOWLEDGE),
        # only tracing goes on
        (CORRECTED, case("negative"), {"SubProcess_Tracing", "Task_TraceContacts"}, Action.CORRECT),
        # withdrawn: a positive is registered, and nothing else
        (CORRECTED, case("negative", withdrawn=True), TOLD, Action.CORRECT),
        (item("negative", "corrected"), case("positive", withdrawn=True), TOLD, Action.ACKNOWLEDGE),
        (item("positive", "corrected"), case("positive", withdrawn=True), TOLD, Action.ACKNOWLEDGE),
    ],
)
def test_what_comes_next(offered: dict[str, Any], values: dict[str, Any], steps: set[str], action: Action) -> None:
    assert choose_action(offered, values, steps, ended=False) is action


@pytest.mark.parametrize(
    ("offered", "values", "action"),
    [
        (CORRECTED, case("negative"), Action.REOPEN),
        (WITHDRAWN_RESULT, case("negative"), Action.REOPEN),
        (item("positive"), case("indeterminate", 3), Action.REOPEN),
        (CORRECTED, case("positive"), Action.ACKNOWLEDGE),
        (item("positive"), case(None, withdrawn=True), Action.REOPEN),
        (item("negative"), case(None, withdrawn=True), Action.ACKNOWLEDGE),
    ],
)
def test_what_comes_after_the_end(offered: dict[str, Any], values: dict[str, Any], action: Action) -> None:
    assert choose_action(offered, values, set(), ended=True) is action


def test_a_result_that_never_was() -> None:
    assert (result_of(WITHDRAWN_RESULT), result_of(CORRECTED)) == ("entered_in_error", "positive")
