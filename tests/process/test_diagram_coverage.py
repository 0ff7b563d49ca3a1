"""Runs last: no flow node and no sequence flow of the diagrams that the tests have never gone through."""

from pathlib import Path
from typing import Any

import pytest

from processes.engine import Engine
from tests.support.coverage import Trace, flows_taken, unvisited
from tests.support.diagrams import PROCESSES, sequence_flows


@pytest.mark.parametrize("path", PROCESSES, ids=lambda path: path.stem)
def test_nothing_of_the_diagram_is_unvisited(state: dict[str, Any], path: Path) -> None:
    admin = Engine(state["engine"], "admin", state["accounts"]["admin"]["password"])
    never = unvisited(admin, path)
    print(f"{path.name}: never visited: {never or 'nothing'}")
    assert never == []


def test_a_flow_that_was_not_taken_is_noticed() -> None:
    path = next(path for path in PROCESSES if path.stem == "corona_care")
    negative = Trace(
        entered={"Gateway_TraceContacts", "Gateway_ReportWanted"},
        left={"Gateway_TraceContacts", "Gateway_ReportWanted"},
    )
    taken = flows_taken(negative, sequence_flows(path))
    assert "Flow_TraceContacts_ReportWanted" in taken
    assert "Flow_TraceContacts_TracingBegun" not in taken
    assert "Flow_TracingBegun_ReportWanted" not in taken
