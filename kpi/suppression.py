"""Leaves out figures over so few people that somebody might be known by them, and those that give such away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from kpi.indicator import Indicator

RESULTS = ("positive", "negative", "other")
POSITIVITY = "positivity"


def suppressed(figures: list[Indicator], below: int) -> list[Indicator]:
    """The figures, without those over fewer than `below`, but none, people.

    Of the parts of a whole at least two are left out: one alone would be the whole without the others.
    """
    hidden = {figure.key for figure in figures if any(0 < cell < below for cell in figure.cells)}
    for parts in _wholes(figures):
        if len(hidden & {part.key for part in parts}) == 1:
            others = [part for part in parts if part.key not in hidden and part.value]
            hidden |= {part.key for part in sorted(others, key=lambda part: part.value or 0)[:1]}
    if hidden & set(RESULTS):
        hidden.add(POSITIVITY)
    return [replace(figure, value=None, hidden=True) if figure.key in hidden else figure for figure in figures]


def _wholes(figures: Iterable[Indicator]) -> list[list[Indicator]]:
    ends = [figure for figure in figures if figure.key.startswith("ended_")]
    return [ends, [figure for figure in figures if figure.key in RESULTS]]
