"""Identity of patients: twins share a date of birth and often an address, and a person may have several cases."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from processes.cases import Case


def has_given_name(case: Case, given_name: str) -> bool:
    """Whether the case's patient has this given name; case, accents and punctuation are ignored."""
    return bool(given_name) and _normalize_name(case.values.get("given_name")) == _normalize_name(given_name)


def needs_given_name(case: Case, others: Iterable[Case]) -> bool:
    """Whether the given name is needed to distinguish the case's patient from the patients of other cases."""
    given_name = _normalize_name(case.values.get("given_name"))
    return any(_normalize_name(other.values.get("given_name")) != given_name for other in others)


def is_same_person(case: Case, other: Case) -> bool:
    """Whether two cases with the same address and date of birth have the same patient, by given and family name."""
    return _full_name(case) == _full_name(other) and all(_full_name(case))


def _full_name(case: Case) -> tuple[str, str]:
    return _normalize_name(case.values.get("given_name")), _normalize_name(case.values.get("family_name"))


def _normalize_name(name: str | None) -> str:
    decomposed = unicodedata.normalize("NFKD", name or "").casefold()
    return "".join(character for character in decomposed if character.isalnum())
