"""`make demo`: replays the pilot, and compares its KPIs with the published figures; then stack/tour.py."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from stack.figures import read_kpis
from stack.pilot import Pilot, PilotError
from stack.replay import Replay, Result

# the pilot as its slides report it
SLIDES = {
    "closed": 33,
    "positive": 9,
    "negative": 24,
    "other": 0,
    "ratings": None,
    "mean_feedback": 4.53,
    "cycle_time_s": 53 * 60 + 13,
}
LABELS = {
    "closed": "Closed cases",
    "positive": "Positive",
    "negative": "Negative",
    "other": "Other results",
    "ratings": "Ratings",
    "mean_feedback": "Mean feedback",
    "cycle_time_s": "Mean cycle time, s",
}
NOTE = (
    "Reproduced: cases, results, mean feedback. Inferred: 32 ratings, for 4.53 can't be the mean of 33 whole ones. "
    "The cycle time is what this replay took, not what the pilot's patients waited."
)


class Demo:
    """Replays a pilot on the platform and reports its KPIs.

    Args:
        state: content of state.json.
        pause: sleeps for a number of seconds, or raises if the platform stops.
        pilot: the patients to replay.
        report: file for the figures as JSON, or None.

    Attributes:
        results: of the patients, after the replay.
    """

    PILOT = Path(__file__).with_name("pilot.yaml")

    def __init__(
        self,
        state: dict[str, Any],
        pause: Callable[[float], None],
        pilot: Pilot,
        report: Path | None,
        say: Callable[[str], None],
    ):
        self._state = state
        self._pause = pause
        self._pilot = pilot
        self._report = report
        self._say = say
        self.results: list[Result] = []

    def replay(self) -> bool:
        """Replay the pilot and show its KPIs; returns whether outcomes and KPIs are those expected in its file."""
        replay = Replay(self._state, self._pause)
        started = time.monotonic()
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        console, total = Console(), len(self._pilot.patients)
        with Progress(*columns, console=console) as progress:
            bar = progress.add_task("replaying the pilot", total=total)

            def show(done: int) -> None:
                progress.update(bar, completed=done)
                # without a terminal the progress bar isn't shown
                if not console.is_terminal and done % 10 == 0:
                    self._say(f"{done} of {total} patients")

            self.results = results = replay.replay_all(self._pilot.patients, show)
        self._say(f"{len(results)} patients replayed in {time.monotonic() - started:.0f} s")
        figures = self._figures(len(results))
        self._show(figures)
        if self._report:
            self._report.write_text(json.dumps(figures, indent=2) + "\n")
        differences = [
            f"{result.patient}: ended as {result.outcome}, not as expected in the file"
            for result in results
            if not result.is_expected
        ]
        differences += [
            f"{LABELS[name]}: {figures[name]}, expected {value}"
            for name, value in self._pilot.expected.items()
            if round(figures[name] or 0, 2) != value
        ]
        for line in differences:
            self._say(line)
        return not differences

    def _figures(self, cases: int) -> dict[str, Any]:
        """Return the KPIs by the slides' names."""
        kpis = {key: figure["value"] for key, figure in read_kpis(self._state).items()}
        closed = kpis["closed"]
        if closed != cases:
            raise PilotError(f"{cases} cases closed, but the KPIs count {closed}")
        return {
            "closed": closed,
            **{name: kpis[name] for name in ("positive", "negative", "other", "ratings", "mean_feedback")},
            "cycle_time_s": kpis["cycle_time_mean"],
        }

    def _show(self, figures: dict[str, Any]) -> None:
        table = Table("KPI", "This replay", "The slides")
        for name, label in LABELS.items():
            table.add_row(label, _format(figures[name], "none yet"), _format(SLIDES[name], "not given"))
        console = Console()
        console.print(table)
        console.print(NOTE)


def _format(value: float | None, default: str) -> str:
    if value is None:
        return default
    return f"{value:.2f}" if isinstance(value, float) else str(value)
