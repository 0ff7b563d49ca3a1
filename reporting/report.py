"""What is reported of a case, independent of the format, and what the receiver's format requires."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from camunda7 import errors
from hosting.clients.service import ServiceError

# of ids that are derived from a report's key
NAMESPACE = uuid.UUID("6f0d2a57-3c0b-5d0c-9a53-0d8d2c1b7f4e")
# HL7 v2.5.1, 2.15.9.10: MSH-10 has at most 20 characters
CONTROL_ID_LENGTH = 20


class IncompleteReport(ServiceError, errors.Refusal):
    """A report lacks what its format requires; the message names the fields, and no patient."""


class Status(StrEnum):
    """Status of the reported result.

    Attributes:
        FINAL: first report of the case.
        CORRECTED: replaces the result of an earlier report.
        WITHDRAWN: an earlier report was made in error; there is no result.
    """

    FINAL = "final"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Organization:
    """A facility.

    Attributes:
        oid: its ISO object identifier.
        country: ISO 3166-1, three letters.
        phone: E.164.
        clia: its number in the USA; empty elsewhere.
    """

    name: str
    oid: str
    street: str
    city: str
    postal_code: str
    country: str
    phone: str
    clia: str = ""


@dataclass(frozen=True)
class Parties:
    """Who reports to whom, which test is reported, and how days are written.

    Attributes:
        receiver: name of the health authority.
        receiver_oid: its ISO object identifier.
        facility: took the sample, and sends the report.
        laboratory: tested the sample.
        test: LOINC code of the laboratory's test.
        test_name: name of that code.
        day_format: strftime's format of days in SORMAS' CSV.
    """

    receiver: str
    receiver_oid: str
    facility: Organization
    laboratory: Organization
    test: str
    test_name: str
    day_format: str = "%m/%d/%Y"


@dataclass(frozen=True)
class Report:
    """A report of a case.

    Attributes:
        key: idempotency key of the report: a repeated report has the same.
        phone: E.164; empty if there is none.
        result: of the laboratory; empty for a case without one, and for a withdrawn one.
        barcode: of the sample that gave the result; empty for a case without one.
        specimen_type: code of the process variable `specimen_type`.
        reported_at: time of the report; a repeated report has the same.
    """

    key: str
    status: Status
    case_reference: str
    given_name: str
    family_name: str
    birth_date: date
    address: str
    email: str
    phone: str
    result: str
    barcode: str
    specimen_type: str
    collected_at: datetime
    reported_at: datetime

    @property
    def control_id(self) -> str:
        """Id of the message, the same for each repetition."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:CONTROL_ID_LENGTH]

    @property
    def has_result(self) -> bool:
        """Whether it is of a laboratory's result, also of one that was withdrawn."""
        return bool(self.barcode) and (bool(self.result) or self.status is Status.WITHDRAWN)

    def id_of(self, part: str) -> str:
        """Return the UUID of a part of the message, the same for each repetition."""
        return str(uuid.uuid5(NAMESPACE, f"{self.key}#{part}"))

    def id_of_notification(self) -> str:
        """Return the UUID that all reports of this sample have in common."""
        return str(uuid.uuid5(NAMESPACE, f"{self.case_reference}/{self.barcode}"))


def require(report: Report, *names: str) -> None:
    """Check that these attributes aren't empty.

    Raises:
        IncompleteReport: one is; no message is sent.
    """
    missing = [name for name in names if not str(getattr(report, name)).strip()]
    if missing:
        raise IncompleteReport(f"the report to the authority lacks {', '.join(missing)}")


def utc(moment: datetime) -> datetime:
    """Return a point in time in UTC, to the second."""
    return moment.astimezone(UTC).replace(microsecond=0)
