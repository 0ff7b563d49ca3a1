"""The people of a case: their answers, channels and addresses, which depend on the case reference."""

from __future__ import annotations

import zlib
from typing import Any

from tests.support.case import CONTACT, MEDICAL, REPORT, REQUEST, VISIT

PATIENT, CONTACT_OF = "patients", "contacts"


def channel_of(reference: str, who: str) -> str:
    """The channel of a person: SMS in one of 4 cases, telephone for the patient in one of 8, else e-mail."""
    turn = _number(reference, "") % 8
    if turn % 4 == 0:
        return "sms"
    return "telephone" if turn == 1 and who == PATIENT else "email"


def email_of(reference: str, who: str) -> str:
    return f"{reference.lower()}@{who}.example"


def phone_of(reference: str, who: str) -> str:
    return f"+4420{_number(reference, who) % 10**8:08}"


def form_values(form: str, reference: str) -> dict[str, Any]:
    """The values that a form of the case is submitted with."""
    contact = {**CONTACT, "name": reference.lower(), **_address(reference, CONTACT_OF)}
    return {
        "evaluation_request": {**REQUEST, "channel": channel_of(reference, PATIENT), **_address(reference, PATIENT)},
        "medical_form": MEDICAL,
        "medical_visit": {**VISIT, "sample_barcode": f"B-{reference}"},
        "close_contacts": {"had_contacts": "yes", "close_contacts": [contact]},
        "doctor_report": {**REPORT, "case_classification": "confirmed"},
        "review": {"rating": "5"},
        "patient_call": {"call_reached": "yes"},
        "worsening_call": {"call_reached": "yes", "call_note": "rest, and call again"},
    }[form]


def _address(reference: str, who: str) -> dict[str, str | None]:
    by_mail = channel_of(reference, who) == "email"
    return {
        "email": email_of(reference, who) if by_mail else None,
        "phone": None if by_mail else phone_of(reference, who),
    }


def _number(reference: str, who: str) -> int:
    return zlib.crc32(f"{reference}/{who}".encode())
