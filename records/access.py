"""Access of patients to their case, by an access code or by a link in a message, each with the date of birth.

Neither a code nor a link's token is stored, only its hash; a token is derived from the key of its message. Both have
over 80 bits of a keyed hash. A date of birth has few, so it is stored as a keyed hash, which can't be brute-forced
without the records' secret.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta

import peewee

from records.cipher import Cipher
from records.database import Table, database
from records.queue import timestamp

# without letters and digits that look alike; 18 of 31 characters are 89 bits
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 18
GROUP = 6
LINK_TTL = timedelta(days=10)


class CaseAccess(Table):
    """Credentials of a case.

    Attributes:
        code: hash of the access code.
        birth: keyed hash of case reference and date of birth.
        reached_by: keyed hash of date of birth and the address of messages, to find cases by them.
    """

    case_reference = peewee.TextField(unique=True)
    code = peewee.TextField(unique=True)
    birth = peewee.TextField()
    reached_by = peewee.TextField(index=True)
    created_at = peewee.TextField()


class Link(Table):
    token = peewee.TextField(unique=True)
    case_reference = peewee.TextField(index=True)
    expires_at = peewee.TextField()


@dataclass(frozen=True)
class LinkResult:
    """Result of opening a link.

    Attributes:
        case_reference: None if the token is unknown or expired, or the date of birth is wrong.
        is_expired: the token is known, but has expired.
    """

    case_reference: str | None
    is_expired: bool = False


class Access:
    def __init__(self, cipher: Cipher):
        self._cipher = cipher

    def create_code(self, case_reference: str, date_of_birth: str, address: str = "", click: str = "") -> str:
        """Create the case's access code, which replaces an earlier one; returns it in groups of six, for display.

        Args:
            address: the e-mail address or telephone number to which the case's messages go.
            click: secret nonce of the page: submitting it twice returns the same code.
        """
        code = self._code(case_reference, click)
        self._store(case_reference, date_of_birth, address, code)
        return _format_code(code)

    def replace_code(self, case_reference: str, date_of_birth: str, address: str, click: str, since: str) -> str | None:
        """Replace the code as create_code() does; returns None if it was replaced since the page was rendered.

        Args:
            since: code_created_at() when the page was rendered.
        """
        code = self._code(case_reference, click)
        self._store(case_reference, date_of_birth, address, code, CaseAccess.created_at == since)
        with database.connection_context():
            # also true for a repeated request, whose code the first one has stored
            is_stored = CaseAccess.select().where(CaseAccess.code == _hash(code)).exists()
        return _format_code(code) if is_stored else None

    def code_created_at(self, case_reference: str) -> str:
        """Return when the case's code was created, as ISO 8601; empty if it has none."""
        with database.connection_context():
            row = CaseAccess.get_or_none(CaseAccess.case_reference == case_reference)
        return row.created_at if row else ""

    def has_code(self, case_reference: str) -> bool:
        with database.connection_context():
            return CaseAccess.select().where(CaseAccess.case_reference == case_reference).exists()

    def find_case_by_code(self, code: str, date_of_birth: str) -> str | None:
        """Return the case of this code and date of birth, or None.

        Takes the same time for an unknown code, against timing attacks.
        """
        with database.connection_context():
            row = CaseAccess.get_or_none(CaseAccess.code == _hash(normalize_code(code)))
        return row.case_reference if self._matches_birth(row, date_of_birth) and row else None

    def open_link(self, token: str, date_of_birth: str) -> LinkResult:
        """Find the case of a link's token and date of birth; takes the same time for an unknown token."""
        with database.connection_context():
            link = Link.get_or_none(Link.token == _hash(token))
            row = CaseAccess.get_or_none(CaseAccess.case_reference == (link.case_reference if link else ""))
        is_expired = link is not None and link.expires_at < timestamp()
        is_right = self._matches_birth(row, date_of_birth)
        return LinkResult(link.case_reference if link and is_right and not is_expired else None, is_expired)

    def find_related_cases(self, case_reference: str) -> list[str]:
        """Return the other cases with the same address and date of birth: of the same person, or of a twin."""
        with database.connection_context():
            row = CaseAccess.get_or_none(CaseAccess.case_reference == case_reference)
            if row is None:
                return []
            others = CaseAccess.select().where(
                CaseAccess.reached_by == row.reached_by, CaseAccess.case_reference != case_reference
            )
            return [other.case_reference for other in others]

    def create_link(self, key: str, case_reference: str) -> str:
        """Create a link to a case; returns its token, which is the same for the same key.

        Args:
            key: of the message that contains the link.
        """
        token = self._cipher.fingerprint("link", key)[:32]
        with database.connection_context():
            Link.insert(
                token=_hash(token), case_reference=case_reference, expires_at=timestamp(LINK_TTL)
            ).on_conflict_ignore().execute()
        return token

    def find_case_by_link(self, token: str) -> str | None:
        """Return the case of a link, also of an expired one; doesn't authenticate anybody."""
        with database.connection_context():
            link = Link.get_or_none(Link.token == _hash(token))
        return link.case_reference if link else None

    def find_cases_by_address(self, address: str, date_of_birth: str) -> list[str]:
        """Return the cases with this date of birth whose messages go to this address."""
        with database.connection_context():
            rows = CaseAccess.select().where(CaseAccess.reached_by == self._reached_by(address, date_of_birth))
            return [row.case_reference for row in rows]

    def delete_older_than(self, age: timedelta) -> None:
        """Delete codes that were created, and links that expired, longer than `age` ago."""
        with database.connection_context():
            CaseAccess.delete().where(CaseAccess.created_at < timestamp(-age)).execute()
            Link.delete().where(Link.expires_at < timestamp(-age)).execute()

    def delete(self, case_reference: str) -> None:
        """Delete the code and the links of a case."""
        with database.connection_context():
            for table in (CaseAccess, Link):
                table.delete().where(table.case_reference == case_reference).execute()

    def _store(
        self,
        case_reference: str,
        date_of_birth: str,
        address: str,
        code: str,
        condition: peewee.Expression | None = None,
    ) -> None:
        """Store a code; it replaces an earlier one only if that meets the condition."""
        row = {
            "code": _hash(code),
            "birth": self._birth(case_reference, date_of_birth),
            "reached_by": self._reached_by(address, date_of_birth),
            "created_at": timestamp(),
        }
        with database.connection_context():
            CaseAccess.insert(case_reference=case_reference, **row).on_conflict(
                conflict_target=[CaseAccess.case_reference], update=row, where=condition
            ).execute()

    def _code(self, case_reference: str, click: str) -> str:
        """Derive a code of 89 bits; `click` isn't stored, so codes can't be derived from the database."""
        number = int(self._cipher.fingerprint("access code", f"{case_reference} {click or secrets.token_hex(16)}"), 16)
        digits = (number // len(ALPHABET) ** place % len(ALPHABET) for place in range(LENGTH))
        return "".join(ALPHABET[digit] for digit in digits)

    def _matches_birth(self, row: CaseAccess | None, date_of_birth: str) -> bool:
        birth = self._birth(row.case_reference if row else "", date_of_birth)
        return hmac.compare_digest(row.birth if row else "-" * len(birth), birth)

    def _birth(self, case_reference: str, date_of_birth: str) -> str:
        return self._cipher.fingerprint("birth", f"{case_reference} {date_of_birth}")

    def _reached_by(self, address: str, date_of_birth: str) -> str:
        """Hash an address with the date of birth; without an address the hash is unique, and matches no other case."""
        normalized = normalize_address(address) or secrets.token_hex(16)
        return self._cipher.fingerprint("reached by", f"{normalized} {date_of_birth}")


def _format_code(code: str) -> str:
    return "-".join(code[start : start + GROUP] for start in range(0, LENGTH, GROUP))


def normalize_code(code: str) -> str:
    """Normalize a typed access code: upper case, without separators."""
    return "".join(character for character in code.upper() if character.isalnum())


def normalize_address(address: str) -> str:
    """Normalize a typed e-mail address or telephone number."""
    address = address.strip().lower()
    return address if "@" in address else re.sub(r"^00", "+", re.sub(r"[^0-9+]", "", address))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
