"""The government's HTTP API: confirmed cases, their contacts, notification. Described in openapi.yaml."""

from __future__ import annotations

import json
import logging
import re
import secrets
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import peewee
from flask import Flask, request

from hosting.clients.delivery import Deferred, NotNow, SignInRefused
from services.government.archive import Archive, erase
from services.government.models import MODELS, Case, Contact, person_of
from services.government.notification import EXPOSED, RELEASED, Notifier
from services.http import Effects, Problem, body_with, create_service

log = logging.getLogger("services.government")

T = TypeVar("T")
NOTIFIED, UNREACHABLE, CALLED = "notified", "unreachable", "called"
MOST_CONTACTS = 200
# the code of an answer, and the parameter of a call that accepts no later attempt
DEFERRED, LAST_ATTEMPT = "recipient_deferred", "last_attempt"
ONE_MESSAGE_IN_S = 24 * 3600
OPTIONAL_TEXT = (str, type(None))
CONTACT_TEXTS = ("name", "relation", "exposure", "last_exposure_date")
CONTACT_OPTIONS = ("email", "phone", "language")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def create_app(database: peewee.Database, api_key: str, notifier: Notifier, archive: Archive) -> Flask:
    """The government's application."""
    app = create_service("government", api_key, Path(__file__).with_name("openapi.yaml"), database)
    effects = Effects(database)
    database.bind(MODELS)
    app.before_request(_check_last_attempt)
    _add_cases(app, effects, notifier)
    _add_erasure(app, database, effects, notifier, archive)
    _add_contacts(app, effects, notifier, archive)
    _add_tokens(app)
    return app


def _add_cases(app: Flask, effects: Effects, notifier: Notifier) -> None:
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
        if Case.select().where(Case.case_reference == body["case_reference"], Case.erased).exists():
            raise Problem(409, "erased", "this case was erased")
        Case.insert(**body).on_conflict(
            conflict_target=[Case.case_reference], update={**body, "result": None}
        ).execute()
        return {}, 201

    @app.get("/v1/cases/<case_reference>")
    def show_case(case_reference: str) -> dict[str, Any]:
        case = _case(case_reference)
        contacts = [
            {"contact_id": str(contact.id), "outcome": contact.outcome, "released": contact.released}
            for contact in case.contacts
        ]
        return {"case_reference": case.case_reference, "result": case.result, "contacts": contacts}

    @app.post("/v1/cases/<case_reference>/result")
    def correct_result(case_reference: str) -> dict[str, Any]:
        """The laboratory has corrected a result. May be asked for again: whom it told, it doesn't tell twice."""
        result = body_with(result=str)["result"]
        case = Case.get_or_none(Case.case_reference == case_reference)
        if case is None or case.erased:
            return {"registered": False}
        case.result = result
        case.save()
        if result != "positive":
            are_released = [_release(contact, notifier) for contact in case.contacts.where(~Contact.released)]
            if not all(are_released):
                raise _deferred()
        return {"registered": True}


def _add_erasure(app: Flask, database: peewee.Database, effects: Effects, notifier: Notifier, archive: Archive) -> None:
    @app.delete("/v1/cases/<case_reference>")
    def erase_case(case_reference: str) -> dict[str, Any]:
        """Forget a case, but for what the law keeps. May be asked for again."""
        for contact in Contact.select().join(Case).where(Case.case_reference == case_reference):
            _or_later(partial(notifier.forget, contact))
        with database.atomic():
            case = erase(case_reference, archive)
            effects.forget(case_reference)
        return {"kept": case.sealed is not None}


def _add_contacts(app: Flask, effects: Effects, notifier: Notifier, archive: Archive) -> None:
    @app.post("/v1/cases/<case_reference>/contacts")
    @effects.once
    def submit_contacts(case_reference: str) -> tuple[dict[str, Any], int]:
        case = _case(case_reference)
        named = body_with(contacts=list)["contacts"]
        if len(named) > MOST_CONTACTS:
            raise Problem(400, "malformed", f"contacts must be at most {MOST_CONTACTS}")
        contacts = [_add_contact(case, fields, archive) for fields in named]
        return {"contact_ids": [str(contact.id) for contact in contacts]}, 201

    @app.post("/v1/contacts/<int:contact_id>/notification")
    def notify(contact_id: int) -> dict[str, Any]:
        contact = _contact(contact_id)
        if contact.outcome is None:
            _notify(contact, notifier)
        return {name: getattr(contact, name) for name in ("outcome", "name", "phone", "language")}

    @app.post("/v1/contacts/<int:contact_id>/call")
    def record_call(contact_id: int) -> dict[str, Any]:
        """What came of calling a contact; whoever wants the link by message gets it."""
        contact = _contact(contact_id)
        body = body_with(
            reached=bool, symptoms=OPTIONAL_TEXT, quarantine=OPTIONAL_TEXT, note=OPTIONAL_TEXT,
            email=OPTIONAL_TEXT, phone=OPTIONAL_TEXT,
        )  # fmt: skip
        contact.call = json.dumps({name: body[name] for name in ("symptoms", "quarantine", "note")})
        contact.outcome = CALLED if body["reached"] else UNREACHABLE
        if body["reached"] and (body["email"] or body["phone"]):
            contact.email, contact.phone = body["email"], body["phone"]
            _notify(contact, notifier)
        _save(contact)
        return {"outcome": contact.outcome}


def _add_tokens(app: Flask) -> None:
    @app.get("/v1/tokens/<token>")
    def show_token(token: str) -> dict[str, Any]:
        """What holds for the person: the latest of their exposures that wasn't taken back."""
        contact = Contact.get_or_none(Contact.token == token)
        if contact is None:
            raise Problem(404, "not_found", "this token was never given out")
        exposures = Contact.select().where(Contact.person == contact.person, ~Contact.released)
        latest = max((exposure.last_exposure_date for exposure in exposures), default=None)
        return {"last_exposure_date": latest, "released": latest is None}


def _notify(contact: Contact, notifier: Notifier) -> None:
    """Tell a contact of their exposure, at most once a day, however many cases named them."""
    since = time.time() - ONE_MESSAGE_IN_S
    told = Contact.select().where(Contact.person == contact.person, Contact.told_at > since, ~Contact.released)
    if told.exists():
        contact.outcome = NOTIFIED
    elif _told(notifier, contact, EXPOSED):
        contact.outcome, contact.told_at = NOTIFIED, time.time()
    elif contact.outcome is None:
        contact.outcome = UNREACHABLE
    _save(contact)


def _release(contact: Contact, notifier: Notifier) -> bool:
    """Take the exposure back, and notify the contact of that if they were notified of it.

    Returns False if their address is refused for now: the exposure is then to be taken back again.
    """
    if contact.outcome == NOTIFIED:
        try:
            _told(notifier, contact, RELEASED)
        except Problem as problem:
            if problem.code != DEFERRED:
                raise
            return False
    contact.released = True
    _save(contact)
    return True


def _save(contact: Contact) -> None:
    """Write what has changed of a contact, unless the case was erased while a message was on its way."""
    changed = {field.name: getattr(contact, field.name) for field in contact.dirty_fields}
    erased = Case.select(Case.id).where(Case.erased)
    if changed:
        Contact.update(changed).where(Contact.id == contact.id, Contact.case.not_in(erased)).execute()


def _check_last_attempt() -> None:
    if request.args.get(LAST_ATTEMPT, "true") != "true":
        raise Problem(400, "malformed", f"{LAST_ATTEMPT} must be true or left out")


def _told(notifier: Notifier, contact: Contact, template: str) -> bool:
    """Whether a message was sent; a last attempt that is refused for now counts as one that wasn't."""
    try:
        return _or_later(lambda: notifier.tell(contact, template))
    except Problem as problem:
        if problem.code == DEFERRED and request.args.get(LAST_ATTEMPT) == "true":
            return False
        raise


def _or_later(send: Callable[[], T]) -> T:
    try:
        return send()
    except NotNow as error:
        if isinstance(error, SignInRefused):
            log.error("%s", error)
        message = "the mail server or the SMS gateway can't be reached; ask again later"
        raise Problem(503, "messages_unavailable", message) from None
    except Deferred:
        raise _deferred() from None


def _deferred() -> Problem:
    return Problem(503, DEFERRED, "an address is refused for now; ask again in some minutes")


def _case(case_reference: str) -> Case:
    case = Case.get_or_none(Case.case_reference == case_reference)
    if case is None or case.erased:
        raise Problem(404, "not_found", "there is no such case")
    return case


def _contact(contact_id: int) -> Contact:
    contact = Contact.get_or_none(Contact.id == contact_id) if contact_id < 2**62 else None
    if contact is None or contact.case.erased:
        raise Problem(404, "not_found", "there is no such contact")
    return contact


def _add_contact(case: Case, fields: Any, archive: Archive) -> Contact:
    if not isinstance(fields, dict) or not all(_is_text(fields.get(name)) for name in CONTACT_TEXTS):
        raise Problem(400, "malformed", f"each contact must have {', '.join(CONTACT_TEXTS)}")
    if not all(fields.get(name) is None or _is_text(fields[name]) for name in CONTACT_OPTIONS):
        raise Problem(400, "malformed", f"{', '.join(CONTACT_OPTIONS)} must be text")
    if not DAY.fullmatch(fields["last_exposure_date"]):
        raise Problem(400, "malformed", "last_exposure_date must be YYYY-MM-DD")
    email, phone = fields.get("email") or None, fields.get("phone") or None
    return Contact.create(
        case=case,
        person=archive.mark(person_of(fields["name"], email, phone)),
        email=email,
        phone=phone,
        language=fields.get("language") or "en",
        health_worker=fields.get("health_worker") is True,
        token=secrets.token_urlsafe(24),
        **{name: fields[name] for name in CONTACT_TEXTS},
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 1000 and "\x00" not in value
