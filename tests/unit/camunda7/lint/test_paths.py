"""The ways through decisions, held against the pre-screening algorithm stated a second time."""

from __future__ import annotations

import random

import pytest

from camunda7.expressions import unary_tests
from camunda7.lint.paths import PathSearch
from processes.variables import VARIABLES
from tests.support import diagrams
from tests.support.algorithm import ILLNESSES, orientation

ANSWERS = {
    "temperature": ["at_least_39", "no_fever"],
    "age": range(131),
    "bmi": [22.5, 41.0],
    "heart_disease": ["no", "yes", "unknown"],
    "weakened_immunity": ["no", "yes", "unknown"],
    **dict.fromkeys(
        ("cough", "sore_throat_or_aches", "loss_of_taste_or_smell", "diarrhea", "fatigue", "bedridden_half_day",
         "unable_to_eat_or_drink", "breathless", *ILLNESSES),
        (False, True),
    ),
}  # fmt: skip


def test_each_way_leads_where_the_algorithm_does_whatever_else_is_answered() -> None:
    file = next(path for path in diagrams.DECISIONS if path.stem == "pre_screening")
    found = {table.id: table for table in diagrams.decisions(file)}
    chance, said = random.Random(7), set()
    ways = list(PathSearch(found, VARIABLES).find_paths(found["pre_screening"]))
    for way in ways:
        answers = {name: chance.choice(values) for name, values in ANSWERS.items()} | way.known
        [row] = way.rows
        assert row.outputs["orientation"] == orientation(answers), answers
        said.add(row.outputs["orientation"])
    assert len(said) == len(VARIABLES["orientation"].values)
    assert len(ways) > 500


@pytest.mark.parametrize(
    ("text", "taken", "refused"),
    [
        ("-", [1.0, "x", True], []),
        ("", [1.0, "x", False], []),
        ("< 5", [4.999], [5.0, "4", True]),
        (">= 5, 1", [5.0, 1.0], [4.0]),
        ("[1..5[", [1.0, 4.0], [5.0, 0.0]),
        ("]1..5]", [5.0], [1.0]),
        ('"a", "b, c"', ["a", "b, c"], ["b", "a, b"]),
        ('not("a", "b")', ["c"], ["a", "b"]),
        ("true", [True], [False, 1.0, "true"]),
        ("-3", [-3.0], [3.0]),
    ],
)
def test_a_cell_takes(text: str, taken: list, refused: list) -> None:
    cell = unary_tests.parse_cell(text)
    assert [value for value in (*taken, *refused) if cell.matches(value)] == taken


@pytest.mark.parametrize("text", ["over 5", '"a', "date(x)", "< five", "a"])
def test_a_cell_that_is_not_understood(text: str) -> None:
    with pytest.raises(unary_tests.CellError):
        unary_tests.parse_cell(text)
