"""A corrected result replaces that of its sample in the list that doctors and patients read."""

from __future__ import annotations

import pytest

from processes.cases import _correct_sample

FIRST = "Sample 1, AB-1, taken 2026-03-20T09:00:00Z: negative; "
SECOND = "Sample 2, AB-2, taken 2026-03-22T09:00:00Z: inconclusive; "


@pytest.mark.parametrize(
    ("before", "barcode", "after"),
    [
        (FIRST, "AB-1", FIRST.replace("negative", "positive")),
        (FIRST + SECOND, "AB-1", FIRST.replace("negative", "positive") + SECOND),
        (FIRST + SECOND, "AB-2", FIRST + SECOND.replace("inconclusive", "positive")),
        (FIRST, "AB-3", FIRST),
        # no pattern
        (FIRST, "AB.1", FIRST),
    ],
)
def test_a_corrected_result_replaces_that_of_its_sample(before: str, barcode: str, after: str) -> None:
    assert _correct_sample(before, {"lab_result_barcode": barcode, "lab_result": "positive"}) == after
