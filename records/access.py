"""Access codes: what a patient needs, beside the date of birth, to open their case on any device.

Only a hash is kept. The code has over 80 random bits, so a plain hash of code and date of birth can't be guessed, and
one look-up answers alike for an unknown code and for a wrong date of birth.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime

import peewee

from records.database import Table, database

# no letter or digit that is easily taken for another; 18 of 31 are 89 bits
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 18
GROUP = 6


class AccessCode(Table):
    case_reference = peewee.TextField(unique=True)
    hash = peewee.TextField(unique=True)
    created_at = peewee.TextField()


def new_code(case_reference: str, date_of_birth: str) -> str:
    """Make the case's access code, replacing an earlier one; returns it in groups of six, as shown to the patient."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    with database.connection_context():
        AccessCode.insert(
            case_reference=case_reference,
            hash=_hash(code, date_of_birth),
            created_at=datetime.now(UTC).isoformat(),
        ).on_conflict(
            conflict_target=[AccessCode.case_reference], preserve=[AccessCode.hash, AccessCode.created_at]
        ).execute()
    return "-".join(code[start : start + GROUP] for start in range(0, LENGTH, GROUP))


def has_code(case_reference: str) -> bool:
    with database.connection_context():
        return AccessCode.select().where(AccessCode.case_reference == case_reference).exists()


def case_of(code: str, date_of_birth: str) -> str | None:
    """The reference of the case that this code and date of birth open, or None."""
    typed = "".join(character for character in code.upper() if character.isalnum())
    with database.connection_context():
        row = AccessCode.get_or_none(AccessCode.hash == _hash(typed, date_of_birth))
    return row.case_reference if row else None


def _hash(code: str, date_of_birth: str) -> str:
    return hashlib.sha256(f"{code}|{date_of_birth}".encode()).hexdigest()
