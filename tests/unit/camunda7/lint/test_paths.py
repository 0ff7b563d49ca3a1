"""Decision paths, compared with a second implementation of the pre-screening algorithm."""

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


def test_each_decision_path_gives_the_orientation_of_the_algorithm_whatever_the_other_answers() -> None:
    file = next(file for file in diagrams.DECISIONS if file.stem == "pre_screening")
    tables = {table.id: table for table in diagrams.decisions(file)}
    chance, orientations = random.Random(7), set()
    paths = list(PathSearch(tables, VARIABLES).find_paths(tables["pre_screening"]))
    for path in paths:
        answers = {name: chance.choice(values) for name, values in ANSWERS.items()} | path.known
        [row] = path.rows
        assert row.outputs["orientation"] == orientation(answers), answers
        orientations.add(row.outputs["orientation"])
    assert len(orientations) == len(VARIABLES["orientation"].values)
    assert len(paths) > 500


@pytest.mark.parametrize(
    ("text", "accepted", "refused"),
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
def test_the_values_that_a_cell_accepts(text: str, accepted: list, refused: list) -> None:
    cell = unary_tests.parse_cell(text)
    assert [value for value in (*accepted, *refused) if cell.matches(value)] == accepted


@pytest.mark.parametrize("text", ["over 5", '"a', "date(x)", "< five", "a"])
def test_an_unsupported_cell_is_refused(text: str) -> None:
    with pytest.raises(unary_tests.CellError):
        unary_tests.parse_cell(text)
