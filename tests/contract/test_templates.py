"""The element templates are valid for Camunda Modeler, and create steps that pass `make check`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from camunda7.worker import Handler
from config.settings import ROOT
from deployment.templates import create_template, write_templates
from workers.lanes import all_handlers

SCHEMA = ROOT / "node_modules/@camunda/element-templates-json-schema/resources/schema.json"
HANDLERS = {handler.topic: handler for handler in all_handlers()}


def validate(file: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(SCHEMA), str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_all_templates_are_valid_by_the_modelers_schema(tmp_path: Path) -> None:
    file = write_templates(all_handlers(), tmp_path)
    done = validate(file)
    assert done.returncode == 0, done.stdout + done.stderr
    # control: an invalid template is found
    nowhere = {"type": "Hidden", "value": "x", "binding": {"type": "nowhere"}}
    broken = [{**each, "properties": [nowhere]} for each in json.loads(file.read_text())]
    file.write_text(json.dumps(broken))
    assert validate(file).returncode == 1


@pytest.mark.parametrize("handler", HANDLERS.values(), ids=HANDLERS)
def test_a_template_creates_an_external_task_of_its_topic(handler: Handler) -> None:
    properties = {each["binding"]["name"]: each["value"] for each in create_template(handler)["properties"]}
    assert properties["camunda:topic"] == handler.topic
    assert (properties["camunda:type"], properties["camunda:asyncAfter"]) == ("external", True)


def test_a_description_names_variables_and_errors() -> None:
    description = create_template(HANDLERS["lab.reserve_kit"])["description"]
    assert description.startswith("Reserve a test kit; if none is left, the lab puts the sample on its waiting list")
    assert "Reads sample_number, testing_priority." in description
    assert "May report the error kit_shortage" in description
