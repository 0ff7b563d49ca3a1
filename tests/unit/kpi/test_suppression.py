"""Of few people nothing is told, nor can it be worked out."""

from __future__ import annotations

import pytest

from kpi.indicators import compute_from_sums
from kpi.tallies import Sums

BELOW = 5


def figures(below: int = BELOW, **counts: int) -> dict[str, str]:
    """Texts of the figures, over sums of figure__bucket."""
    rows = [(*name.split("__"), count, 0) for name, count in counts.items()]
    return {figure.key: figure.text for figure in compute_from_sums(Sums(rows), below)}


def test_few_cases_are_not_told_of() -> None:
    told = figures(outcome__care_completed=40, outcome__withdrawn=3, outcome__physician=9)
    assert (told["closed"], told["ended_care_completed"]) == ("52", "40")
    assert told["ended_withdrawn"] == "too few to tell"
    # nor can it be worked out from the whole and its other parts
    assert told["ended_physician"] == "too few to tell"


def test_without_the_setting_all_is_told() -> None:
    told = figures(0, outcome__care_completed=40, outcome__withdrawn=3)
    assert told["ended_withdrawn"] == "3"


def test_none_is_told() -> None:
    told = figures(result__positive=7, result__negative=30)
    assert (told["positive"], told["negative"], told["other"]) == ("7", "30", "0")
    assert told["positivity"] == "18.9%"


@pytest.mark.parametrize("counts", [{"positive": 2, "negative": 40}, {"positive": 40, "negative": 2}])
def test_a_share_that_tells_of_few_is_not_told(counts: dict[str, int]) -> None:
    told = figures(**{f"result__{name}": count for name, count in counts.items()})
    assert {told[name] for name in ("positive", "negative", "positivity")} == {"too few to tell"}


def test_means_over_few_are_not_told() -> None:
    told = figures(rating__4=4, cycle_time__300=4, sample_to_result__300=5)
    assert {told[name] for name in ("ratings", "mean_feedback", "cycle_time_mean", "cycle_time_p90")} == {
        "too few to tell"
    }
    assert told["sample_to_result_median"] != "too few to tell"


def test_every_figure_says_whose_numbers_can_be_told_from_it() -> None:
    assert [figure.key for figure in compute_from_sums(Sums()) if not figure.cells] == []
