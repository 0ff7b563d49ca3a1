"""Every flow node and sequence flow of the diagrams is visited by a test on the shared platform.

The last step of tests/run.py, which records the coverage from the engine's history.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.coverage import RECORDED
from tests.support.diagrams import PROCESSES


@pytest.mark.parametrize("path", PROCESSES, ids=lambda path: path.stem)
def test_each_element_of_the_diagram_is_visited(path: Path) -> None:
    assert RECORDED.exists(), "no coverage was recorded: run `make test`"
    assert json.loads(RECORDED.read_text())[path.name] == []
