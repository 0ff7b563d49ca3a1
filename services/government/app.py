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
from services.government.models import MODELS, Case, Contact, person_of
from services.government.notification import EXPOSED, RELEASED, Notifier
from services.http import KEY_REUSED, Effects, Problem, create_service, refusal
from services.schemas import CasePath, Idempotent, Nothing

log = logging.getLogger("services.government")

T = TypeVar("T")
NOTIFIED, UNREACHABLE, CALLED = "notified", "unreachable", "called"
# the code of an answer, and the parameter of a call that accepts no later attempt
DEFERRED, LAST_ATTEMPT = "recipient_deferred", "last_attempt"
ONE_MESSAGE_IN_S = 24 * 3600
NO_CASE = refusal("There is no such case, or no more")
NO_CONTACT = refusal("There is no such contact, or their case was erased")
NOT_SENT = refusal("messages_unavailable or recipient_deferred: ask again later")


def create_app(database: peewee.Database, api_key: str, notifier: Notifier, archive: Archive) -> OpenAPI:
    """The government's application."""
    purpose = "Confirmed cases, their close contacts, and notifying them."
    app = create_service("government", "Government", purpose, api_key, database)
    effects = Effects(database)
    database.bind(MODELS)
    _add_cases(app, effects, notifier)
    _add_erasure(app, database, effects, notifier, archive)
    _add_contacts(app, effects, notifier, archive)
    _add_tokens(app)
    return app


def _add_cases(app: OpenAPI, effects: Effects, notifier: Notifier) -> None:
    @app.post("/v1/cases", responses={201: Nothing, 409: refusal("erased; key_reused")})
    @effects.once
    def register_case(header: Idempotent, body: schemas.CaseRegistration) -> tuple[dict[str, Any], int]:
        """Register a confirmed case; one that is known already is registered anew."""
        if Case.select().where(Case.case_reference == body.case_reference, Case.erased).exists():
            raise Problem(409, "erased", "this case was erased")
        case = body.model_dump()
        Case.insert(**case).on_conflict(
            conflict_target=[Case.case_reference], update={**case, "result": None}
        ).execute()
        return {}, 201

    @app.get("/v1/cases/<case_reference>", responses={200: schemas.CaseAnswer, 404: NO_CASE})
    def show_case(path: CasePath) -> dict[str, Any]:
        """A case, and how its contacts were reached."""
        case = _case(path.case_reference)
        contacts = [
            {"contact_id": str(contact.id), "outcome": contact.outcome, "released": contact.released}
            for contact in case.contacts
        ]
        return {"case_reference": case.case_reference, "result": case.result, "contacts": contacts}

    @app.post("/v1/cases/<case_reference>/result", responses={200: schemas.CorrectionAnswer, 503: NOT_SENT})
    def correct_result(path: CasePath, query: schemas.SendingQuery, body: schemas.CaseResult) -> dict[str, Any]:
        """Correct a result; contacts of a case that isn't positive any more are released, and notified of that once.

        May be asked for again.
        """
        case = Case.get_or_none(Case.case_reference == path.case_reference)
        if case is None or case.erased:
            return {"registered": False}
        case.result = body.result
        case.save()
        if body.result != "positive":
            are_released = [_release(contact, notifier) for contact in case.contacts.where(~Contact.released)]
            if not all(are_released):
                raise _deferred()
        return {"registered": True}


def _add_erasure(
    app: OpenAPI, database: peewee.Database, effects: Effects, notifier: Notifier, archive: Archive
) -> None:
    @app.delete("/v1/cases/<case_reference>", responses={200: schemas.ErasureAnswer, 503: NOT_SENT})
    def erase_case(path: CasePath) -> dict[str, Any]:
        """Erase a case and its contacts, and what the SMS gateway has of them.

        Of a notified positive what the law keeps is sealed. May be asked for again.
        """
        for contact in Contact.select().join(Case).where(Case.case_reference == path.case_reference):
            _or_later(partial(notifier.forget, contact))
        with database.atomic():
            case = erase(path.case_reference, archive)
            effects.forget(path.case_reference)
        return {"kept": case.sealed is not None}


def _add_contacts(app: OpenAPI, effects: Effects, notifier: Notifier, archive: Archive) -> None:
    @app.post("/v1/cases/<case_reference>/contacts", responses={201: schemas.ContactIds, 404: NO_CASE, 409: KEY_REUSED})
    @effects.once
    def submit_contacts(path: CasePath, header: Idempotent, body: schemas.ContactList) -> tuple[dict[str, Any], int]:
        """Name the close contacts of a case."""
        case = _case(path.case_reference)
        contacts = [_add_contact(case, named, archive) for named in body.contacts]
        return {"contact_ids": [str(contact.id) for contact in contacts]}, 201

    @app.post(
        "/v1/contacts/<int:contact_id>/notification",
        responses={200: schemas.NotificationAnswer, 404: NO_CONTACT, 503: NOT_SENT},
    )
    def notify(path: schemas.ContactPath, query: schemas.SendingQuery) -> dict[str, Any]:
        """Notify a contact by e-mail or SMS, once; a person named by several cases once a day."""
        contact = _contact(path.contact_id)
        if contact.outcome is None:
            _notify(contact, notifier)
        return {name: getattr(contact, name) for name in ("outcome", "name", "phone", "language")}

    @app.post(
        "/v1/contacts/<int:contact_id>/call",
        responses={200: schemas.CallAnswer, 404: NO_CONTACT, 503: NOT_SENT},
    )
    def record_call(path: schemas.ContactPath, query: schemas.SendingQuery, body: schemas.CallReport) -> dict[str, Any]:
        """Record what came of calling a contact; with an address, the link is sent there."""
        contact = _contact(path.contact_id)
        contact.call = body.model_dump_json(include={"symptoms", "quarantine", "note"})
        contact.outcome = CALLED if body.reached else UNREACHABLE
        if body.reached and (body.email or body.phone):
            contact.email, contact.phone = body.email, body.phone
            _notify(contact, notifier)
        _save(contact)
        return {"outcome": contact.outcome}


def _add_tokens(app: OpenAPI) -> None:
    @app.get("/v1/tokens/<token>", responses={200: schemas.TokenAnswer, 404: refusal("It was never given out")})
    def show_token(path: schemas.TokenPath) -> dict[str, Any]:
        """What holds for the person: the latest of their exposures that wasn't taken back."""
        contact = Contact.get_or_none(Contact.token == path.token)
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
    except ChannelUnavailable as error:
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


def _add_contact(case: Case, named: schemas.ContactBody, archive: Archive) -> Contact:
    email, phone = named.email or None, named.phone or None
    return Contact.create(
        case=case,
        person=archive.mark(person_of(named.name, email, phone)),
        email=email,
        phone=phone,
        language=named.language or "en",
        health_worker=named.health_worker is True,
        token=secrets.token_urlsafe(24),
        **named.model_dump(include={"name", "relation", "exposure", "last_exposure_date"}),
    )
