"""The government's HTTP API: confirmed cases, their contacts, notification. Described in openapi.yaml."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import Any

import peewee
from flask import Flask

from services.government.models import MODELS, Case, Contact
from services.government.notification import MailServerUnavailable, Notifier
from services.http import Effects, Problem, body_with, create_service

NOTIFIED, UNREACHABLE = "notified", "unreachable"
MOST_CONTACTS = 200
OPTIONAL_TEXT = (str, type(None))
CONTACT_TEXTS = ("name", "relation", "exposure", "last_exposure_date")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def create_app(database: peewee.Database, api_key: str, notifier: Notifier) -> Flask:
    """The government's application."""
    app = create_service("services.government", api_key, Path(__file__).with_name("openapi.yaml"), database)
    effects = Effects(database)
    database.bind(MODELS)
    with database.connection_context(), database.atomic():
        database.create_tables([*MODELS, effects.table], safe=True)
    _add_cases(app, effects)
    _add_contacts(app, effects, notifier)
    return app


def _add_cases(app: Flask, effects: Effects) -> None:
    @app.post("/v1/cases")
    @effects.once
    def register_case() -> tuple[dict[str, Any], int]:
        body = body_with(
            case_reference=str,
            given_name=str,
            family_name=str,
            date_of_birth=str,
            email=OPTIONAL_TEXT,
            phone=OPTIONAL_TEXT,
            exposed_to=OPTIONAL_TEXT,
        )
        if Case.get_or_none(Case.case_reference == body["case_reference"]):
            raise Problem(409, "case_known", "this case was registered already")
        Case.create(**body)
        return {}, 201

    @app.get("/v1/cases/<case_reference>")
    def show_case(case_reference: str) -> dict[str, Any]:
        case = _case(case_reference)
        contacts = [{"contact_id": str(contact.id), "outcome": contact.outcome} for contact in case.contacts]
        return {"case_reference": case.case_reference, "contacts": contacts}


def _add_contacts(app: Flask, effects: Effects, notifier: Notifier) -> None:
    @app.post("/v1/cases/<case_reference>/contacts")
    @effects.once
    def submit_contacts(case_reference: str) -> tuple[dict[str, Any], int]:
        case = _case(case_reference)
        named = body_with(contacts=list)["contacts"]
        if len(named) > MOST_CONTACTS:
            raise Problem(400, "malformed", f"contacts must be at most {MOST_CONTACTS}")
        contacts = [_add_contact(case, fields) for fields in named]
        return {"contact_ids": [str(contact.id) for contact in contacts]}, 201

    @app.post("/v1/contacts/<int:contact_id>/notification")
    def notify(contact_id: int) -> dict[str, str]:
        contact = Contact.get_or_none(Contact.id == contact_id) if contact_id < 2**62 else None
        if contact is None:
            raise Problem(404, "not_found", "there is no such contact")
        if contact.outcome is None:
            contact.outcome = NOTIFIED if _told(notifier, contact) else UNREACHABLE
            contact.save()
        return {"outcome": contact.outcome}

    @app.get("/v1/tokens/<token>")
    def show_token(token: str) -> dict[str, str]:
        contact = Contact.get_or_none(Contact.token == token)
        if contact is None:
            raise Problem(404, "not_found", "this token was never given out")
        return {"last_exposure_date": contact.last_exposure_date}


def _told(notifier: Notifier, contact: Contact) -> bool:
    try:
        return notifier.notify(contact)
    except MailServerUnavailable:
        raise Problem(503, "mail_unavailable", "the mail server can't be reached; ask again later") from None


def _case(case_reference: str) -> Case:
    case = Case.get_or_none(Case.case_reference == case_reference)
    if case is None:
        raise Problem(404, "not_found", "there is no such case")
    return case


def _add_contact(case: Case, fields: Any) -> Contact:
    if not isinstance(fields, dict) or not all(_is_text(fields.get(name)) for name in CONTACT_TEXTS):
        raise Problem(400, "malformed", f"each contact must have {', '.join(CONTACT_TEXTS)}")
    if not all(fields.get(name) is None or _is_text(fields[name]) for name in ("email", "phone")):
        raise Problem(400, "malformed", "email and phone must be text")
    if not DAY.fullmatch(fields["last_exposure_date"]):
        raise Problem(400, "malformed", "last_exposure_date must be YYYY-MM-DD")
    return Contact.create(
        case=case,
        email=fields.get("email") or None,
        phone=fields.get("phone") or None,
        health_worker=fields.get("health_worker") is True,
        token=secrets.token_urlsafe(24),
        **{name: fields[name] for name in CONTACT_TEXTS},
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 1000 and "\x00" not in value
