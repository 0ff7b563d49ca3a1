"""Register of issued papers, of checks of their codes and of prints by staff; it names cases, and no person."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import peewee

from papers.documents import Kind, Paper
from papers.tokens import create_token, new_serial, read_serial
from records.cipher import Cipher
from records.database import Table, database
from records.erasures import is_erased
from records.queue import timestamp


class IssuedPaper(Table):
    """A paper that was issued once or several times with the same content, and so with the same code.

    Attributes:
        serial: random; with its signature it is the token.
        content: keyed hash of what the paper says; the paper holds while the case says the same.
        correction: number of the case's corrections when it was issued.
    """

    serial = peewee.TextField(unique=True)
    case_reference = peewee.TextField()
    kind = peewee.TextField()
    content = peewee.TextField()
    correction = peewee.IntegerField()
    issued_at = peewee.TextField(index=True)

    class Meta:
        indexes = ((("case_reference", "content", "correction"), True),)


class PaperCheck(Table):
    """The checks of a paper's code on one day: one row, however often the code is replayed."""

    case_reference = peewee.TextField(index=True)
    serial = peewee.TextField()
    kind = peewee.TextField()
    day = peewee.TextField()
    count = peewee.IntegerField()
    last_at = peewee.TextField(index=True)

    class Meta:
        indexes = ((("serial", "day"), True),)


class PaperPrint(Table):
    """That a member of staff printed a paper for its patient.

    Attributes:
        account: in the engine.
        groups: of the account at that time, as JSON; null in rows of earlier versions.
    """

    case_reference = peewee.TextField(index=True)
    kind = peewee.TextField()
    account = peewee.TextField()
    printed_at = peewee.TextField(index=True)
    groups = peewee.TextField(null=True)


@dataclass(frozen=True)
class Print:
    """A paper that a member of staff printed.

    Attributes:
        at: to the minute.
        groups: of the account at that time; None if an earlier version recorded the print.
    """

    kind: Kind
    at: datetime
    account: str
    groups: frozenset[str] | None


@dataclass(frozen=True)
class ChecksOfDay:
    """Checks of a paper's code on one day.

    Attributes:
        at: the last one, to the minute.
    """

    kind: Kind
    at: datetime
    count: int


class Register:
    """Issues papers, and finds them by their tokens."""

    def __init__(self, cipher: Cipher):
        self._cipher = cipher

    def issue(self, case_reference: str, paper: Paper, correction: int) -> IssuedPaper | None:
        """Register a paper, unless the same one is registered; None if the case was erased.

        Args:
            correction: number of the case's corrections.
        """
        if is_erased(case_reference):
            return None
        content = self.fingerprint(paper)
        key = {"case_reference": case_reference, "content": content, "correction": correction}
        with database.connection_context():
            IssuedPaper.insert(
                **key, serial=new_serial(), kind=paper.kind, issued_at=timestamp()
            ).on_conflict_ignore().execute()
            return IssuedPaper.get(**key)

    def token_of(self, issued: IssuedPaper) -> str:
        return create_token(self._cipher, issued.serial)

    def find(self, token: str) -> IssuedPaper | None:
        """Return the paper with this token; None if it is forged, or the paper was erased or has expired."""
        serial = read_serial(self._cipher, token)
        if serial is None:
            return None
        with database.connection_context():
            return IssuedPaper.get_or_none(IssuedPaper.serial == serial)

    def fingerprint(self, paper: Paper) -> str:
        """Return the keyed hash of what a paper says."""
        return self._cipher.fingerprint("paper content", json.dumps(paper.content, sort_keys=True, default=str))

    def record_check(self, issued: IssuedPaper) -> None:
        """Record a check of a paper's code, for the patient's access log."""
        now = timestamp()
        with database.connection_context():
            PaperCheck.insert(
                case_reference=issued.case_reference,
                serial=issued.serial,
                kind=issued.kind,
                day=now[:10],
                count=1,
                last_at=now,
            ).on_conflict(
                conflict_target=[PaperCheck.serial, PaperCheck.day],
                update={PaperCheck.count: PaperCheck.count + 1, PaperCheck.last_at: now},
            ).execute()

    def list_checks(self, case_reference: str) -> list[ChecksOfDay]:
        """Return the checks of a case's papers, the newest first."""
        with database.connection_context():
            rows = list(
                PaperCheck.select()
                .where(PaperCheck.case_reference == case_reference)
                .order_by(PaperCheck.last_at.desc())
            )
        return [ChecksOfDay(Kind(row.kind), _minute(row.last_at), row.count) for row in rows]

    def record_print(self, case_reference: str, kind: Kind, account: str, groups: Iterable[str]) -> None:
        """Record that a member of staff has printed a paper, for the patient's access log.

        Args:
            groups: of the account. The engine may never know them: a person may use only the web application's pages.
        """
        with database.connection_context():
            PaperPrint.insert(
                case_reference=case_reference,
                kind=kind,
                account=account,
                printed_at=timestamp(),
                groups=json.dumps(sorted(groups)),
            ).execute()

    def list_prints(self, case_reference: str) -> list[Print]:
        """Return the prints of a case's papers by staff, the newest first."""
        with database.connection_context():
            rows = list(
                PaperPrint.select()
                .where(PaperPrint.case_reference == case_reference)
                .order_by(PaperPrint.printed_at.desc())
            )
        return [
            Print(
                Kind(row.kind),
                _minute(row.printed_at),
                row.account,
                None if row.groups is None else frozenset(json.loads(row.groups)),
            )
            for row in rows
        ]

    def delete_older_than(self, age: timedelta) -> None:
        """Delete papers that were issued, checked or printed longer than `age` ago."""
        with database.connection_context():
            IssuedPaper.delete().where(IssuedPaper.issued_at < timestamp(-age)).execute()
            PaperCheck.delete().where(PaperCheck.last_at < timestamp(-age)).execute()
            PaperPrint.delete().where(PaperPrint.printed_at < timestamp(-age)).execute()

    def delete(self, case_reference: str) -> None:
        """Delete the papers of a case, their checks and prints."""
        with database.connection_context():
            for table in (IssuedPaper, PaperCheck, PaperPrint):
                table.delete().where(table.case_reference == case_reference).execute()


def _minute(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC).replace(second=0, microsecond=0)
