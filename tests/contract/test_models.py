"""In addition to `make check`: files of processes/, their version tags, and first pages that match a decision."""

import configparser
import json
from xml.etree import ElementTree

import pytest

from camunda7.forms import Form
from camunda7.lint.diagram import BPMN, CAMUNDA
from camunda7.lint.tables import DMN
from config.settings import ROOT

CAMUNDA_OF_DECISIONS = "{http://camunda.org/schema/1.0/dmn}"


def test_the_folder_has_only_these_kinds_of_files() -> None:
    suffixes = {path.suffix for path in (ROOT / "processes").iterdir() if path.is_file()}
    assert suffixes == {".bpmn", ".dmn", ".py", ".yaml"}


@pytest.mark.parametrize("name", ["pre_screening", "symptoms_worsened"])
def test_the_first_page_asks_for_exactly_the_inputs_of_its_decision(name: str) -> None:
    """The decision defines what an emergency is: a sign that is added to it must be on the first page."""
    page = Form.parse(json.loads((ROOT / "forms" / f"{name}.form").read_text())).pages[0]
    fields = {each.path[0] for component in page.components for each in component.walk() if each.path}
    assert fields == inputs_of(page.decision)


def inputs_of(decision: str) -> set[str]:
    """The variables of a decision table's inputs."""
    root = ElementTree.parse(ROOT / "processes" / "pre_screening.dmn")
    [table] = [each for each in root.iter(f"{DMN}decision") if each.get("id") == decision]
    texts = [each.find(f"{DMN}text").text for each in table.iter(f"{DMN}inputExpression")]
    return {text.removeprefix("assert(").partition(",")[0] for text in texts}


def test_processes_and_decisions_have_the_release_as_version_tag() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    kinds = {"*.bpmn": (f"{BPMN}process", CAMUNDA), "*.dmn": (f"{DMN}decision", CAMUNDA_OF_DECISIONS)}
    found = [
        each.get(f"{camunda}versionTag")
        for pattern, (tag, camunda) in kinds.items()
        for path in (ROOT / "processes").glob(pattern)
        for each in ElementTree.parse(path).iter(tag)
    ]
    assert set(found) == {setup["metadata"]["version"]}
