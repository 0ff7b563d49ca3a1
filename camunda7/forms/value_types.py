"""Of which type of the engine a field's value is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# by a field's type, the types that its variable may have; of all others it is a text
TYPES = {"checkbox": {"Boolean"}, "number": {"Integer", "Double"}, "dynamiclist": {"Json"}}


def value_types(component: Mapping[str, Any]) -> set[str]:
    """The types that the variable of a component may have, by its properties in the schema."""
    if component.get("subtype") == "datetime":
        # form-js shows a date, and submits text
        return {"Date"} if component.get("disabled") else {"String"}
    return TYPES.get(component["type"], {"String"})
