"""Types of the engine that a field's value may have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# types of the variable by type of the field; of others it is a String
TYPES = {"checkbox": {"Boolean"}, "number": {"Integer", "Double"}, "dynamiclist": {"Json"}}


def value_types(component: Mapping[str, Any]) -> set[str]:
    """Return the types that the variable of a component may have, given its properties in the schema."""
    if component.get("subtype") == "datetime":
        # form-js can show a Date, and submits a String
        return {"Date"} if component.get("disabled") else {"String"}
    return TYPES.get(component["type"], {"String"})
