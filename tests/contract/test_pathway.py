"""docs/pathway.md says what the diagrams say, of every element that has a name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from config.settings import ROOT
from tests.support.diagrams import BPMN, FLOW_NODES, PROCESSES, elements

sys.path.insert(0, str(ROOT / "tools"))

PAGE = ROOT / "docs" / "pathway.md"


def test_the_page_is_that_of_the_diagrams() -> None:
    from pathway import render_page

    assert PAGE.read_text() == render_page(), "run `make pathway`"


@pytest.mark.parametrize("path", PROCESSES, ids=lambda path: path.stem)
def test_every_named_element_is_told_in_plain_words(path: Path) -> None:
    named = [element for element in elements(path, *FLOW_NODES) if element.get("name")]
    silent = [element.get("id") for element in named if not element.findtext(f"{BPMN}documentation")]
    assert named
    assert silent == []


@pytest.mark.parametrize("path", PROCESSES, ids=lambda path: path.stem)
def test_every_named_element_is_on_the_page(path: Path) -> None:
    page = PAGE.read_text()
    assert [name for element in elements(path, *FLOW_NODES) if (name := element.get("name")) and name not in page] == []
