"""One KPI over a period: its value, its unit, and its text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

COUNT, SHARE, NUMBER, SECONDS, DAYS = "count", "share", "number", "seconds", "days"


@dataclass(frozen=True)
class Indicator:
    """One KPI over a period.

    Attributes:
        unit: COUNT, SHARE (from 0 to 1), NUMBER, SECONDS or DAYS.
        value: None over no cases.
        over: number of cases or contacts that it is computed over.
        cells: numbers of people that can be derived from it.
        hidden: suppressed, because a cell has too few people.
    """

    key: str
    label: str
    unit: str
    value: float | None
    over: int
    cells: tuple[int, ...] = ()
    hidden: bool = False

    @property
    def text(self) -> str:
        """The formatted value."""
        if self.hidden:
            return "too few to tell"
        if self.value is None:
            return "none yet"
        return TEXTS[self.unit](self.value)

    def to_json(self) -> dict[str, Any]:
        """Return the indicator for JSON and CSV, without its key."""
        return {"kpi": self.label, "value": self.value, "unit": self.unit, "over": self.over, "text": self.text}


def _format_duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    hours_and_minutes = [f"{hours} h"] if hours else []
    if hours or minutes:
        hours_and_minutes.append(f"{minutes} min")
    return " ".join([*hours_and_minutes, f"{rest} s"])


TEXTS = {
    COUNT: "{:.0f}".format,
    SHARE: "{:.1%}".format,
    NUMBER: "{:.2f}".format,
    DAYS: "{:.1f} days".format,
    SECONDS: _format_duration,
}
