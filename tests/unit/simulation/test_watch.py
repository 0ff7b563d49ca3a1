"""Patients who are watched at home, in the time lapse: also those who were exposed, whatever their result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from processes.elements import UserTask
from simulation.recording import Recording

pytestmark = pytest.mark.slow

QUARANTINE_DAYS = 8
# by telephone, so that each day's report is a call
EXPOSED: dict[str, Any] = {
    "days": 7,
    "policy": {"quarantine_days": QUARANTINE_DAYS},
    "arrivals": {"per_day": [5, 0]},
    "shares": {
        "orientation": {"evaluation_advised": 1},
        "channel": {"telephone": 1},
        "exposed": {"yes": 1, "no": 1},
        "wants_evaluation": {"yes": 1},
        "visit_outcome": {"sampled": 1},
        "lab_result": {"negative": 1},
        "further_action": {"none": 1},
        # after each negative result
        "repeat_test": {"yes": 1, "no": 0},
        "call_reached": {"yes": 1},
        "day_status": {"green": 1},
    },
}


def test_exposed_patients_report_until_their_quarantine_ends_also_while_a_test_is_repeated(
    record: Callable[[dict[str, Any]], Recording],
) -> None:
    # Task_TestSample sets `withdrawn` to null, with which the condition of Event_WithdrawnFromWatch is evaluated
    recording = record(EXPOSED)
    reports = Counter(wait.case for wait in recording.waits[UserTask.DAILY_REPORT])
    visits = Counter(wait.case for wait in recording.waits[UserTask.VISIT_PATIENT])
    assert min(visits.values()) > 1
    assert reports.keys() < visits.keys()
    # exposed 4 days before they came
    assert set(reports.values()) == {QUARANTINE_DAYS - 4}
    assert recording.unmodelled == set()
