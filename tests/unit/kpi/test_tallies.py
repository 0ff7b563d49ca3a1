"""A sum is a named tuple whose fields hide no method of tuples."""

from __future__ import annotations

from kpi.tallies import Sums


def test_count_and_index_of_a_sum_are_those_of_tuples() -> None:
    found = Sums([("ratings", "4", 3, 12), ("ratings", "5", 9, 45)]).sum_of("ratings")
    assert (found.cases, found.total) == (12, 57)
    assert (found.count(12), found.index(57)) == (1, 1)
