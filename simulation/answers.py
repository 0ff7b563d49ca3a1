"""Answers of simulated patients and staff to the forms of the pathway, drawn from the shares of the parameters.

They are those of people whose course the shares describe: of a patient who is to be referred to the emergency services,
the symptoms for which the present decision does that. A changed decision then sends the same people another way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from processes.elements import UserTask
from simulation.parameters import Draw, Parameters, draw_value

Values = dict[str, Any]

SIGNS = ("breathless", "unable_to_eat_or_drink")
SYMPTOMS = (
    "cough",
    "sore_throat_or_aches",
    "loss_of_taste_or_smell",
    "diarrhea",
    "fatigue",
    "bedridden_half_day",
)
ILLNESSES = ("diabetes", "cancer", "lung_disease", "kidney_dialysis", "cirrhosis", "third_trimester", "sickle_cell")
# what a patient of each orientation answers: temperature, reported symptoms and illnesses
COURSES: dict[str, tuple[str, tuple[str, ...]]] = {
    "emergency": ("at_least_39", ("breathless", "cough")),
    "under_15": ("from_37_8_to_38_9", ("cough",)),
    "self_monitor": ("no_fever", ("fatigue",)),
    "evaluation_advised": ("from_37_8_to_38_9", ("cough",)),
    "evaluation_needed": ("from_37_8_to_38_9", ("cough", "sore_throat_or_aches")),
    "evaluation_needed_at_risk": ("from_37_8_to_38_9", ("cough", "diabetes")),
    "evaluation_urgent": ("at_least_39", ("cough", "fatigue", "bedridden_half_day", "diabetes")),
}
# the oldest and youngest of each orientation; others are adults below 65
AGES = {"under_15": (4, 14), "evaluation_needed": (50, 64)}
ADULTS = (18, 64)
# measured on a day of this status
DAYS: dict[str, Values] = {
    "green": {"feeling": "same", "spo2": 97, "pulse": 78},
    "amber": {"feeling": "same", "spo2": 94, "pulse": 88},
    "red": {"feeling": "worse", "spo2": 91, "pulse": 104},
}
CALL_AGAIN_AFTER = timedelta(hours=4)


@dataclass
class Patient:
    """A simulated patient.

    Attributes:
        days: number of forms that were answered, by form, so that each answer is drawn anew.
        lab_result: of the last sample; None until there is one.
    """

    draw: Draw
    parameters: Parameters
    born: str
    orientation: str
    exposed: bool
    channel: str
    answered: dict[str, int] = field(default_factory=dict)
    lab_result: str | None = None

    def pick(self, branch: str, number: int = 0) -> str:
        """Draw a value of a branch by its shares."""
        return draw_value(self.draw.at(branch, number), self.parameters.shares[branch])

    def count_answer(self, form: str) -> int:
        """Return how often the form was answered before, and count this answer."""
        number = self.answered.get(form, 0)
        self.answered[form] = number + 1
        return number


def create_patient(case: str, parameters: Parameters, seed: int, today: datetime) -> Patient:
    draw = Draw(seed, case)
    orientation = draw_value(draw.at("orientation"), parameters.shares["orientation"])
    youngest, oldest = AGES.get(orientation, ADULTS)
    days = draw.at("age").randint(youngest * 366, oldest * 365)
    return Patient(
        draw,
        parameters,
        str(today.date() - timedelta(days=days)),
        orientation,
        draw_value(draw.at("exposed"), parameters.shares["exposed"]) == "yes",
        draw_value(draw.at("channel"), parameters.shares["channel"]),
    )


def answer_pre_screening(patient: Patient, now: datetime) -> Values:
    temperature, reported = COURSES[patient.orientation]
    exposure = str(now.date() - timedelta(days=4)) if patient.exposed else None
    return {
        **{name: name in reported for name in (*SIGNS, *SYMPTOMS, *ILLNESSES)},
        "for_whom": "myself",
        "date_of_birth": patient.born,
        "weight_kg": 70,
        "height_cm": 175,
        "recent_exposure": "yes" if patient.exposed else "no",
        "last_exposure_date": exposure,
        "temperature": temperature,
        "heart_disease": "no",
        "weakened_immunity": "no",
    }


def answer_form(form: str, patient: Patient, now: datetime) -> Values:
    """Return the values that the answer to a form sets; empty for a form of which nothing is known."""
    number = patient.count_answer(form)
    return FORMS[form](patient, number, now) if form in FORMS else {}


def _request(patient: Patient, number: int, now: datetime) -> Values:
    if patient.pick("wants_evaluation") == "no":
        return {"wants_evaluation": "no"}
    has_email = patient.channel == "email"
    return {
        "wants_evaluation": "yes",
        "given_name": "Simulated",
        "family_name": patient.draw.case,
        "carer_name": None,
        "channel": patient.channel,
        "email": "patient@simulation.example" if has_email else None,
        "phone": None if has_email else "+44 20 7946 0000",
        "emergency_phone": None,
        "language": "en",
        "address": "simulated",
        "building_access": None,
        "reporting_notice_read": True,
        "consent_to_care": True,
    }


def _medical_form(patient: Patient, number: int, now: datetime) -> Values:
    onset = now.date() - timedelta(days=patient.draw.at("onset").randint(1, 5))
    return {
        "onset_date": str(onset),
        "medication": None,
        "allergies": None,
        "pregnancy": "no",
        "vaccination_doses": 0,
        "lives": patient.pick("lives"),
        "works_in": patient.pick("works_in"),
    }


def _visit(patient: Patient, number: int, now: datetime) -> Values:
    outcome = patient.pick("visit_outcome", number)
    if outcome != "sampled":
        return {"visit_outcome": outcome, "next_appointment": None, "sample_barcode": None, "visit_note": None}
    return {
        "visit_outcome": outcome,
        "next_appointment": None,
        "sample_barcode": f"{patient.draw.case}-{number}",
        "specimen_type": "nasopharyngeal_swab",
        "sampling_time": None,
        "body_temperature_c": 37.2,
        "oxygen_saturation": 97,
        "respiratory_rate": 15,
        "visit_note": None,
    }


def _report(patient: Patient, number: int, now: datetime) -> Values:
    is_positive = patient.lab_result == "positive"
    classification = "confirmed" if is_positive else patient.pick("classification_of_negative", number)
    return {
        "case_classification": classification,
        "assessment": "simulated",
        "report_advice": "simulated",
        "further_action": patient.pick("further_action", number) if is_positive else "none",
        "repeat_test": patient.pick("repeat_test", number) == "yes",
    }


def _contacts(patient: Patient, number: int, now: datetime) -> Values:
    count = int(patient.pick("contacts"))
    contact = {
        "name": "simulated",
        "email": "contact@simulation.example",
        "relation": "household",
        "last_exposure_date": str(now.date() - timedelta(days=1)),
        "exposure": "close",
    }
    return {"had_contacts": "yes" if count else "no", "close_contacts": [contact] * count}


def _contact_call(patient: Patient, number: int, now: datetime) -> Values:
    return {
        **_call(patient, number, now),
        "contact_symptoms": "no",
        "will_quarantine": "yes",
        "link_wanted": "no",
        "link_email": None,
        "link_phone": None,
    }


def _call(patient: Patient, number: int, now: datetime) -> Values:
    reached = patient.pick("call_reached", number)
    again = (now + CALL_AGAIN_AFTER).isoformat() if reached == "no" else None
    return {"call_reached": reached, "call_again_at": again, "call_note": None}


def _day(patient: Patient, number: int, now: datetime) -> Values:
    status = patient.pick("day_status", number)
    return {
        **dict.fromkeys(SIGNS, False),
        **DAYS[status],
        "day_temperature_c": 36.9,
        "fever_medicine": "no",
        "day_note": None,
    }


def _silent_call(patient: Patient, number: int, now: datetime) -> Values:
    call = _call(patient, number, now)
    return {**(_day(patient, number, now) if call["call_reached"] == "yes" else {}), **call}


def _watch_call(patient: Patient, number: int, now: datetime) -> Values:
    return {"call_reached": "yes", "care_place": patient.pick("care_place", number), "call_note": "simulated"}


def _assess_by_hand(patient: Patient, number: int, now: datetime) -> Values:
    return {"orientation": patient.orientation}


def _set_priority(patient: Patient, number: int, now: datetime) -> Values:
    return {"risk_factor": False, "testing_priority": 40, "report_due_hours": 24}


def _barcode(patient: Patient, number: int, now: datetime) -> Values:
    return {"sample_barcode": f"{patient.draw.case}-N{number}"}


def _review(patient: Patient, number: int, now: datetime) -> Values:
    return {"rating": "5", "review_comment": None}


FORMS: Mapping[str, Callable[[Patient, int, datetime], Values]] = {
    "evaluation_request": _request,
    "medical_form": _medical_form,
    "medical_visit": _visit,
    "sample_barcode": _barcode,
    "doctor_report": _report,
    "close_contacts": _contacts,
    "contact_call": _contact_call,
    "patient_call": _call,
    "daily_report": _day,
    # the same form, by telephone
    UserTask.CALL_SILENT_PATIENT: _silent_call,
    "watch_call": _watch_call,
    "worsening_call": _watch_call,
    "assess_by_hand": _assess_by_hand,
    "set_priority_by_hand": _set_priority,
    "review": _review,
}
