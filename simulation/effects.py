"""What the workers and services would do for an external task, without them: the variables that they would return."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any, Protocol

from camunda7.inputs.place import Place
from simulation.answers import Patient
from workers import diary as diaries
from workers.diary import Illness
from workers.doctor import propose_isolation

Values = dict[str, Any]

# variables of the case that each effect reads
READS: Mapping[str, tuple[str, ...]] = {
    "lab.reserve_kit": ("sample_number", "testing_priority"),
    "lab.order_test": ("sample_number", "sample_barcode", "testing_priority"),
    "lab.chase_result": ("lab_order_id",),
    "lab.release_case": ("sample_number", "sample_barcode"),
    "doctor.assign": (
        "report_due_hours",
        "lab_result",
        "onset_date",
        "sample_taken_at",
        "last_exposure_date",
    ),
    "government.submit_contacts": ("had_contacts", "close_contacts"),
    "government.record_call": ("call_reached",),
    "patient.record_day": (
        *diaries.ANSWERS,
        "diary",
        "day_status",
        "onset_date",
        "lab_result",
        "last_exposure_date",
        "sample_taken_at",
        "body_temperature_c",
    ),
}
# messages to the patient, who may have chosen calls
NOTICES = {"patient.notify", "lab.tell_result", "doctor.publish_report"}
# without a result that the simulation could use
SILENT = {
    "kpi.record_case",
    "doctor.alert",
    "doctor.announce_call",
    "doctor.repeat_call",
    "doctor.escalate_call",
    "doctor.escalate",
    "doctor.raise_priority",
    "government.register_case",
    "government.correct_case",
    "lab.decide_item",
}
KIT_SHORTAGE = "kit_shortage"


@dataclass
class Task:
    """An open user task or external task of the engine."""

    id: str
    element: str
    instance: str
    case: str
    priority: int = 0
    topic: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)


class Lapse(Protocol):
    """The simulation in which an effect happens."""

    policy: dict[str, Any]

    @property
    def zone(self) -> tzinfo: ...

    @property
    def now(self) -> datetime: ...

    def moment(self, milliseconds: int) -> datetime: ...

    def reserve_kit(self, task: Task) -> bool: ...

    def release_sample(self, task: Task, is_kit_used: bool) -> None: ...

    def order_test(self, task: Task, patient: Patient) -> str: ...

    def chase_test(self, order_id: str) -> None: ...


class BpmnError(Exception):
    """The worker would throw this BPMN error; the message is its code."""


def assign(lapse: Lapse, task: Task, patient: Patient) -> Values:
    known = task.variables
    taken = lapse.moment(known["sample_taken_at"])
    isolation = propose_isolation(
        known["lab_result"],
        known.get("onset_date"),
        taken,
        known.get("last_exposure_date"),
        lapse.policy,
        Place(lapse.zone),
    )
    due = lapse.now + timedelta(hours=known["report_due_hours"])
    return {"report_due_at": due, "suggested_doctor": None, "repeat_test": False, "isolation_until": isolation}


def publish_report(lapse: Lapse, task: Task, patient: Patient) -> Values:
    return {"earlier_reports": "simulated"}


def reserve_kit(lapse: Lapse, task: Task, patient: Patient) -> Values:
    if not lapse.reserve_kit(task):
        raise BpmnError(KIT_SHORTAGE)
    return {}


def release_case(lapse: Lapse, task: Task, patient: Patient) -> Values:
    lapse.release_sample(task, is_kit_used=task.variables.get("sample_barcode") is not None)
    return {}


def order_test(lapse: Lapse, task: Task, patient: Patient) -> Values:
    return {"lab_order_id": lapse.order_test(task, patient)}


def chase_result(lapse: Lapse, task: Task, patient: Patient) -> Values:
    lapse.chase_test(task.variables["lab_order_id"])
    return {}


def check_contacts(lapse: Lapse, task: Task, patient: Patient) -> Values:
    return {"contacts_refused": None}


def submit_contacts(lapse: Lapse, task: Task, patient: Patient) -> Values:
    named = task.variables.get("close_contacts") if task.variables.get("had_contacts") == "yes" else None
    ids = [f"{patient.draw.case}-{number}" for number in range(len(named or []))]
    return {"contact_ids": ids, "contacts_named": len(ids)}


def notify_contact(lapse: Lapse, task: Task, patient: Patient) -> Values:
    is_notified = patient.pick("contact_notified", patient.count_answer("contact_notified")) == "yes"
    return {
        "contact_outcome": "notified" if is_notified else "unreachable",
        "contact_name": "simulated",
        "contact_phone": "+44 20 7946 0000",
        "contact_language": "en",
        "contact_last_exposure": None,
    }


def record_call(lapse: Lapse, task: Task, patient: Patient) -> Values:
    return {"contact_outcome": "called" if task.variables.get("call_reached") == "yes" else "unreachable"}


def record_day(lapse: Lapse, task: Task, patient: Patient) -> Values:
    known, today, place = task.variables, lapse.now.date(), Place(lapse.zone)
    taken = lapse.moment(known["sample_taken_at"])
    day = {
        "day": today.isoformat(),
        "status": known["day_status"],
        **{name: known.get(name) for name in diaries.ANSWERS},
    }
    days = diaries.add_day(known.get("diary") or [], day)
    illness = Illness(
        known.get("onset_date"),
        taken,
        known.get("body_temperature_c"),
        known["lab_result"] == "positive",
        known.get("last_exposure_date"),
    )
    last_day = diaries.find_last_day_of_isolation(illness, lapse.policy, place)
    fever = diaries.find_last_day_of_fever(days, illness, lapse.policy, place)
    return diaries.summarize_day(days, illness, last_day, fever, today, lapse.policy)


EFFECTS: Mapping[str, Callable[[Lapse, Task, Patient], Values]] = {
    "doctor.assign": assign,
    "doctor.publish_report": publish_report,
    "lab.reserve_kit": reserve_kit,
    "lab.release_case": release_case,
    "lab.order_test": order_test,
    "lab.chase_result": chase_result,
    "government.check_contacts": check_contacts,
    "government.submit_contacts": submit_contacts,
    "government.notify_contact": notify_contact,
    "government.record_call": record_call,
    "patient.record_day": record_day,
}
