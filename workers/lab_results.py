"""Decides what to do with a result that no case is waiting for: compares it with the result that the case has."""

from __future__ import annotations

import enum
from typing import Any

from processes.elements import CallActivity, ServiceTask

CONCLUSIVE = ("positive", "negative")
TESTING = {CallActivity.TAKE_SAMPLE, CallActivity.TEST_SAMPLE}
# service tasks between two wait states: the case reaches the next one soon, so the result is tried again
TRANSIENT = {ServiceTask.RELEASE_CASE, ServiceTask.RELEASE_CORRECTED_CASE, ServiceTask.CORRECT_CASE}


class Action(enum.Enum):
    """What to do with a result.

    Attributes:
        POSTPONE: nothing now; try again later.
        ACKNOWLEDGE: nothing; the result isn't new to the case.
        END_RETEST: end the test of a new sample, because an earlier sample has given a conclusive result.
        CORRECT: end the running case, because the patient received another result; it is then reopened with this one.
        REOPEN: reopen the ended case with this result.
    """

    POSTPONE = enum.auto()
    ACKNOWLEDGE = enum.auto()
    END_RETEST = enum.auto()
    CORRECT = enum.auto()
    REOPEN = enum.auto()


def choose_action(item: dict[str, Any], values: dict[str, Any], steps: set[str], ended: bool) -> Action:
    """Choose the action for a result that isn't of the sample for which the case is waiting.

    Args:
        item: of the lab's feed.
        values: the case's variables.
        steps: ids of the running case's active elements.
        ended: no instance of the case is running.
    """
    if item["id"] <= (values.get("lab_result_id") or 0):
        # delivered before, but the acknowledgement was lost; or another process has delivered a newer result since
        return Action.ACKNOWLEDGE
    if not ended and steps & TRANSIENT:
        return Action.POSTPONE
    if not ended and steps & TESTING:
        return _choose_while_testing(item, values)
    return _choose_after_test(item, values, ended)


def result_of(item: dict[str, Any]) -> str:
    """Return the item's result as a value of the process variable lab_result."""
    return "entered_in_error" if item["status"] == "entered-in-error" else item["result"]


def _choose_while_testing(item: dict[str, Any], values: dict[str, Any]) -> Action:
    if item["sample_number"] >= values["sample_number"]:
        # the case hasn't reached the step that waits for it
        return Action.POSTPONE
    if result_of(item) in CONCLUSIVE:
        return Action.END_RETEST
    # an earlier sample's result that is inconclusive or was entered in error: the running test replaces it
    return Action.ACKNOWLEDGE


def _choose_after_test(item: dict[str, Any], values: dict[str, Any], ended: bool) -> Action:
    result, known = result_of(item), values.get("lab_result")
    if values.get("withdrawn"):
        is_new = result == "positive" and known != "positive"
    elif result in CONCLUSIVE:
        is_new = result != known
    else:
        # new if it withdraws the conclusive result that the patient has received of the same sample
        is_new = item["status"] != "final" and known in CONCLUSIVE and _is_same_sample(item, values)
    if not is_new:
        return Action.ACKNOWLEDGE
    return Action.REOPEN if ended else Action.CORRECT


def _is_same_sample(item: dict[str, Any], values: dict[str, Any]) -> bool:
    return item["sample_barcode"] == values.get("lab_result_barcode")
