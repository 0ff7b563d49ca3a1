"""Patients who are watched at home now, for the page "Now"."""

from __future__ import annotations

from collections.abc import Mapping

from processes.elements import CallActivity, IntermediateCatchEvent, UserTask
from processes.positions import ActivityCount

# label and step, the whole first
STEPS = (
    ("Watched at home", CallActivity.WATCH_AT_HOME),
    ("Nothing due: reported, or not asked yet today", IntermediateCatchEvent.REPORT_HOUR),
    ("Today's report is due", UserTask.DAILY_REPORT),
    ("Silent for a day, to be called", UserTask.CALL_SILENT_PATIENT),
    ("Silent and not reached, to be visited", UserTask.VISIT_SILENT_PATIENT),
    ("Amber, to be called by the medical team", UserTask.CALL_WATCHED_PATIENT),
    ("Red, to be called by a doctor", CallActivity.CALL_RED_PATIENT),
)


def count_watched(counts: Mapping[str, ActivityCount]) -> list[tuple[str, int]]:
    """Return a label and the number of patients of each group.

    Args:
        counts: as processes.positions.count_activities() returns them.
    """
    return [(label, counts[step].count if step in counts else 0) for label, step in STEPS]
