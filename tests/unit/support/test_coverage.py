"""Sequence flows that a trace has taken, and unvisited elements."""

from tests.support.coverage import Trace, find_unvisited, flows_taken
from tests.support.diagrams import PROCESSES, sequence_flows

PATH = next(path for path in PROCESSES if path.stem == "corona_care")


def test_only_flows_of_the_trace_are_taken() -> None:
    visited = {"Gateway_TraceContacts", "Gateway_ReportWanted"}
    taken = flows_taken(Trace(entered=visited, left=visited), sequence_flows(PATH))
    assert "Flow_TraceContacts_ReportWanted" in taken
    assert "Flow_TraceContacts_TracingBegun" not in taken
    assert "Flow_TracingBegun_ReportWanted" not in taken


def test_without_a_case_all_elements_are_unvisited() -> None:
    assert len(find_unvisited([], PATH)) > 100
