"""Element templates: what our workers do, ready to be chosen for a service task in Camunda Modeler.

The Modeler finds them in .camunda/element-templates/ beside or above the diagram that is opened.
Source: https://docs.camunda.io/docs/components/modeler/desktop-modeler/element-templates/
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from camunda7.worker import Handler

FOLDER = Path(".camunda/element-templates")
SCHEMA = "https://unpkg.com/@camunda/element-templates-json-schema@0.22.1/resources/schema.json"


def write_templates(handlers: Iterable[Handler], root: Path) -> Path:
    """Write the templates where the Modeler looks for them; returns the file."""
    file = root / FOLDER / "coronacare.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([template(each) for each in handlers], indent=2) + "\n")
    return file


def template(handler: Handler) -> dict[str, Any]:
    """A service task with this handler's topic, as the rules of docs/reference/modelling-rules.md want it."""
    lane, _, step = handler.topic.partition(".")
    return {
        "$schema": SCHEMA,
        "id": f"coronacare.{handler.topic}",
        "name": handler.topic,
        "description": _description(handler),
        "category": {"id": lane, "name": lane.capitalize()},
        "appliesTo": ["bpmn:ServiceTask"],
        "properties": [
            _property("name", "String", step.replace("_", " ").capitalize(), label="Name: verb and object"),
            _property("camunda:type", "Hidden", "external"),
            _property("camunda:topic", "Hidden", handler.topic),
            _property("camunda:asyncAfter", "Boolean", True, label="Asynchronous after", editable=False),
            _property("camunda:taskPriority", "String", "${testing_priority}", label="Priority"),
        ],
    }


def _property(name: str, kind: str, value: str | bool, **more: Any) -> dict[str, Any]:
    return {**more, "type": kind, "value": value, "binding": {"type": "property", "name": name}}


def _description(handler: Handler) -> str:
    """What it does, reads, and may report."""
    said = [(inspect.getdoc(handler.function) or "").split("\n\n")[0].replace("\n", " ")]
    said.append(f"Reads {', '.join(handler.variables)}." if handler.variables else "")
    said += [f"May report the error {error.code}: put an error event at its edge." for error in handler.errors]
    return " ".join(filter(None, said)) or handler.topic
