"""Suppression: an indicator over few people isn't shown, nor can it be derived from the others."""

from __future__ import annotations

import pytest

from kpi.indicators import compute_from_sums
from kpi.tallies import Sums

MINIMUM = 5


def figures(minimum: int = MINIMUM, **counts: int) -> dict[str, str]:
    """Texts of the indicators, for tallies that are given as figure__bucket."""
    rows = [(*name.split("__"), count, 0) for name, count in counts.items()]
    return {figure.key: figure.text for figure in compute_from_sums(Sums(rows), minimum)}


def test_a_count_of_few_cases_is_suppressed() -> None:
    texts = figures(outcome__care_completed=40, outcome__withdrawn=3, outcome__physician=9)
    assert (texts["closed"], texts["ended_care_completed"]) == ("52", "40")
    assert texts["ended_withdrawn"] == "too few to tell"
    # a second part is suppressed: otherwise the total minus the other parts gives the first
    assert texts["ended_physician"] == "too few to tell"


def test_nothing_is_suppressed_without_a_minimum() -> None:
    texts = figures(0, outcome__care_completed=40, outcome__withdrawn=3)
    assert texts["ended_withdrawn"] == "3"


def test_zero_is_shown() -> None:
    texts = figures(result__positive=7, result__negative=30)
    assert (texts["positive"], texts["negative"], texts["other"]) == ("7", "30", "0")
    assert texts["positivity"] == "18.9%"


@pytest.mark.parametrize("counts", [{"positive": 2, "negative": 40}, {"positive": 40, "negative": 2}])
def test_a_share_that_reveals_few_people_is_suppressed(counts: dict[str, int]) -> None:
    texts = figures(**{f"result__{name}": count for name, count in counts.items()})
    assert {texts[name] for name in ("positive", "negative", "positivity")} == {"too few to tell"}


def test_means_over_few_people_are_suppressed() -> None:
    texts = figures(rating__4=4, cycle_time__300=4, sample_to_result__300=5)
    assert {texts[name] for name in ("ratings", "mean_feedback", "cycle_time_mean", "cycle_time_p90")} == {
        "too few to tell"
    }
    assert texts["sample_to_result_median"] != "too few to tell"


def test_every_indicator_declares_the_counts_that_it_reveals() -> None:
    assert [figure.key for figure in compute_from_sums(Sums()) if not figure.cells] == []
