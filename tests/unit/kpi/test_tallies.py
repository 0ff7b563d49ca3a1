"""Sums are tuples of two figures, with all that tuples can do."""

from __future__ import annotations

from kpi.tallies import Sums


def test_a_sum_hides_no_method_of_its_tuple() -> None:
    found = Sums([("ratings", "4", 3, 12), ("ratings", "5", 9, 45)]).sum_of("ratings")
    assert (found.cases, found.total) == (12, 57)
    assert (found.count(12), found.index(57)) == (1, 1)
