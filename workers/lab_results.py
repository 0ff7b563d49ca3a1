"""What becomes of a result that no case waits for: what the lab says now against what the case has been told."""

from __future__ import annotations

import enum
from typing import Any

from processes.elements import CallActivity, ServiceTask

CONCLUSIVE = ("positive", "negative")
TESTING = {CallActivity.TAKE_SAMPLE, CallActivity.TEST_SAMPLE}
# between two wait states: whatever comes is looked at again in a moment
PASSING = {ServiceTask.RELEASE_CASE, ServiceTask.RELEASE_CORRECTED_CASE, ServiceTask.CORRECT_CASE}


class Step(enum.Enum):
    """What to do with a result.

    Attributes:
        KEEP: nothing yet; it is offered again.
        ACKNOWLEDGE: it says nothing that the case doesn't know.
        EARLIER: an earlier sample's result makes the new test superfluous.
        CORRECT: another result was told; the running case ends, to go on from this one.
        REOPEN: the same for a case that has ended.
    """

    KEEP = enum.auto()
    ACKNOWLEDGE = enum.auto()
    EARLIER = enum.auto()
    CORRECT = enum.auto()
    REOPEN = enum.auto()


def next_step(item: dict[str, Any], values: dict[str, Any], steps: set[str], ended: bool) -> Step:
    """Decide on a result that wasn't taken by a case waiting for just this sample.

    Args:
        item: of the lab's feed.
        values: the case's variables.
        steps: ids of the elements at which the running case stands.
        ended: no instance of the case runs.
    """
    if item["id"] <= (values.get("lab_result_id") or 0):
        # taken before, and only the acknowledgement was lost; or older than what the case knows, read by somebody slow
        return Step.ACKNOWLEDGE
    if not ended and steps & PASSING:
        return Step.KEEP
    if not ended and steps & TESTING:
        return _while_testing(item, values)
    return _after_the_test(item, values, ended)


def result_of(item: dict[str, Any]) -> str:
    """The item's result, as the case's variable lab_result says it."""
    return "entered_in_error" if item["status"] == "entered-in-error" else item["result"]


def _while_testing(item: dict[str, Any], values: dict[str, Any]) -> Step:
    if item["sample_number"] >= values["sample_number"]:
        # the wait is about to begin
        return Step.KEEP
    if result_of(item) in CONCLUSIVE:
        return Step.EARLIER
    # an inconclusive result of an earlier sample, or one that never was: the test that goes on is the remedy
    return Step.ACKNOWLEDGE


def _after_the_test(item: dict[str, Any], values: dict[str, Any], ended: bool) -> Step:
    said, known = result_of(item), values.get("lab_result")
    if values.get("withdrawn"):
        is_news = said == "positive" and known != "positive"
    elif said in CONCLUSIVE:
        is_news = said != known
    else:
        # it takes back what was told of the same sample
        is_news = item["status"] != "final" and known in CONCLUSIVE and _is_told_sample(item, values)
    if not is_news:
        return Step.ACKNOWLEDGE
    return Step.REOPEN if ended else Step.CORRECT


def _is_told_sample(item: dict[str, Any], values: dict[str, Any]) -> bool:
    return item["sample_barcode"] == values.get("lab_result_barcode")
