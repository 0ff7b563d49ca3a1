"""The doctor's lane: assign the report, escalate it, publish it (steps 14 to 16); alerts to the doctors on duty."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

from camunda7.engine import NotFound
from camunda7.inputs.place import Place
from camunda7.worker import topic
from hosting.clients.lab import Lab
from processes.elements import UserTask
from processes.engine import Engine
from records.outbox import Outbox
from records.roster import Roster
from workers.onset import first_day_of_illness
from workers.patient import queue_notice

# puts an overdue report before all others, also those whose priority the timer policy.priority_rises has raised
OVERDUE_PRIORITY_INCREASE = 100
# of a process variable of type String
MAX_STRING_LENGTH = 4000


@topic("doctor.assign")
def assign(
    report_due_hours: int,
    lab_result: str,
    onset_date: str,
    sample_taken_at: datetime,
    last_exposure_date: str,
    policy: dict[str, Any],
    *,
    roster: Roster,
    engine: Engine,
    place: Place,
) -> dict[str, Any]:
    """Suggest the doctor on duty with the fewest open reports; the report stays open for any doctor to claim."""
    on_duty = roster.doctors_on_duty()
    open_reports = {doctor: _count_open_reports(engine, doctor) for doctor in on_duty}
    proposed = propose_isolation(lab_result, onset_date, sample_taken_at, last_exposure_date, policy, place)
    return {
        "report_due_at": datetime.now(UTC) + timedelta(hours=report_due_hours),
        "suggested_doctor": min(on_duty, key=open_reports.__getitem__) if on_duty else None,
        "repeat_test": False,
        "isolation_until": proposed,
    }


def propose_isolation(
    lab_result: str,
    onset_date: str | None,
    sample_taken_at: datetime,
    last_exposure_date: str | None,
    policy: dict[str, Any],
    place: Place,
) -> str | None:
    """Return the last day of isolation that policy proposes to the doctor, as YYYY-MM-DD, or None.

    Isolation of a positive case starts with the onset of symptoms, without symptoms with the sample. Quarantine of a
    contact starts with the last exposure; a negative test doesn't shorten it.
    """
    if lab_result == "positive":
        start = first_day_of_illness(onset_date, sample_taken_at, place)
        return (start + timedelta(days=policy["isolation_days"])).isoformat()
    if last_exposure_date:
        return (date.fromisoformat(last_exposure_date) + timedelta(days=policy["quarantine_days"])).isoformat()
    return None


@topic("doctor.escalate", occurrence="result_number")
def escalate(business_key: str, effect_key: str, *, roster: Roster, engine: Engine, outbox: Outbox) -> None:
    """Raise the priority of an overdue report above the others, and alert the doctors on duty."""
    query = {"processInstanceBusinessKey": business_key, "taskDefinitionKey": UserTask.WRITE_DOCTORS_REPORT}
    for task in engine.post("/task", query):
        if task["priority"] < OVERDUE_PRIORITY_INCREASE:
            _raise_priority(engine, task["id"], task["priority"] + OVERDUE_PRIORITY_INCREASE)
    _send_mails(roster, outbox, effect_key, "report_overdue")


@topic("doctor.alert", occurrence="sample_number")
def alert(effect_key: str, *, roster: Roster, outbox: Outbox) -> None:
    """Alert the doctors on duty that the medical team met an emergency."""
    _send_mails(roster, outbox, effect_key, "visit_emergency")


@topic("doctor.announce_call", occurrence="worsening")
def announce_call(effect_key: str, *, roster: Roster, doctors_phones: dict[str, str], outbox: Outbox) -> None:
    """Alert the doctors on duty to a patient with signs of an emergency, by e-mail and SMS."""
    _send_mails_and_sms(roster, doctors_phones, outbox, effect_key, "patient_call")


@topic("doctor.repeat_call", occurrence="worsening")
def repeat_call(
    business_key: str,
    effect_key: str,
    *,
    roster: Roster,
    doctors_phones: dict[str, str],
    engine: Engine,
    outbox: Outbox,
) -> None:
    """Alert the doctors on duty again, unless a doctor has claimed the call."""
    if _is_call_unclaimed(engine, business_key):
        _send_mails_and_sms(roster, doctors_phones, outbox, effect_key, "patient_call_unclaimed")


@topic("doctor.escalate_call", occurrence="worsening")
def escalate_call(
    business_key: str, effect_key: str, *, managers: list[tuple[str, str]], engine: Engine, outbox: Outbox
) -> None:
    """Alert the process managers, unless a doctor has claimed the call."""
    if _is_call_unclaimed(engine, business_key):
        for channel, address in managers:
            outbox.add(f"{effect_key}/{address}", channel, address, "patient_call_escalated", "en")


@topic("doctor.raise_priority")
def raise_priority(business_key: str, testing_priority: int, *, engine: Engine, lab: Lab) -> None:
    """Raise the case's user tasks, and its sample at the lab, to the new priority: the patient feels worse."""
    for task in engine.post("/task", {"processInstanceBusinessKey": business_key}):
        _raise_priority(engine, task["id"], testing_priority)
    lab.set_priority(business_key, testing_priority)


@topic("doctor.publish_report", occurrence="result_number")
def publish_report(
    case_classification: str,
    assessment: str,
    earlier_reports: str,
    channel: str,
    email: str,
    phone: str,
    language: str,
    effect_key: str,
    *,
    outbox: Outbox,
    place: Place,
) -> dict[str, Any]:
    """Notify the patient that the report is on their page, and add it to the earlier reports."""
    queue_notice(outbox, effect_key, "report_there", channel, email, phone, language)
    summary = f"{datetime.now(place.zone):%-d %B %Y, %H:%M}, {case_classification.replace('_', ' ')}: {assessment}"
    return {"earlier_reports": _shorten(f"{summary}\n{earlier_reports or ''}")}


def _raise_priority(engine: Engine, task_id: str, priority: int) -> None:
    # the task may have been completed since it was looked up
    with suppress(NotFound):
        engine.raise_task_priority(task_id, priority)


def _shorten(text: str) -> str:
    """Cut a text to the 4,000 characters that the engine's database column holds."""
    return text if len(text) <= MAX_STRING_LENGTH else text[: MAX_STRING_LENGTH - 1] + "…"


def _send_mails(roster: Roster, outbox: Outbox, key: str, template: str) -> None:
    for address in roster.addresses_on_duty():
        outbox.add(f"{key}/{address}", "email", address, template, "en")


def _send_mails_and_sms(roster: Roster, phones: dict[str, str], outbox: Outbox, key: str, template: str) -> None:
    _send_mails(roster, outbox, key, template)
    for phone in (phones[doctor] for doctor in roster.doctors_on_duty() if doctor in phones):
        outbox.add(f"{key}/{phone}", "sms", phone, template, "en")


def _is_call_unclaimed(engine: Engine, case_reference: str) -> bool:
    calls = {"processInstanceBusinessKey": case_reference, "taskDefinitionKey": UserTask.CALL_PATIENT}
    return engine.post("/task/count", {**calls, "unassigned": True})["count"] > 0


def _count_open_reports(engine: Engine, doctor: str) -> int:
    suggested = {"name": "suggested_doctor", "operator": "eq", "value": doctor}
    query = {"taskDefinitionKey": UserTask.WRITE_DOCTORS_REPORT, "processVariables": [suggested]}
    return engine.post("/task/count", query)["count"]
