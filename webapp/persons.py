"""Which cases belong to one person: twins share a birthday and often an address, and a person may come again."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from processes.cases import Case


def is_named(case: Case, given_name: str) -> bool:
    """Whether the case's patient has this given name, whatever its case, accents and punctuation."""
    return bool(given_name) and _letters(case.values.get("given_name")) == _letters(given_name)


def needs_given_name(case: Case, others: Iterable[Case]) -> bool:
    """Whether only the given name tells the case's patient from that of another."""
    return any(_letters(other.values.get("given_name")) != _letters(case.values.get("given_name")) for other in others)


def is_same_person(case: Case, other: Case) -> bool:
    """Whether two cases with one address and birthday have one patient: by given and family name."""
    return _full_name(case) == _full_name(other) and all(_full_name(case))


def _full_name(case: Case) -> tuple[str, str]:
    return _letters(case.values.get("given_name")), _letters(case.values.get("family_name"))


def _letters(name: str | None) -> str:
    decomposed = unicodedata.normalize("NFKD", name or "").casefold()
    return "".join(character for character in decomposed if character.isalnum())
