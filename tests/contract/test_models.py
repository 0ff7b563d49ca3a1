"""Beside what `make check` finds (camunda7/lint/): the folder's files, and whether forms fit decisions."""

import json
from xml.etree import ElementTree

import pytest

from camunda7.forms import Form
from camunda7.lint.tables import DMN
from config.settings import ROOT


def test_nothing_else_lies_beside_the_diagrams() -> None:
    suffixes = {path.suffix for path in (ROOT / "processes").iterdir() if path.is_file()}
    assert suffixes == {".bpmn", ".dmn", ".py", ".yaml"}


@pytest.mark.parametrize("name", ["pre_screening", "symptoms_worsened"])
def test_the_first_page_asks_for_just_what_its_decision_takes(name: str) -> None:
    """The decision alone says what an emergency is: a sign that is added to it must be asked for, and first."""
    page = Form.parse(json.loads((ROOT / "forms" / f"{name}.form").read_text())).pages[0]
    asked = {each.path[0] for component in page.components for each in component.walk() if each.path}
    assert asked == inputs_of(page.decision)


def inputs_of(decision: str) -> set[str]:
    """The variables of a decision table's inputs."""
    root = ElementTree.parse(ROOT / "processes" / "pre_screening.dmn")
    [table] = [each for each in root.iter(f"{DMN}decision") if each.get("id") == decision]
    texts = [each.find(f"{DMN}text").text for each in table.iter(f"{DMN}inputExpression")]
    return {text.removeprefix("assert(").partition(",")[0] for text in texts}
