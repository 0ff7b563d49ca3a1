"""The doctor's lane: assign the report, publish it (steps 14 and 16)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from processes.engine import Engine
from records.outbox import Outbox
from records.roster import Roster
from workers.outside import effect_key
from workers.topics import topic

WRITE_REPORT = "Task_WriteDoctorsReport"


@topic("doctor.assign")
def assign(report_due_hours: int, roster: Roster, engine: Engine) -> dict[str, Any]:
    """Suggest the doctor on duty with the fewest open reports; the report stays open for any doctor to claim."""
    on_duty = roster.doctors_on_duty()
    open_reports = {doctor: _open_reports(engine, doctor) for doctor in on_duty}
    return {
        "report_due_at": datetime.now(UTC) + timedelta(hours=report_due_hours),
        "suggested_doctor": min(on_duty, key=open_reports.__getitem__) if on_duty else None,
    }


@topic("doctor.publish_report")
def publish_report(case_reference: str, sample_number: int, channel: str, email: str, outbox: Outbox) -> None:
    """The report is on the patient's page from now on; the message only says so."""
    if channel == "email":
        outbox.add(effect_key(case_reference, "publish_report", sample_number), email, "report_there")


def _open_reports(engine: Engine, doctor: str) -> int:
    suggested = {"name": "suggested_doctor", "operator": "eq", "value": doctor}
    query = {"taskDefinitionKey": WRITE_REPORT, "processVariables": [suggested]}
    return engine.post("/task/count", query)["count"]
