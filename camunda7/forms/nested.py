"""Values within values: a form keeps an answer at the path that its component's key names."""

from __future__ import annotations

from typing import Any

Path = tuple[str, ...]


def taken(values: Any, path: Path) -> Any:
    """What is at a path; None where nothing is."""
    for step in path:
        values = values.get(step) if isinstance(values, dict) else None
    return values


def nested(path: Path, value: Any) -> Any:
    """A value at a path, and nothing else."""
    for step in reversed(path):
        value = {step: value}
    return value


def put(values: dict[str, Any], path: Path, value: Any) -> None:
    """Put a value at a path, in place of what is there."""
    for step in path[:-1]:
        inner = values.get(step)
        values[step] = values = inner if isinstance(inner, dict) else {}
    values[path[-1]] = value


def merge(values: dict[str, Any], more: dict[str, Any]) -> None:
    """Put more values to these, those within values too."""
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(values.get(key), dict):
            merge(values[key], value)
        else:
            values[key] = value
