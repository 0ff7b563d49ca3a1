"""How patients come back to their case: an access code, or a link that was sent to them, each with the date of birth.

Neither is kept: of a code there is a hash, and a link's token can be made again from what it was sent for. Both have
over 80 bits, of a keyed hash. A date of birth has few: it is kept as a keyed hash, of no use without the records'
secret.
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

# no letter or digit that is easily taken for another; 18 of 31 are 89 bits
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 18
GROUP = 6
LINK_TTL = timedelta(days=10)


class CaseAccess(Table):
    """What opens a case.

    Attributes:
        code: hash of the access code.
        birth: keyed hash of case reference and date of birth.
        reached_by: keyed hash of date of birth and the address of messages, to find a case by.
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
class Opened:
    """What a link opens.

    Attributes:
        case_reference: None when it opens nothing (as it was answered).
        expired: it did until some days ago.
    """

    case_reference: str | None
    expired: bool = False


class Access:
    def __init__(self, cipher: Cipher):
        self._cipher = cipher

    def new_code(self, case_reference: str, date_of_birth: str, address: str = "", click: str = "") -> str:
        """Make the case's access code, replacing an earlier one; returns it in groups of six, as patients see it.

        Args:
            address: the e-mail address or telephone number to which the case's messages go.
            click: a secret name of the button that was clicked: a second click makes the same code.
        """
        code = self._code(case_reference, click)
        self._keep(case_reference, date_of_birth, address, code)
        return _in_groups(code)

    def replace_code(self, case_reference: str, date_of_birth: str, address: str, click: str, since: str) -> str | None:
        """Make a new code as new_code() does; None where another one was made since the button was shown.

        Args:
            since: what code_since() was then.
        """
        code = self._code(case_reference, click)
        self._keep(case_reference, date_of_birth, address, code, CaseAccess.created_at == since)
        with database.connection_context():
            # of a second click, the first has made it
            is_kept = CaseAccess.select().where(CaseAccess.code == _hash(code)).exists()
        return _in_groups(code) if is_kept else None

    def code_since(self, case_reference: str) -> str:
        """When the case's code was made; empty where it has none."""
        with database.connection_context():
            row = CaseAccess.get_or_none(CaseAccess.case_reference == case_reference)
        return row.created_at if row else ""

    def has_code(self, case_reference: str) -> bool:
        with database.connection_context():
            return CaseAccess.select().where(CaseAccess.case_reference == case_reference).exists()

    def by_code(self, code: str, date_of_birth: str) -> str | None:
        """The case that this code and date of birth open, or None: an unknown code takes the same path."""
        with database.connection_context():
            row = CaseAccess.get_or_none(CaseAccess.code == _hash(plain(code)))
        return row.case_reference if self._is_born(row, date_of_birth) and row else None

    def by_link(self, token: str, date_of_birth: str) -> Opened:
        """What a link opens with this date of birth; an unknown token takes the same path."""
        with database.connection_context():
            link = Link.get_or_none(Link.token == _hash(token))
            row = CaseAccess.get_or_none(CaseAccess.case_reference == (link.case_reference if link else ""))
        expired = link is not None and link.expires_at < timestamp()
        is_right = self._is_born(row, date_of_birth)
        return Opened(link.case_reference if link and is_right and not expired else None, expired)

    def sharing(self, case_reference: str) -> list[str]:
        """The other cases with this case's address and date of birth: of the same person, or of a twin."""
        with database.connection_context():
            row = CaseAccess.get_or_none(CaseAccess.case_reference == case_reference)
            if row is None:
                return []
            others = CaseAccess.select().where(
                CaseAccess.reached_by == row.reached_by, CaseAccess.case_reference != case_reference
            )
            return [other.case_reference for other in others]

    def link(self, key: str, case_reference: str) -> str:
        """The token of a link to a case, for what has this key: asked for again, it is the same."""
        token = self._cipher.fingerprint("link", key)[:32]
        with database.connection_context():
            Link.insert(
                token=_hash(token), case_reference=case_reference, expires_at=timestamp(LINK_TTL)
            ).on_conflict_ignore().execute()
        return token

    def case_of_link(self, token: str) -> str | None:
        """Whose link it is, or was; knowing this opens nothing."""
        with database.connection_context():
            link = Link.get_or_none(Link.token == _hash(token))
        return link.case_reference if link else None

    def cases_reached_by(self, address: str, date_of_birth: str) -> list[str]:
        """The cases of people with this date of birth whose messages go to this address."""
        with database.connection_context():
            rows = CaseAccess.select().where(CaseAccess.reached_by == self._reached_by(address, date_of_birth))
            return [row.case_reference for row in rows]

    def delete_older_than(self, age: timedelta) -> None:
        """Forget codes that were made, and links that had run out, so long ago."""
        with database.connection_context():
            CaseAccess.delete().where(CaseAccess.created_at < timestamp(-age)).execute()
            Link.delete().where(Link.expires_at < timestamp(-age)).execute()

    def delete(self, case_reference: str) -> None:
        """Nothing opens the case any more."""
        with database.connection_context():
            for table in (CaseAccess, Link):
                table.delete().where(table.case_reference == case_reference).execute()

    def _keep(
        self,
        case_reference: str,
        date_of_birth: str,
        address: str,
        code: str,
        condition: peewee.Expression | None = None,
    ) -> None:
        """Keep a code, in place of an earlier one that meets the condition."""
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
        """89 bits of a keyed hash; nothing of a click is kept, so that a code can't be made from what is."""
        number = int(self._cipher.fingerprint("access code", f"{case_reference} {click or secrets.token_hex(16)}"), 16)
        digits = (number // len(ALPHABET) ** place % len(ALPHABET) for place in range(LENGTH))
        return "".join(ALPHABET[digit] for digit in digits)

    def _is_born(self, row: CaseAccess | None, date_of_birth: str) -> bool:
        birth = self._birth(row.case_reference if row else "", date_of_birth)
        return hmac.compare_digest(row.birth if row else "-" * len(birth), birth)

    def _birth(self, case_reference: str, date_of_birth: str) -> str:
        return self._cipher.fingerprint("birth", f"{case_reference} {date_of_birth}")

    def _reached_by(self, address: str, date_of_birth: str) -> str:
        """A case that nobody can write to is reached by nothing that another one is."""
        same = normal(address) or secrets.token_hex(16)
        return self._cipher.fingerprint("reached by", f"{same} {date_of_birth}")


def _in_groups(code: str) -> str:
    return "-".join(code[start : start + GROUP] for start in range(0, LENGTH, GROUP))


def plain(code: str) -> str:
    """An access code as it was made, however it was typed."""
    return "".join(character for character in code.upper() if character.isalnum())


def normal(address: str) -> str:
    """An e-mail address or telephone number, however it was typed."""
    address = address.strip().lower()
    return address if "@" in address else re.sub(r"^00", "+", re.sub(r"[^0-9+]", "", address))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
