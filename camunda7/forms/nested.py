"""Nested values: a component's key like `address.street` is a path."""

from __future__ import annotations

from typing import Any

Path = tuple[str, ...]


def get_value(values: Any, path: Path) -> Any:
    """Return the value at a path, or None."""
    for step in path:
        values = values.get(step) if isinstance(values, dict) else None
    return values


def nested(path: Path, value: Any) -> Any:
    """Return a dict with only this value at a path."""
    for step in reversed(path):
        value = {step: value}
    return value


def set_value(values: dict[str, Any], path: Path, value: Any) -> None:
    """Set the value at a path."""
    for step in path[:-1]:
        inner = values.get(step)
        values[step] = values = inner if isinstance(inner, dict) else {}
    values[path[-1]] = value


def merge(values: dict[str, Any], more: dict[str, Any]) -> None:
    """Merge nested values into others, in place."""
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(values.get(key), dict):
            merge(values[key], value)
        else:
            values[key] = value
