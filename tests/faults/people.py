"""The people of a case: what they fill in, and where they are reached. Their addresses are the case's own."""

from __future__ import annotations

import zlib
from typing import Any

from tests.support.case import CONTACT, MEDICAL, REPORT, REQUEST, VISIT

PATIENT, CONTACT_OF = "patients", "contacts"


def has_only_telephones(reference: str) -> bool:
    """Whether news reaches the people of this case by SMS: every fourth."""
    return _number(reference, "") % 4 == 0


def is_called(reference: str) -> bool:
    """Whether the patient of this case is told by telephone: every eighth."""
    return _number(reference, "") % 8 == 1


def email_of(reference: str, who: str) -> str:
    return f"{reference.lower()}@{who}.example"


def phone_of(reference: str, who: str) -> str:
    return f"+4420{_number(reference, who) % 10**8:08}"


def answers_to(form: str, reference: str) -> dict[str, Any]:
    """What a form of the case comes back with."""
    contact = {**CONTACT, "name": reference.lower(), **_address(reference, CONTACT_OF)}
    return {
        "evaluation_request": {**REQUEST, **_channel(reference)},
        "medical_form": MEDICAL,
        "medical_visit": {**VISIT, "sample_barcode": f"B-{reference}"},
        "close_contacts": {"had_contacts": "yes", "close_contacts": [contact]},
        "doctor_report": {**REPORT, "case_classification": "confirmed"},
        "review": {"rating": "5"},
        "patient_call": {"call_reached": "yes"},
        "worsening_call": {"call_reached": "yes", "call_note": "rest, and call again"},
    }[form]


def _channel(reference: str) -> dict[str, str | None]:
    if is_called(reference):
        return {"channel": "telephone", "email": None, "phone": phone_of(reference, PATIENT)}
    channel = "sms" if has_only_telephones(reference) else "email"
    return {"channel": channel, **_address(reference, PATIENT)}


def _address(reference: str, who: str) -> dict[str, str | None]:
    if has_only_telephones(reference):
        return {"email": None, "phone": phone_of(reference, who)}
    return {"email": email_of(reference, who), "phone": None}


def _number(reference: str, who: str) -> int:
    return zlib.crc32(f"{reference}/{who}".encode())
