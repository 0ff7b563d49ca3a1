"""Requests and answers of the laboratory's API."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from services.schemas import TO_INTEGER, Answer, Body, Integer, PathText, Text

MAX_ID = 2**62
Result = Literal["positive", "negative", "inconclusive", "unsatisfactory"]


class SamplePath(BaseModel):
    sample_barcode: PathText


class OrderPath(BaseModel):
    order_id: PathText


class MessagePath(BaseModel):
    message_id: int


class ItemPath(BaseModel):
    item_id: int


class FeedQuery(BaseModel):
    after: int = Field(0, ge=0, le=MAX_ID, description="`next` of the previous page")


class Restock(Body):
    kits: Annotated[int, Field(ge=1, le=1_000_000), TO_INTEGER]


class KitRequest(Body):
    case_reference: Text
    sample_number: Integer
    priority: Integer


class CaseRelease(Body):
    through_sample: Integer
    kit_used: bool = Field(description="whether the last of these samples was taken")


class CasePriority(Body):
    priority: Integer


class OrderRequest(Body):
    case_reference: Text
    sample_number: Integer
    sample_barcode: Text
    specimen_type: Text
    priority: Integer
    date_of_birth: str | None = Field(
        None, pattern=r"^\d{4}-\d{2}-\d{2}$", description="of the patient, with which laboratories confirm the sample"
    )


class PlannedResult(Body):
    result: Result | Literal["never"]
    after_s: float | None = Field(None, description="duration of the test, in seconds")


class CorrectedResult(Body):
    result: Result | Literal["entered_in_error"]


class InboxTask(Body):
    exists: bool


class StaffDecision(Body):
    decision: Literal["assign", "map_test", "map_result", "reject"]
    sample_barcode: Text | None = Field(None, description="of assign")
    result: Result | Literal["entered_in_error"] | None = Field(None, description="of assign")
    meaning: Result | Literal["test", "other"] | None = Field(None, description="of map_test and map_result")
    reason: Text | None = Field(None, description="of reject")


class StockAnswer(Answer):
    kits: int
    waiting: int = Field(description="samples that wait for a kit")


class RestockAnswer(Answer):
    kits: int


class ReservationAnswer(Answer):
    reservation_id: str


class OrderAnswer(Answer):
    order_id: str


class OrderState(Answer):
    state: Literal["ordered", "running", "finished", "cancelled", "lost"]


class FeedItemAnswer(Answer):
    id: int
    kind: Literal["result", "grant"]
    case_reference: str
    sample_number: int
    sample_barcode: str | None = Field(description="of a result")
    status: Literal["final", "corrected", "entered-in-error"] | None = Field(
        description="of a result, as in FHIR R4; corrected replaces an earlier one, entered-in-error withdraws it"
    )
    result: Result | None = Field(description="LOINC 94500-6: SNOMED CT 260373001, 260415000, 419984006, 125154007")


class FeedPage(Answer):
    items: list[FeedItemAnswer]
    next: int = Field(description="cursor of the next page; the last page is empty")


class CorrectionAnswer(Answer):
    id: int


class MessageReceipt(Answer):
    id: int
    is_new: bool = Field(description="whether this content wasn't stored before")


class MessageProgress(Answer):
    id: int
    is_processed: bool
    total: int | None = Field(description="results in the message; null until it is read")
    decided: int = Field(description="results on which is decided")
    outcomes: dict[str, int] = Field(
        description="number by outcome: taken, known, preliminary, other, inbox, assigned, rejected"
    )
    refused: dict[str, int] = Field(description="number of results that weren't taken, by reason")


class InboxFact(Answer):
    fact: str
    value: str


class InboxItem(Answer):
    id: int
    outcome: str
    case_reference: str | None = Field(description="to which it belongs; null while that is unknown")
    reason: str = Field(description="why it wasn't taken")
    facts: list[InboxFact] = Field(description="what was understood, for staff")


class ClosedItem(Answer):
    id: int
    case_reference: str | None


class InboxPage(Answer):
    new: list[InboxItem]
    closed: list[ClosedItem]


class DecisionAnswer(Answer):
    outcome: str = Field(
        description="assigned, rejected, taken, …; inbox: it still waits; closed: it left the inbox before"
    )
    reason: str
