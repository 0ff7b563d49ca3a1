"""The government's lane, in trace_contacts: register the case, submit its contacts, notify each."""

from __future__ import annotations

from typing import Any

from workers.outside import Service, effect_key
from workers.topics import topic


@topic("government.register_case")
def register_case(
    case_reference: str,
    given_name: str,
    family_name: str,
    date_of_birth: str,
    email: str,
    phone: str,
    exposed_to: str,
    government: Service,
) -> None:
    body = {
        "case_reference": case_reference,
        "given_name": given_name,
        "family_name": family_name,
        "date_of_birth": date_of_birth,
        "email": email,
        "phone": phone,
        "exposed_to": exposed_to,
    }
    government.post("/v1/cases", body, effect_key(case_reference, "register_case", 1))


@topic("government.submit_contacts")
def submit_contacts(
    case_reference: str, had_contacts: str, close_contacts: list[dict[str, Any]], government: Service
) -> dict[str, Any]:
    named = close_contacts if had_contacts == "yes" and close_contacts else []
    answer = government.post(
        f"/v1/cases/{case_reference}/contacts",
        {"contacts": named},
        effect_key(case_reference, "submit_contacts", 1),
    )
    return {"contact_ids": answer["contact_ids"], "contacts_named": len(answer["contact_ids"])}


@topic("government.notify_contact")
def notify_contact(case_reference: str, contact_id: str, government: Service) -> None:
    """Whether the contact could be reached is an outcome, which the government keeps."""
    key = effect_key(case_reference, "notify_contact", contact_id)
    government.post(f"/v1/contacts/{contact_id}/notification", {}, key)
