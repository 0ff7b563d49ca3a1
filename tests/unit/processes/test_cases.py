"""A case that is reopened by a corrected result keeps the variables that are still valid."""

from __future__ import annotations

from typing import Any

from processes.cases import Case, reopen_case


class RecordingEngine:
    """An engine that records the last message."""

    def correlate(self, message: str, case_reference: str, values: dict[str, Any], key: str) -> None:
        self.message, self.values, self.key = message, values, key


def test_variables_that_depend_on_the_former_result_are_not_kept() -> None:
    known = {
        "given_name": "Ada",
        "sample_number": 2,
        "lab_result": "positive",
        "correction_number": 0,
        "case_outcome": "care_completed",
        "report_advice": "stay at home",
        "not_declared": 1,
    }
    engine = RecordingEngine()
    reopen_case(engine, Case("C-1", "i", known, None), {"lab_result": "negative", "lab_result_id": 7})
    assert engine.values == {
        "given_name": "Ada",
        "sample_number": 2,
        "lab_result": "negative",
        "lab_result_id": 7,
        "correction_number": 1,
        "contacts_traced": False,
    }
    assert engine.key == "C-1/7"
