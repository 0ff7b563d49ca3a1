"""The doctor's lane: assign the report, publish it (steps 14 and 16)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from processes.engine import Engine
from records.outbox import Outbox
from records.roster import Roster
from workers.outside import effect_key
from workers.topics import topic

WRITE_REPORT = "Task_WriteDoctorsReport"


@topic("doctor.assign")
def assign(
    report_due_hours: int,
    lab_result: str,
    onset_date: str,
    sample_taken_at: datetime,
    last_exposure_date: str,
    policy: dict[str, Any],
    roster: Roster,
    engine: Engine,
) -> dict[str, Any]:
    """Suggest the doctor on duty with the fewest open reports; the report stays open for any doctor to claim."""
    on_duty = roster.doctors_on_duty()
    open_reports = {doctor: _open_reports(engine, doctor) for doctor in on_duty}
    return {
        "report_due_at": datetime.now(UTC) + timedelta(hours=report_due_hours),
        "suggested_doctor": min(on_duty, key=open_reports.__getitem__) if on_duty else None,
        "isolation_until": proposed_isolation(lab_result, onset_date, sample_taken_at, last_exposure_date, policy),
    }


def proposed_isolation(
    lab_result: str,
    onset_date: str | None,
    sample_taken_at: datetime,
    last_exposure_date: str | None,
    policy: dict[str, Any],
) -> str | None:
    """The last day of isolation that policy proposes to the doctor, YYYY-MM-DD, or None.

    A positive case counts from onset, without symptoms from the sample. A contact's quarantine counts from the last
    exposure, and no negative test shortens it.
    """
    if lab_result == "positive":
        begin = date.fromisoformat(onset_date) if onset_date else sample_taken_at.date()
        return (begin + timedelta(days=policy["isolation_days"])).isoformat()
    if last_exposure_date:
        return (date.fromisoformat(last_exposure_date) + timedelta(days=policy["quarantine_days"])).isoformat()
    return None


@topic("doctor.publish_report")
def publish_report(case_reference: str, sample_number: int, channel: str, email: str, outbox: Outbox) -> None:
    """The report is on the patient's page from now on; the message only says so."""
    if channel == "email":
        outbox.add(effect_key(case_reference, "publish_report", sample_number), email, "report_there")


def _open_reports(engine: Engine, doctor: str) -> int:
    suggested = {"name": "suggested_doctor", "operator": "eq", "value": doctor}
    query = {"taskDefinitionKey": WRITE_REPORT, "processVariables": [suggested]}
    return engine.post("/task/count", query)["count"]
