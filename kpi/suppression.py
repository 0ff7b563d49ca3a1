"""Statistical disclosure control: suppresses indicators over few people, and those from which such can be derived."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from kpi.indicator import Indicator

RESULTS = ("positive", "negative", "other")
POSITIVITY = "positivity"


def suppress(indicators: list[Indicator], below: int) -> list[Indicator]:
    """Suppress the indicators with a cell from 1 to `below` - 1 people.

    Of the parts of a whole at least two are suppressed (secondary suppression): a single one would be the difference of
    the whole and the others.
    """
    hidden = {figure.key for figure in indicators if any(0 < cell < below for cell in figure.cells)}
    for parts in _wholes(indicators):
        if len(hidden & {part.key for part in parts}) == 1:
            others = [part for part in parts if part.key not in hidden and part.value]
            hidden |= {part.key for part in sorted(others, key=lambda part: part.value or 0)[:1]}
    if hidden & set(RESULTS):
        hidden.add(POSITIVITY)
    return [replace(figure, value=None, hidden=True) if figure.key in hidden else figure for figure in indicators]


def _wholes(indicators: Iterable[Indicator]) -> list[list[Indicator]]:
    ends = [figure for figure in indicators if figure.key.startswith("ended_")]
    return [ends, [figure for figure in indicators if figure.key in RESULTS]]
