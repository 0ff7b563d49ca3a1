"""Checks of exported event logs against the schemas of XES and OCEL 2.0."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
from lxml import etree

from config.settings import ROOT

SCHEMAS = ROOT / "tests" / "unit" / "simulation" / "schemas"


def check_xes(text: str) -> int:
    """Validate a log in XES; returns its number of traces.

    Raises:
        etree.DocumentInvalid: it isn't valid.
    """
    root = etree.fromstring(text.encode())
    etree.XMLSchema(file=SCHEMAS / "xes.xsd").assertValid(root)
    return len(root.findall("{*}trace"))


def check_ocel(text: str) -> dict[str, Any]:
    """Validate a log in OCEL 2.0, also what refers to what; returns its content.

    Raises:
        jsonschema.ValidationError: it isn't valid.
    """
    content: dict[str, Any] = json.loads(text)
    schema = json.loads((SCHEMAS / "ocel20.schema.json").read_text(encoding="utf-8"))
    checker = jsonschema.Draft7Validator.FORMAT_CHECKER
    jsonschema.Draft7Validator(schema, format_checker=checker).validate(content)
    ids = {each["id"] for each in content["objects"]}
    assert len(ids) == len(content["objects"])
    for kind, types in (("objects", "objectTypes"), ("events", "eventTypes")):
        assert {each["type"] for each in content[kind]} <= {each["name"] for each in content[types]}
        related = [link["objectId"] for each in content[kind] for link in each["relationships"]]
        assert set(related) <= ids
    return content
