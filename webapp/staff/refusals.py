"""Why results of a file weren't taken, and what laboratory staff can do about each reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# by reason of services/lab/gateway/matching.py
ADVICE = {
    "the message is damaged or incomplete": "Export the file from your system again.",
    "the code of the test is unknown": "Use the LOINC code of the test, or say in Tasklist what your code means.",
    "the code of the result is unknown": (
        "Write positive, negative, inconclusive or unsatisfactory, or say in Tasklist what your code means."
    ),
    "codes and texts contradict each other": "Correct the code or the text, whichever is wrong.",
    "the status is missing or unknown": "Write final, corrected, preliminary or withdrawn in the column of the status.",
    "it has no specimen id and no order number": "Add the barcode of the sample, or our order number.",
    "no sample has this specimen id or order number": (
        "Compare the barcode with that on the sample. If it's right, leave the row: we take it once a test is ordered."
    ),
    "specimen id and order number belong to several samples": "Correct the barcode or the order number.",
    "the date of birth isn't that of the case": (
        "Compare barcode and date of birth with the sample. If both are right, assign the result in Tasklist."
    ),
    "the date of birth can't be compared: the order has none": "Assign the result to its sample in Tasklist.",
    "the specimen id may be cut off, and there is no date of birth to confirm it": (
        "Check that the last row of the file is whole, and end it with a new line."
    ),
    "the test of this sample was cancelled": "No result is needed. Reject it in Tasklist.",
    "it corrects or withdraws a result that wasn't reported": (
        "If this is the first result, write final in the column of the status."
    ),
    "it differs from the reported result, but isn't marked as a correction": (
        "If it replaces the earlier result, write corrected in the column of the status."
    ),
    "the result of this sample was withdrawn, and this one isn't marked as a correction": (
        "If it replaces the earlier result, write corrected in the column of the status."
    ),
    "the message has different results or patients of this sample": "Leave one row for each sample.",
    "the same result waits for staff, or was closed by them": "Nothing: decide on the earlier one in Tasklist.",
    "it corrects or withdraws a result, but another one was reported while it waited": (
        "Ask the laboratory which result is right, and assign that one in Tasklist."
    ),
    "its control id was used for another message": "Assign the result to its sample in Tasklist.",
}
OTHER_ADVICE = "Correct what the reason names."


@dataclass(frozen=True)
class Refusal:
    """Results that weren't taken for the same reason.

    Attributes:
        advice: what to do.
    """

    reason: str
    count: int
    advice: str


def list_refusals(counts: Mapping[str, int]) -> list[Refusal]:
    """Return the reasons, the most frequent first.

    Args:
        counts: number of results by reason.
    """
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return [Refusal(reason, count, ADVICE.get(reason, OTHER_ADVICE)) for reason, count in ordered]
