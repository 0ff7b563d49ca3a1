"""What becomes of a result that no case waits for."""

from __future__ import annotations

from typing import Any

import pytest

from workers.lab_results import Step, next_step, result_of

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
    ("offered", "values", "steps", "step"),
    [
        # the same item again: only its acknowledgement was lost
        (item("negative", number=5), case("negative"), TOLD, Step.ACKNOWLEDGE),
        (item("inconclusive", number=5), case(None, 2), VISITING, Step.ACKNOWLEDGE),
        # also while the doctor has the test repeated
        (item("negative", number=5), case(None, 2), VISITING, Step.ACKNOWLEDGE),
        # an older one, by somebody who read the feed long ago
        (item("negative", number=4), case("positive"), TOLD, Step.ACKNOWLEDGE),
        (item("negative", "corrected", number=4), case("positive"), TESTING, Step.ACKNOWLEDGE),
        # before the wait has begun
        (item("negative"), case(None), VISITING, Step.KEEP),
        (item("negative"), case(None), TESTING, Step.KEEP),
        (item("negative"), case("positive"), {"Task_ReleaseCase"}, Step.KEEP),
        # an earlier sample, while the second is out
        (item("positive"), case(None, 2), VISITING, Step.EARLIER),
        (item("negative"), case(None, 2), TESTING, Step.EARLIER),
        (CORRECTED, case(None, 2), TESTING, Step.EARLIER),
        (item("inconclusive"), case(None, 2), TESTING, Step.ACKNOWLEDGE),
        (WITHDRAWN_RESULT, case(None, 2), TESTING, Step.ACKNOWLEDGE),
        # after another result was told
        (CORRECTED, case("negative"), TOLD, Step.CORRECT),
        (item("positive", sample=2), case("negative", 2), TOLD, Step.CORRECT),
        (item("positive"), case("indeterminate", 3), TOLD, Step.CORRECT),
        (WITHDRAWN_RESULT, case("positive"), TOLD, Step.CORRECT),
        (item("inconclusive", "corrected"), case("positive"), TOLD, Step.CORRECT),
        # it says what is known
        (CORRECTED, case("positive"), TOLD, Step.ACKNOWLEDGE),
        (item("inconclusive"), case("positive"), TOLD, Step.ACKNOWLEDGE),
        (item("inconclusive", "corrected", sample=2), case("positive"), TOLD, Step.ACKNOWLEDGE),
        (WITHDRAWN_RESULT, case("entered_in_error"), TOLD, Step.ACKNOWLEDGE),
        # only tracing goes on
        (CORRECTED, case("negative"), {"SubProcess_Tracing", "Task_TraceContacts"}, Step.CORRECT),
        # withdrawn: a positive is registered, and nothing else
        (CORRECTED, case("negative", withdrawn=True), TOLD, Step.CORRECT),
        (item("negative", "corrected"), case("positive", withdrawn=True), TOLD, Step.ACKNOWLEDGE),
        (item("positive", "corrected"), case("positive", withdrawn=True), TOLD, Step.ACKNOWLEDGE),
    ],
)
def test_what_comes_next(offered: dict[str, Any], values: dict[str, Any], steps: set[str], step: Step) -> None:
    assert next_step(offered, values, steps, ended=False) is step


@pytest.mark.parametrize(
    ("offered", "values", "step"),
    [
        (CORRECTED, case("negative"), Step.REOPEN),
        (WITHDRAWN_RESULT, case("negative"), Step.REOPEN),
        (item("positive"), case("indeterminate", 3), Step.REOPEN),
        (CORRECTED, case("positive"), Step.ACKNOWLEDGE),
        (item("positive"), case(None, withdrawn=True), Step.REOPEN),
        (item("negative"), case(None, withdrawn=True), Step.ACKNOWLEDGE),
    ],
)
def test_what_comes_after_the_end(offered: dict[str, Any], values: dict[str, Any], step: Step) -> None:
    assert next_step(offered, values, set(), ended=True) is step


def test_a_result_that_never_was() -> None:
    assert (result_of(WITHDRAWN_RESULT), result_of(CORRECTED)) == ("entered_in_error", "positive")
