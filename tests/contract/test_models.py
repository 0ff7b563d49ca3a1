"""In addition to `make check`: the kinds of files in processes/, and first pages of forms that match a decision."""

import json
from xml.etree import ElementTree

import pytest

from camunda7.forms import Form
from camunda7.lint.tables import DMN
from config.settings import ROOT


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
