"""The government's lane: register the case, check and submit its contacts, notify each; pass a corrected result on."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from camunda7.inputs.cleaning import clean_code
from camunda7.inputs.days import today
from camunda7.inputs.place import Place
from camunda7.inputs.telephones import parse_telephone
from camunda7.worker import Context, Retry, topic
from hosting.clients.government import Government
from workers.onset import first_day

# of the steps that send messages to contacts: an address that is refused for now is tried for an hour or two
SENDING = Retry(attempts=9, first="1m", most="1h")


@topic("government.register_case", occurrence="result_number")
def register_case(
    business_key: str,
    given_name: str,
    family_name: str,
    date_of_birth: str,
    email: str,
    phone: str,
    exposed_to: str,
    effect_key: str,
    *,
    government: Government,
) -> None:
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


@topic("government.correct_case", retry=SENDING)
def correct_case(business_key: str, lab_result: str, context: Context, *, government: Government) -> None:
    """Contacts of a case that isn't positive any more are released; a case that was never registered stays so."""
    government.correct_result(business_key, lab_result, context.last_attempt)


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
    """Why the list goes back: each contact's row in it, from 0, name, and what is wrong; None when nothing is."""
    begin = infectious_from(onset_date, sample_taken_at, policy, place)
    reasons = [
        {"row": row, "name": contact["name"], "reason": reason, "infectious_from": begin.isoformat()}
        for row, contact in enumerate(_named(had_contacts, close_contacts))
        for reason in (_outside(contact, begin, place), _without_address(contact))
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
    """Those within the infectious days; when the patient never corrected the others, on without them."""
    begin = infectious_from(onset_date, sample_taken_at, policy, place)
    named = [
        {**contact, "phone": _telephone(contact.get("phone"), place), "language": language}
        for contact in _named(had_contacts, close_contacts)
        if not _outside(contact, begin, place)
    ]
    contact_ids = government.submit_contacts(business_key, named, effect_key)
    return {"contact_ids": contact_ids, "contacts_named": len(contact_ids)}


@topic("government.notify_contact", retry=SENDING)
def notify_contact(business_key: str, contact_id: str, context: Context, *, government: Government) -> dict[str, Any]:
    """Whether a message reached the contact is an outcome; whom none reaches is called."""
    answer = government.notify_contact(contact_id, context.last_attempt)
    return {
        "contact_outcome": answer["outcome"],
        "contact_name": answer["name"],
        "contact_phone": answer["phone"],
        "contact_language": answer["language"],
    }


@topic("government.record_call", retry=SENDING)
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
        "phone": _telephone(link_phone, place),
    }
    return {"contact_outcome": government.record_call(contact_id, call, context.last_attempt)}


def infectious_from(onset_date: str | None, sample_taken_at: datetime, policy: dict[str, Any], place: Place) -> date:
    """The first day on which a contact counts: some days before onset, or before the sample without symptoms."""
    return first_day(onset_date, sample_taken_at, place) - timedelta(days=policy["infectious_days_before_onset"])


def _named(had_contacts: str | None, close_contacts: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    return close_contacts or [] if had_contacts == "yes" else []


def _outside(contact: dict[str, Any], begin: date, place: Place) -> str | None:
    try:
        day = date.fromisoformat(contact.get("last_exposure_date") or "")
    except ValueError:
        return "no_day"
    if day < begin:
        return "before_infectious_days"
    return "in_the_future" if day > today(place.zone) else None


def _without_address(contact: dict[str, Any]) -> str | None:
    has_number = any(each.isdigit() for each in clean_code(contact.get("phone") or ""))
    return None if contact.get("email") or has_number else "no_address"


def _telephone(typed: str | None, place: Place) -> str | None:
    """As E.164 has it; Tasklist sends it as it was typed."""
    return parse_telephone(typed or "", place.telephone_region) or typed
