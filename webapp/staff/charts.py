"""Charts over days or months, as inline SVG: lines or stacked bars, labelled beside their last value.

Colours are classes of static/staff.css, so that they follow dark mode and print. A column's text shows on hover.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from webapp.staff.formats import format_span

WIDTH, HEIGHT = 620, 240
LEFT, RIGHT, TOP, BOTTOM = 46, 150, 14, 28
MAX_TICKS, MAX_LABELS = 5, 12
# between labels beside the chart, and of one to the chart
LINE_HEIGHT, GAP = 17, 8
# share of a bar's column
BAR_WIDTH = 0.75

Point = tuple[float, float]


@dataclass(frozen=True)
class Series:
    """One KPI's values in a chart.

    Attributes:
        values: in the chart's unit, one for each day or month; None is a gap.
        texts: the same, formatted.
    """

    label: str
    values: Sequence[float | None]
    texts: Sequence[str]


@dataclass(frozen=True)
class Chart:
    """A chart to draw.

    Attributes:
        description: text alternative.
        spans: days, YYYY-MM-DD, or months, YYYY-MM.
        unit: follows the numbers on the axis.
        is_stacked: stacked bars instead of lines.
        target: where to draw a line; None for none.
    """

    description: str
    spans: Sequence[str]
    series: Sequence[Series]
    unit: str = ""
    is_stacked: bool = False
    target: float | None = None

    def draw(self) -> Markup:
        parts = [
            *self._axes(),
            *(self._bars() if self.is_stacked else self._lines()),
            *self._labels(),
            *self._columns(),
        ]
        return Markup(
            '<svg class="chart__picture" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}">{}</svg>'
        ).format(self.description, WIDTH, HEIGHT, WIDTH, HEIGHT, Markup("").join(parts))

    @property
    def highest(self) -> float:
        columns = zip(*([value or 0 for value in each.values] for each in self.series), strict=True)
        combine = sum if self.is_stacked else max
        return max([combine(column) for column in columns] + [self.target or 0], default=0)

    @property
    def _ticks(self) -> list[float]:
        return choose_ticks(self.highest)

    @property
    def _step(self) -> float:
        """Width of a column."""
        return (WIDTH - LEFT - RIGHT) / max(len(self.spans), 1)

    def _x(self, number: int) -> float:
        return LEFT + (number + 0.5) * self._step

    def _y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / self._ticks[-1]

    def _axes(self) -> Iterator[Markup]:
        for tick in self._ticks:
            y = self._y(tick)
            yield Markup('<path class="chart__grid" d="M{} {:.1f}H{}"/>').format(LEFT, y, WIDTH - RIGHT)
            yield _text(LEFT - GAP, y + 4, f"{tick:g}{self.unit}", "chart__tick", "end")
        labelled = set(choose_labels(self.spans))
        for number, span in enumerate(self.spans):
            if span in labelled:
                text = format_span(span, with_year=False)
                yield _text(self._x(number), HEIGHT - GAP, text, "chart__tick", "middle")
        if self.target is not None:
            y = self._y(self.target)
            yield Markup('<path class="chart__target" d="M{} {:.1f}H{}"/>').format(LEFT, y, WIDTH - RIGHT)

    def _lines(self) -> Iterator[Markup]:
        for number, each in enumerate(self.series):
            points = [None if value is None else (self._x(at), self._y(value)) for at, value in enumerate(each.values)]
            yield Markup('<path class="chart__line chart__line--{}" d="{}"/>').format(number, draw_path(points))
            # a value between two gaps has no line
            alone = [
                point
                for before, point, after in zip([None, *points], points, [*points[1:], None], strict=False)
                if point and not before and not after
            ]
            for x, y in alone:
                yield Markup('<circle class="chart__area chart__area--{}" cx="{:.1f}" cy="{:.1f}" r="3"/>').format(
                    number, x, y
                )

    def _bars(self) -> Iterator[Markup]:
        below = [0.0] * len(self.spans)
        for number, each in enumerate(self.series):
            bars = []
            for at, value in enumerate(each.values):
                if value:
                    top, bottom = self._y(below[at] + value), self._y(below[at])
                    left, width = self._x(at) - self._step * BAR_WIDTH / 2, self._step * BAR_WIDTH
                    bars.append(f"M{left:.1f} {bottom:.1f}V{top:.1f}h{width:.1f}V{bottom:.1f}z")
                    below[at] += value
            yield Markup('<path class="chart__area chart__area--{}" d="{}"/>').format(number, "".join(bars))

    def _labels(self) -> Iterator[Markup]:
        """Yield the label of each series beside its last value, and that of the target."""
        wanted: list[tuple[float, str, str]] = []
        below = 0.0
        for number, each in enumerate(self.series):
            last = next((value for value in reversed(each.values) if value is not None), None)
            if last is not None:
                wanted.append(
                    (self._y(below + last / 2 if self.is_stacked else last), each.label, f"chart__label--{number}")
                )
                below += last
        if self.target is not None:
            wanted.append((self._y(self.target), f"Target {self.target:g}{self.unit}", "chart__label--target"))
        wanted.sort()
        heights = spread([y for y, _, _ in wanted], LINE_HEIGHT, TOP, HEIGHT - BOTTOM)
        for y, (_, label, kind) in zip(heights, wanted, strict=True):
            yield _text(WIDTH - RIGHT + GAP, y + 4, label, f"chart__label {kind}", "start")

    def _columns(self) -> Iterator[Markup]:
        """Yield a transparent column for each day or month, whose title is its text on hover."""
        for number, span in enumerate(self.spans):
            texts = ", ".join(f"{each.label} {each.texts[number]}" for each in self.series)
            yield Markup(
                '<rect class="chart__column" x="{:.1f}" y="{}" width="{:.1f}" height="{}"><title>{}: {}</title></rect>'
            ).format(LEFT + number * self._step, TOP, self._step, HEIGHT - TOP - BOTTOM, format_span(span), texts)


def draw_path(points: Sequence[Point | None]) -> str:
    """Return the SVG path through points; None is a gap."""
    return "".join(
        f"{'M' if number == 0 or points[number - 1] is None else 'L'}{point[0]:.1f} {point[1]:.1f}"
        for number, point in enumerate(points)
        if point is not None
    )


def spread(wanted: Sequence[float], distance: float, lowest: float, highest: float) -> list[float]:
    """Return positions near the wanted ones, which are sorted, with at least this distance between two."""
    placed: list[float] = []
    for each in wanted:
        placed.append(max(each, placed[-1] + distance if placed else lowest))
    limit = highest
    for number in reversed(range(len(placed))):
        placed[number] = min(placed[number], limit)
        limit = placed[number] - distance
    return placed


def choose_labels(spans: Sequence[str]) -> list[str]:
    """Return the days or months that have a label on the axis: Mondays, or each of few; at most MAX_LABELS."""
    days = [span for span in spans if len(span) == len("YYYY-MM-DD")]
    mondays = [day for day in days if date.fromisoformat(day).weekday() == 0]
    chosen = mondays if len(spans) > MAX_LABELS // 2 and mondays else spans
    return list(chosen[:: math.ceil(len(chosen) / MAX_LABELS) or 1])


def choose_ticks(highest: float) -> list[float]:
    """Return round whole numbers from 0 to at least the highest value, at most MAX_TICKS + 1."""
    step = 1
    for factor in itertools.cycle((2, 2.5, 2)):
        if highest <= step * MAX_TICKS:
            break
        step = round(step * factor)
    return [step * number for number in range(max(math.ceil(highest / step), 1) + 1)]


def _text(x: float, y: float, text: str, kind: str, anchor: str) -> Markup:
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(kind, x, y, anchor, text)
