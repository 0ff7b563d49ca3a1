"""Who a person of an OpenID provider is in the engine; the same as Person.java and GroupMapping.java compute."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

ID_LENGTH = 32


def person_id(issuer: str, subject: str) -> str:
    """Return the id of a person in the engine.

    A name could be another person's at another provider, could be given to a successor, or be that of a service
    account; the subject may have characters that the engine refuses.
    """
    return hashlib.sha256(f"{issuer} {subject}".encode()).hexdigest()[:ID_LENGTH]


def map_groups(claims: Mapping[str, Any], claim: str, values_by_group: Mapping[str, Sequence[str]]) -> set[str]:
    """Return the groups in the engine of a person with these claims.

    Args:
        claim: name of the claim with the provider's groups or roles, or its path.
        values_by_group: accepted values of the claim, by group.
    """
    # anybody may enter anybody's address at some providers, until it is verified
    if claim == "email" and claims.get("email_verified") is not True:
        return set()
    found = find_claim(claims, claim)
    values = found if isinstance(found, list) else [found]
    return {group for group, accepted in values_by_group.items() if any(value in accepted for value in values)}


def find_claim(claims: Mapping[str, Any], claim: str) -> Any:
    """Return the value of a claim: by its whole name, which may be a URL with dots, or by its path; None without it."""
    if claim in claims:
        return claims[claim]
    value: Any = claims
    for step in claim.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value
