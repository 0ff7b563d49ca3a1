"""docs/pathway.md is generated from the diagrams, and has every named element."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from config.settings import ROOT
from tests.support.diagrams import BPMN, FLOW_NODES, PROCESSES, elements

sys.path.insert(0, str(ROOT / "tools"))

PAGE = ROOT / "docs" / "pathway.md"


def test_the_page_is_up_to_date() -> None:
    from pathway import render_page

    assert PAGE.read_text() == render_page(), "run `make pathway`"


@pytest.mark.parametrize("path", PROCESSES, ids=lambda path: path.stem)
def test_every_named_element_has_a_documentation(path: Path) -> None:
    named = [element for element in elements(path, *FLOW_NODES) if element.get("name")]
    undocumented = [element.get("id") for element in named if not element.findtext(f"{BPMN}documentation")]
    assert named
    assert undocumented == []


@pytest.mark.parametrize("path", PROCESSES, ids=lambda path: path.stem)
def test_every_named_element_is_on_the_page(path: Path) -> None:
    page = PAGE.read_text()
    assert [name for element in elements(path, *FLOW_NODES) if (name := element.get("name")) and name not in page] == []
