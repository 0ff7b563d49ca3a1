"""Results for people and other programs: printed, as CSV and as JSON."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator
from io import StringIO
from typing import TextIO

from rich.console import Console
from rich.table import Table

from simulation.recording import JOURNEY
from simulation.results import FULL, Figure, ResourceResult, Results, StepResult

RESOURCES = {
    "medical-team": "medical teams",
    "doctors": "doctors",
    "contact-tracers": "contact tracers",
    "laboratory": "laboratory staff",
    "laboratory-places": "the laboratory",
    "test-kits": "test kits",
}
# what there is a number of
PLACES = {**RESOURCES, "laboratory-places": "places in the laboratory"}
DAY_H = 24


def name_resource(resource: str) -> str:
    return RESOURCES.get(resource, resource)


def format_hours(hours: float | None) -> str:
    """Format a duration for people: `45 min`, `7.5 h`, `3.2 d`."""
    if hours is None:
        return "–"
    if hours < 1:
        return f"{hours * 60:.0f} min"
    return f"{hours:.1f} h" if hours < 2 * DAY_H else f"{hours / DAY_H:.1f} d"


def format_interval(figure: Figure, scale: float = 1, unit: str = "") -> str:
    """Format a number and its interval: `12 (9 to 15)`."""
    if figure.value is None:
        return "–"
    text = f"{figure.value * scale:.0f}{unit}"
    if figure.low is None or figure.high is None:
        return text
    return f"{text} ({figure.low * scale:.0f} to {figure.high * scale:.0f}{unit})"


def format_hours_interval(figure: Figure) -> str:
    text = format_hours(figure.value)
    if figure.low is None or figure.high is None or figure.value is None:
        return text
    return f"{text} ({format_hours(figure.low)} to {format_hours(figure.high)})"


def describe_bottleneck(results: Results) -> str:
    """Say in one or two sentences what the limit is, and since when."""
    if results.bottleneck is None:
        return "Nothing is a limit: there is enough of everything."
    found = results.find_resource(results.bottleneck)
    waited = format_hours(found.waited_h.value)
    name = name_resource(found.resource)
    since = f" from day {found.since_day} on" if found.since_day else ""
    end = found.waiting_at_end.value or 0
    return f"The limit is {name}{since}: patients wait {waited} on average, and {end:.0f} wait at the end."


def advise(results: Results) -> list[str]:
    """Say what to hire or buy for the work that arrived, and by when; empty if there is enough of everything."""
    lines = []
    if (missing := results.kits_missing.value or 0) >= 1:
        lines.append(f"Buy {missing:.0f} test kits, to arrive by day {results.kits_empty_day}.")
    for each in results.resources:
        if (each.needed.value or 0) > FULL:
            lines.append(_advise_on(each))
    return lines


def _advise_on(each: ResourceResult) -> str:
    wanted = math.ceil(each.places * (each.needed.value or 0) / FULL)
    by = f", by day {each.since_day}" if each.since_day else ""
    return f"Have {wanted} {PLACES.get(each.resource, each.resource)} instead of {each.places}{by}."


def print_results(results: Results, file: TextIO) -> None:
    console = Console(file=file, highlight=False, width=110)
    console.print(f"{results.name}: {format_interval(results.cases)} cases in {results.days} days, {results.method}")
    console.print(_create_step_table(results))
    console.print(_create_resource_table(results))
    console.print(describe_bottleneck(results))
    for line in advise(results):
        console.print(line)
    stated = sum(origin == "stated" for origin in results.origins.values())
    console.print(f"{stated} of {len(results.origins)} assumptions are stated, not learnt: see the JSON.")
    if results.unmodelled:
        console.print(f"Completed at once, as the scenario has no answers for them: {', '.join(results.unmodelled)}")


def _create_step_table(results: Results) -> Table:
    table = Table(title="Waits, and the interval of one run in 9 of 10 cases", title_justify="left")
    for column in ("Waiting for", "Median", "9 of 10 within", "At the end"):
        table.add_column(column, justify="left" if column == "Waiting for" else "right")
    for step in sort_steps(results):
        row = (format_hours_interval(step.median), format_hours_interval(step.p90))
        table.add_row(step.label, *row, format_interval(step.queue_by_day[-1]))
    return table


def _create_resource_table(results: Results) -> Table:
    table = Table(title="Resources", title_justify="left")
    for column in ("Resource", "Used", "Needed", "Mean wait"):
        table.add_column(column, justify="left" if column == "Resource" else "right")
    for each in results.resources:
        used, needed = format_interval(each.used, 100, " %"), format_interval(each.needed, 100, " %")
        table.add_row(name_resource(each.resource), used, needed, format_hours_interval(each.waited_h))
    return table


def sort_steps(results: Results) -> list[StepResult]:
    """Return the steps, the longest waits first; the whole journey is last."""
    return sorted(results.steps, key=lambda step: (step.step == JOURNEY, -(step.p90.value or 0)))


def to_json(results: Results) -> str:
    return json.dumps(results.to_json(), indent=1)


def to_csv(results: Results) -> str:
    """Return one row for each step and day; waits in hours."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    figures = ("median_h", "p90_h", "queue")
    columns = [f"{name}{end}" for name in figures for end in ("", "_low", "_high")]
    writer.writerow(["scenario", "step", "label", "resource", "day", *columns])
    for step in results.steps:
        writer.writerows([results.name, step.step, step.label, step.resource, *row] for row in _list_days(step))
    return text.getvalue()


def _list_days(step: StepResult) -> Iterator[list[object]]:
    for day, figures in enumerate(zip(step.median_by_day, step.p90_by_day, step.queue_by_day, strict=True), 1):
        yield [day, *(value for each in figures for value in (each.value, each.low, each.high))]
