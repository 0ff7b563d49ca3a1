"""Requests and answers of the government's API."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.schemas import Answer, Body, PathText, Text

MAX_CONTACTS = 200
Outcome = Literal["notified", "unreachable", "called"]


class ContactPath(BaseModel):
    contact_id: int


class TokenPath(BaseModel):
    token: PathText


class SendingQuery(BaseModel):
    last_attempt: Literal["true"] | None = Field(
        None, description="true: an address that is refused temporarily counts as unreachable"
    )


class CaseRegistration(Body):
    case_reference: Text
    given_name: Text
    family_name: Text
    date_of_birth: Text
    email: Text | None = None
    phone: Text | None = None
    exposed_to: Text | None = None


class CaseResult(Body):
    result: Text


class ContactBody(Body):
    model_config = ConfigDict(extra="ignore")

    name: Text
    relation: Text
    exposure: Text
    last_exposure_date: Annotated[
        str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", json_schema_extra={"format": "date"})
    ]
    email: Text | None = None
    phone: Text | None = None
    health_worker: bool | None = None
    language: Text | None = Field(None, description="of the messages; English by default")


class ContactList(Body):
    contacts: list[ContactBody] = Field(max_length=MAX_CONTACTS)


class CallReport(Body):
    reached: bool
    symptoms: Text | None = None
    quarantine: Text | None = None
    note: Text | None = None
    email: Text | None = None
    phone: Text | None = None


class ContactState(Answer):
    contact_id: str
    outcome: Outcome | None
    released: bool = Field(description="whether the exposure was withdrawn")


class CaseAnswer(Answer):
    case_reference: str
    result: str | None = Field(description="result of a correction")
    contacts: list[ContactState]


class CorrectionAnswer(Answer):
    registered: bool = Field(description="whether the case is registered")


class ErasureAnswer(Answer):
    kept: bool = Field(description="whether the case was archived")


class ContactIds(Answer):
    contact_ids: list[str]


class NotificationAnswer(Answer):
    outcome: Outcome
    name: str
    phone: str | None
    language: str
    last_exposure_date: str | None = Field(description="latest exposure of this person")


class CallAnswer(Answer):
    outcome: Outcome


class TokenAnswer(Answer):
    last_exposure_date: str | None = Field(description="latest exposure of this person")
    released: bool = Field(description="whether all exposures were withdrawn")
