"""Observations that wait for staff: stored as JSON, compared, and described."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from services.lab.gateway.messages.reports import Coding, Observation, Status


def describe(observation: Observation, sender: str) -> dict[str, str]:
    """Return what was understood of an observation, for staff: label and value."""
    facts = {
        "Laboratory": observation.laboratory or sender,
        "Specimen": ", ".join(observation.specimen_ids),
        "Order": ", ".join(observation.order_ids),
        "Patient": " ".join(filter(None, (observation.given_name, observation.family_name))),
        "Date of birth": observation.birth_date.isoformat() if observation.birth_date else "",
        "Test": _join(observation.tests),
        "Result": _join((*observation.values, *observation.flags)),
        "Status": observation.status,
        "Taken": observation.observed_at,
        "Reported": observation.reported_at,
        "Place in the message": observation.place,
    }
    return {label: value for label, value in facts.items() if value}


def _join(codings: Iterable[Coding]) -> str:
    return "; ".join(" ".join(dict.fromkeys(filter(None, (each.code, each.text, each.system)))) for each in codings)


def fingerprint_of(sender: str, observation: Observation) -> str:
    content = asdict(replace(observation, place="", problems=(), reported_at="", refused_item=""))
    return hashlib.sha256(json.dumps([sender, content], default=str, sort_keys=True).encode()).hexdigest()


def dump(observation: Observation, message_problems: tuple[str, ...]) -> str:
    return json.dumps({**asdict(observation), "message_problems": message_problems}, default=str)


def load(text: str) -> tuple[Observation, tuple[str, ...]]:
    """Return a stored observation, and the problems of its message."""
    content: dict[str, Any] = json.loads(text)
    message_problems = tuple(content.pop("message_problems"))
    for name in ("tests", "values", "flags"):
        content[name] = tuple(Coding(**each) for each in content[name])
    for name in ("specimen_ids", "order_ids", "problems"):
        content[name] = tuple(content[name])
    born = content["birth_date"]
    content["birth_date"] = date.fromisoformat(born) if born else None
    content["status"] = Status(content["status"])
    return Observation(**content), message_problems
