"""The government's lane: register and correct cases, check and submit contacts, and notify each contact."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from camunda7.inputs.cleaning import clean_code
from camunda7.inputs.days import today
from camunda7.inputs.place import Place
from camunda7.inputs.telephones import parse_telephone
from camunda7.worker import Context, Retry, topic
from hosting.clients.government import Government
from reporting.authority import Authority
from reporting.report import Report, Status
from workers.onset import first_day_of_illness


@dataclass(frozen=True)
class Patient:
    """Process variables of a patient; those that the case doesn't have are None."""

    given_name: str | None
    family_name: str | None
    date_of_birth: str
    address: str | None
    email: str | None
    phone: str | None


@dataclass(frozen=True)
class Sample:
    """Process variables of a sample and its result; those that the case doesn't have are None."""

    result: str | None
    barcode: str | None
    specimen_type: str | None
    taken_at: datetime
    reported_at: datetime | None


# of steps that send messages to contacts: an address that is refused temporarily is retried for one to two hours
SEND_RETRY = Retry(attempts=9, first="1m", most="1h")


@topic("government.register_case", occurrence="result_number")
def register_case(
    business_key: str,
    given_name: str,
    family_name: str,
    date_of_birth: str,
    email: str,
    phone: str,
    exposed_to: str,
    address: str,
    lab_result: str,
    lab_result_barcode: str,
    specimen_type: str,
    sample_taken_at: datetime,
    reported_at: datetime,
    effect_key: str,
    *,
    government: Government,
    authority: Authority | None,
    place: Place,
) -> None:
    """Register a case with the government, and report it to the authority, if there is one. Both are idempotent."""
    case = {
        "case_reference": business_key,
        "given_name": given_name,
        "family_name": family_name,
        "date_of_birth": date_of_birth,
        "email": email,
        "phone": phone,
        "exposed_to": exposed_to,
    }
    government.register_case(case, effect_key)
    if authority:
        sample = Sample(lab_result, lab_result_barcode, specimen_type, sample_taken_at, reported_at)
        patient = Patient(given_name, family_name, date_of_birth, address, email, phone)
        authority.send(create_report(effect_key, business_key, Status.FINAL, patient, sample, place))


@topic("government.correct_case", retry=SEND_RETRY, occurrence="correction_number")
def correct_case(
    business_key: str,
    given_name: str,
    family_name: str,
    date_of_birth: str,
    email: str,
    phone: str,
    address: str,
    lab_result: str,
    lab_result_barcode: str,
    specimen_type: str,
    sample_taken_at: datetime,
    reported_at: datetime,
    effect_key: str,
    context: Context,
    *,
    government: Government,
    authority: Authority | None,
    place: Place,
) -> None:
    """Correct the result of a registered case; the government releases its contacts if it is no longer positive.

    The authority, if there is one, gets the correction or withdrawal of a case that was registered.
    """
    is_registered = government.correct_result(business_key, lab_result, context.last_attempt)
    if authority and is_registered:
        sample = Sample(lab_result, lab_result_barcode, specimen_type, sample_taken_at, reported_at)
        patient = Patient(given_name, family_name, date_of_birth, address, email, phone)
        status = Status.WITHDRAWN if lab_result == "entered_in_error" else Status.CORRECTED
        authority.send(create_report(effect_key, business_key, status, patient, sample, place))


@topic("government.check_contacts")
def check_contacts(
    had_contacts: str,
    close_contacts: list[dict[str, Any]],
    onset_date: str,
    sample_taken_at: datetime,
    policy: dict[str, Any],
    *,
    place: Place,
) -> dict[str, Any]:
    """Check the list of contacts; sets `contacts_refused` to row (from 0), name and reason of each error, or None."""
    start = infectious_from(onset_date, sample_taken_at, policy, place)
    reasons = [
        {"row": row, "name": contact["name"], "reason": reason, "infectious_from": start.isoformat()}
        for row, contact in enumerate(_named_contacts(had_contacts, close_contacts))
        for reason in (_find_date_error(contact, start, place), _find_address_error(contact))
        if reason
    ]
    return {"contacts_refused": reasons or None}


@topic("government.submit_contacts", occurrence="result_number")
def submit_contacts(
    business_key: str,
    had_contacts: str,
    close_contacts: list[dict[str, Any]],
    onset_date: str,
    sample_taken_at: datetime,
    language: str,
    policy: dict[str, Any],
    effect_key: str,
    *,
    government: Government,
    place: Place,
) -> dict[str, Any]:
    """Submit the contacts within the infectious days, without others, which the patient hasn't corrected in time."""
    start = infectious_from(onset_date, sample_taken_at, policy, place)
    named = [
        {**contact, "phone": _normalize_telephone(contact.get("phone"), place), "language": language}
        for contact in _named_contacts(had_contacts, close_contacts)
        if not _find_date_error(contact, start, place)
    ]
    contact_ids = government.submit_contacts(business_key, named, effect_key)
    return {"contact_ids": contact_ids, "contacts_named": len(contact_ids)}


@topic("government.notify_contact", retry=SEND_RETRY)
def notify_contact(business_key: str, contact_id: str, context: Context, *, government: Government) -> dict[str, Any]:
    """Notify a contact by message; the outcome "unreachable" leads to a call by the contact tracers."""
    answer = government.notify_contact(contact_id, context.last_attempt)
    return {
        "contact_outcome": answer["outcome"],
        "contact_name": answer["name"],
        "contact_phone": answer["phone"],
        "contact_language": answer["language"],
        "contact_last_exposure": answer.get("last_exposure_date"),
    }


@topic("government.record_call", retry=SEND_RETRY)
def record_call(
    contact_id: str,
    call_reached: str,
    call_note: str,
    contact_symptoms: str,
    will_quarantine: str,
    link_email: str,
    link_phone: str,
    context: Context,
    *,
    government: Government,
    place: Place,
) -> dict[str, Any]:
    call = {
        "reached": call_reached == "yes",
        "symptoms": contact_symptoms,
        "quarantine": will_quarantine,
        "note": (call_note or "")[:1000],
        "email": link_email,
        "phone": _normalize_telephone(link_phone, place),
    }
    return {"contact_outcome": government.record_call(contact_id, call, context.last_attempt)}


def create_report(
    key: str, case_reference: str, status: Status, patient: Patient, sample: Sample, place: Place
) -> Report:
    """Create a report; all deliveries of a step create the same.

    Args:
        key: idempotency key of the step.
    """
    collected_at = sample.taken_at.astimezone(place.zone)
    return Report(
        key=key,
        status=status,
        case_reference=case_reference,
        given_name=patient.given_name or "",
        family_name=patient.family_name or "",
        birth_date=date.fromisoformat(patient.date_of_birth),
        address=patient.address or "",
        email=patient.email or "",
        phone=parse_telephone(patient.phone or "", place.telephone_region) or "",
        result=sample.result or "" if status is not Status.WITHDRAWN else "",
        barcode=sample.barcode or "",
        specimen_type=sample.specimen_type or "",
        collected_at=collected_at,
        # a task that a former version of the process created has no time of its report
        reported_at=sample.reported_at.astimezone(place.zone) if sample.reported_at else collected_at,
    )


def infectious_from(onset_date: str | None, sample_taken_at: datetime, policy: dict[str, Any], place: Place) -> date:
    """Return the first infectious day: some days before onset, without symptoms before the sample."""
    return first_day_of_illness(onset_date, sample_taken_at, place) - timedelta(
        days=policy["infectious_days_before_onset"]
    )


def _named_contacts(had_contacts: str | None, close_contacts: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    return close_contacts or [] if had_contacts == "yes" else []


def _find_date_error(contact: dict[str, Any], infectious_from: date, place: Place) -> str | None:
    try:
        day = date.fromisoformat(contact.get("last_exposure_date") or "")
    except ValueError:
        return "no_day"
    if day < infectious_from:
        return "before_infectious_days"
    return "in_the_future" if day > today(place.zone) else None


def _find_address_error(contact: dict[str, Any]) -> str | None:
    has_number = any(each.isdigit() for each in clean_code(contact.get("phone") or ""))
    return None if contact.get("email") or has_number else "no_address"


def _normalize_telephone(typed: str | None, place: Place) -> str | None:
    """Convert a number to E.164 if possible, because Tasklist sends it as typed."""
    return parse_telephone(typed or "", place.telephone_region) or typed
