"""Camunda Modeler's element templates: a service task for each topic of our workers.

The Modeler finds them in .camunda/element-templates/ in the folder of the opened diagram, or one above.
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
    """Write the templates into the Modeler's folder; returns the file."""
    file = root / FOLDER / "coronacare.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([create_template(each) for each in handlers], indent=2) + "\n")
    return file


def create_template(handler: Handler) -> dict[str, Any]:
    """Return the template of a service task of this topic, by the rules of docs/reference/modelling-rules.md."""
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
    """Describe a handler: the first paragraph of its docstring, its variables and BPMN errors."""
    sentences = [(inspect.getdoc(handler.function) or "").split("\n\n")[0].replace("\n", " ")]
    sentences.append(f"Reads {', '.join(handler.variables)}." if handler.variables else "")
    sentences += [f"May report the error {error.code}: add an error boundary event." for error in handler.errors]
    return " ".join(filter(None, sentences)) or handler.topic
