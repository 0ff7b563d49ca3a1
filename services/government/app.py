"""The government's HTTP API: confirmed cases, their contacts, notification."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import peewee
from flask import request
from flask_openapi3 import OpenAPI

from hosting.clients.delivery import ChannelUnavailable, Deferred, SignInRefused
from services.government import schemas
from services.government.archive import Archive, erase
from services.government.models import MODELS, Case, Contact, person_key
from services.government.notification import EXPOSED, RELEASED, Notifier
from services.http import KEY_REUSED, IdempotencyKeys, Problem, create_service, problem_response
from services.schemas import CasePath, EmptyAnswer, Idempotent

log = logging.getLogger("services.government")

T = TypeVar("T")
NOTIFIED, UNREACHABLE, CALLED = "notified", "unreachable", "called"
# error code of an address that is refused temporarily, and query parameter of the last attempt
DEFERRED, LAST_ATTEMPT = "recipient_deferred", "last_attempt"
MESSAGE_INTERVAL_S = 24 * 3600
NO_CASE = problem_response("There is no such case, or it was erased")
NO_CONTACT = problem_response("There is no such contact, or their case was erased")
NO_TOKEN = problem_response("There is no such token")
NOT_SENT = problem_response("messages_unavailable or recipient_deferred: try again later")


def create_app(database: peewee.Database, api_key: str, notifier: Notifier, archive: Archive) -> OpenAPI:
    """Create the government's application."""
    purpose = "Confirmed cases, their close contacts, and notifying them."
    app = create_service("government", "Government", purpose, api_key, database)
    idempotency = IdempotencyKeys(database)
    database.bind(MODELS)
    _add_case_routes(app, idempotency, notifier)
    _add_erasure_route(app, database, idempotency, notifier, archive)
    _add_contact_routes(app, idempotency, notifier, archive)
    _add_token_route(app)
    return app


def _add_case_routes(app: OpenAPI, idempotency: IdempotencyKeys, notifier: Notifier) -> None:
    @app.post("/v1/cases", responses={201: EmptyAnswer, 409: problem_response("erased; key_reused")})
    @idempotency.once
    def register_case(header: Idempotent, body: schemas.CaseRegistration) -> tuple[dict[str, Any], int]:
        """Register a confirmed case, or replace its registration."""
        if Case.select().where(Case.case_reference == body.case_reference, Case.erased).exists():
            raise Problem(409, "erased", "this case was erased")
        case = body.model_dump()
        Case.insert(**case).on_conflict(
            conflict_target=[Case.case_reference], update={**case, "result": None}
        ).execute()
        return {}, 201

    @app.get("/v1/cases/<case_reference>", responses={200: schemas.CaseAnswer, 404: NO_CASE})
    def show_case(path: CasePath) -> dict[str, Any]:
        """Show a case with the outcome of each contact."""
        case = _get_case(path.case_reference)
        contacts = [
            {"contact_id": str(contact.id), "outcome": contact.outcome, "released": contact.released}
            for contact in case.contacts
        ]
        return {"case_reference": case.case_reference, "result": case.result, "contacts": contacts}

    @app.post("/v1/cases/<case_reference>/result", responses={200: schemas.CorrectionAnswer, 503: NOT_SENT})
    def correct_result(path: CasePath, query: schemas.SendingQuery, body: schemas.CaseResult) -> dict[str, Any]:
        """Correct a result; contacts of a case that is no longer positive are released, and notified once.

        Idempotent.
        """
        case = Case.get_or_none(Case.case_reference == path.case_reference)
        if case is None or case.erased:
            return {"registered": False}
        case.result = body.result
        case.save()
        if body.result != "positive":
            are_released = [_release(contact, notifier) for contact in case.contacts.where(~Contact.released)]
            if not all(are_released):
                raise _deferred_problem()
        return {"registered": True}


def _add_erasure_route(
    app: OpenAPI, database: peewee.Database, idempotency: IdempotencyKeys, notifier: Notifier, archive: Archive
) -> None:
    @app.delete("/v1/cases/<case_reference>", responses={200: schemas.ErasureAnswer, 503: NOT_SENT})
    def erase_case(path: CasePath) -> dict[str, Any]:
        """Erase a case, its contacts, and their messages at the SMS gateway.

        A registered positive case is archived, encrypted, as the law requires. Idempotent.
        """
        for contact in Contact.select().join(Case).where(Case.case_reference == path.case_reference):
            _call_notifier(partial(notifier.delete_messages, contact))
        with database.atomic():
            case = erase(path.case_reference, archive)
            idempotency.delete_case(path.case_reference)
        return {"kept": case.sealed is not None}


def _add_contact_routes(app: OpenAPI, idempotency: IdempotencyKeys, notifier: Notifier, archive: Archive) -> None:
    @app.post("/v1/cases/<case_reference>/contacts", responses={201: schemas.ContactIds, 404: NO_CASE, 409: KEY_REUSED})
    @idempotency.once
    def submit_contacts(path: CasePath, header: Idempotent, body: schemas.ContactList) -> tuple[dict[str, Any], int]:
        """Add the close contacts of a case."""
        case = _get_case(path.case_reference)
        contacts = [_add_contact(case, named, archive) for named in body.contacts]
        return {"contact_ids": [str(contact.id) for contact in contacts]}, 201

    @app.post(
        "/v1/contacts/<int:contact_id>/notification",
        responses={200: schemas.NotificationAnswer, 404: NO_CONTACT, 503: NOT_SENT},
    )
    def notify(path: schemas.ContactPath, query: schemas.SendingQuery) -> dict[str, Any]:
        """Notify a contact by e-mail or SMS, once; a contact of several cases at most once a day."""
        contact = _get_contact(path.contact_id)
        if contact.outcome is None:
            _notify(contact, notifier)
        answer = {name: getattr(contact, name) for name in ("outcome", "name", "phone", "language")}
        return {**answer, "last_exposure_date": _find_latest_exposure(contact)}

    @app.post(
        "/v1/contacts/<int:contact_id>/call",
        responses={200: schemas.CallAnswer, 404: NO_CONTACT, 503: NOT_SENT},
    )
    def record_call(path: schemas.ContactPath, query: schemas.SendingQuery, body: schemas.CallReport) -> dict[str, Any]:
        """Record the outcome of a call to a contact; an address in it is sent the link."""
        contact = _get_contact(path.contact_id)
        contact.call = body.model_dump_json(include={"symptoms", "quarantine", "note"})
        contact.outcome = CALLED if body.reached else UNREACHABLE
        if body.reached and (body.email or body.phone):
            contact.email, contact.phone = body.email, body.phone
            _notify(contact, notifier)
        _save(contact)
        return {"outcome": contact.outcome}


def _add_token_route(app: OpenAPI) -> None:
    @app.get("/v1/tokens/<token>", responses={200: schemas.TokenAnswer, 404: NO_TOKEN})
    def show_token(path: schemas.TokenPath) -> dict[str, Any]:
        """Show the latest exposure of a person that wasn't withdrawn."""
        contact = Contact.get_or_none(Contact.token == path.token)
        if contact is None:
            raise Problem(404, "not_found", "there is no such token")
        latest = _find_latest_exposure(contact)
        return {"last_exposure_date": latest, "released": latest is None}


def _find_latest_exposure(contact: Contact) -> str | None:
    """Return the day of this person's latest exposure that wasn't withdrawn, YYYY-MM-DD."""
    exposures = Contact.select().where(Contact.person == contact.person, ~Contact.released)
    return max((exposure.last_exposure_date for exposure in exposures), default=None)


def _notify(contact: Contact, notifier: Notifier) -> None:
    """Notify a contact of their exposure, unless a message was sent to this person within MESSAGE_INTERVAL_S."""
    since = time.time() - MESSAGE_INTERVAL_S
    recent = Contact.select().where(Contact.person == contact.person, Contact.told_at > since, ~Contact.released)
    if recent.exists():
        contact.outcome = NOTIFIED
    elif _send(notifier, contact, EXPOSED):
        contact.outcome, contact.told_at = NOTIFIED, time.time()
    elif contact.outcome is None:
        contact.outcome = UNREACHABLE
    _save(contact)


def _release(contact: Contact, notifier: Notifier) -> bool:
    """Withdraw an exposure, and notify the contact if they were notified of it.

    Returns False, without withdrawing it, if their address is refused temporarily.
    """
    if contact.outcome == NOTIFIED:
        try:
            _send(notifier, contact, RELEASED)
        except Problem as problem:
            if problem.code != DEFERRED:
                raise
            return False
    contact.released = True
    _save(contact)
    return True


def _save(contact: Contact) -> None:
    """Update the changed columns of a contact, unless its case was erased while the message was being sent."""
    changed = {field.name: getattr(contact, field.name) for field in contact.dirty_fields}
    erased = Case.select(Case.id).where(Case.erased)
    if changed:
        Contact.update(changed).where(Contact.id == contact.id, Contact.case.not_in(erased)).execute()


def _send(notifier: Notifier, contact: Contact, template: str) -> bool:
    """Send a message; returns False if no address accepts it.

    A temporary refusal is raised, but at the last attempt it counts as a permanent one.
    """
    try:
        return _call_notifier(lambda: notifier.send(contact, template))
    except Problem as problem:
        if problem.code == DEFERRED and request.args.get(LAST_ATTEMPT) == "true":
            return False
        raise


def _call_notifier(call: Callable[[], T]) -> T:
    """Call a method of the notifier, and convert its errors to Problems of status 503."""
    try:
        return call()
    except ChannelUnavailable as error:
        if isinstance(error, SignInRefused):
            log.error("%s", error)
        message = "the mail server or the SMS gateway can't be reached; try again later"
        raise Problem(503, "messages_unavailable", message) from None
    except Deferred:
        raise _deferred_problem() from None


def _deferred_problem() -> Problem:
    return Problem(503, DEFERRED, "an address is refused temporarily; try again in some minutes")


def _get_case(case_reference: str) -> Case:
    case = Case.get_or_none(Case.case_reference == case_reference)
    if case is None or case.erased:
        raise Problem(404, "not_found", "there is no such case")
    return case


def _get_contact(contact_id: int) -> Contact:
    # a larger number is an error of the database, not a row that doesn't exist
    contact = Contact.get_or_none(Contact.id == contact_id) if contact_id < 2**62 else None
    if contact is None or contact.case.erased:
        raise Problem(404, "not_found", "there is no such contact")
    return contact


def _add_contact(case: Case, named: schemas.ContactBody, archive: Archive) -> Contact:
    email, phone = named.email or None, named.phone or None
    return Contact.create(
        case=case,
        person=archive.fingerprint(person_key(named.name, email, phone)),
        email=email,
        phone=phone,
        language=named.language or "en",
        health_worker=named.health_worker is True,
        token=secrets.token_urlsafe(24),
        **named.model_dump(include={"name", "relation", "exposure", "last_exposure_date"}),
    )
