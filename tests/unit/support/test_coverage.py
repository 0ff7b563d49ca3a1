"""Which sequence flows count as taken."""

from tests.support.coverage import Trace, flows_taken, unvisited
from tests.support.diagrams import PROCESSES, sequence_flows

PATH = next(path for path in PROCESSES if path.stem == "corona_care")


def test_a_flow_that_was_not_taken_is_noticed() -> None:
    visited = {"Gateway_TraceContacts", "Gateway_ReportWanted"}
    taken = flows_taken(Trace(entered=visited, left=visited), sequence_flows(PATH))
    assert "Flow_TraceContacts_ReportWanted" in taken
    assert "Flow_TraceContacts_TracingBegun" not in taken
    assert "Flow_TracingBegun_ReportWanted" not in taken


def test_without_any_case_everything_is_unvisited() -> None:
    assert len(unvisited([], PATH)) > 100
