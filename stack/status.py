"""`make status`: how everything is, on one screen; each part is asked itself, and figures are those of the managers'
pages.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import requests
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from camunda7.engine import EngineError
from camunda7.http_client import request
from processes import positions
from processes.incidents import incidents
from processes.positions import Wait
from stack.figures import managers_engine, read_kpis, read_metrics, read_stock
from stack.supervisor import PartFailed

# where each part says that it works
READY = {
    "engine": "/camunda/app/tasklist/default/",
    "webapp": "/readyz",
    "workers": "/readyz",
    "lab": "/healthz",
    "government": "/healthz",
    "sms": "/healthz",
}


def show_status(state: dict[str, Any], console: Console) -> bool:
    """Show it; returns whether all is well: every part answers, and nothing stands still.

    The last line says why it isn't.
    """
    reasons = [*_show_parts(state, console), *_outages(state)]
    if not any(reason.startswith("engine:") for reason in reasons):
        reasons += _show_cases(state, console)
    reasons += _show_kpis(state, console)
    console.print(f"[bold red]NOT WELL: {escape('; '.join(reasons))}" if reasons else "All is well.", soft_wrap=True)
    return not reasons


def _show_parts(state: dict[str, Any], console: Console) -> list[str]:
    """Show each part; returns what is wrong with them."""
    urls = {**state, "webapp": _webapp(state)}
    problems = {part: _problem_of(urls[part] + path) for part, path in READY.items()}
    table = Table("Part", "", title="Parts")
    for part, problem in problems.items():
        table.add_row(part, f"[bold red]{escape(problem)}" if problem else "up")
    console.print(table)
    return [f"{part}: {', '.join(problem.splitlines())}" for part, problem in problems.items() if problem]


def _outages(state: dict[str, Any]) -> list[str]:
    """What the workers can't do now beside their tasks, such as sending mail."""
    return [
        f"{each.labels['what']}: hasn't worked for {_span(each.value)}; the workers' log says why"
        for each in read_metrics(state["workers"])
        if each.name == "coronacare_outage_seconds" and each.value
    ]


def _show_cases(state: dict[str, Any], console: Console) -> list[str]:
    """Show who waits for what, and what they wait for; returns what is wrong."""
    engine = managers_engine(state)
    try:
        waits = positions.waits(engine, positions.standing(engine, positions.definitions(engine)))
        count = len(incidents(engine))
    except EngineError as error:
        return [f"the engine's figures can't be read ({type(error).__name__})"]
    _show_waits(waits, console)
    kits = read_stock(state)
    stock = "the laboratory doesn't answer" if kits is None else kits
    console.print(f"Test kits in stock: {stock}. Doctors on duty: {_doctors_on_duty(state)}. Incidents: {count}.")
    return [f"{count} {'incident' if count == 1 else 'incidents'}: see /staff/incidents"] if count else []


def _show_waits(waits: Iterable[Wait], console: Console) -> None:
    table = Table("Waiting for", "Now", "Yesterday", "Longest", "Half for at least", title="Who waits")
    for wait in waits:
        count, longest, median = 0, None, None
        if wait.now:
            count, longest, median = wait.now.count, wait.now.longest.total_seconds(), wait.now.median.total_seconds()
        table.add_row(wait.what, str(count), str(wait.yesterday), _span(longest), _span(median))
    console.print(table)


def _doctors_on_duty(state: dict[str, Any]) -> str:
    """Their number, from the roster in the records; a dash when the web application doesn't say."""
    samples = {each.name: each.value for each in read_metrics(_webapp(state))}
    doctors = samples.get("coronacare_doctors_on_duty")
    return "–" if doctors is None else f"{doctors:.0f}"


def _show_kpis(state: dict[str, Any], console: Console) -> list[str]:
    """Show the KPIs; returns what is wrong."""
    try:
        figures = read_kpis(state)
    except PartFailed as error:
        return [str(error)]
    table = Table("KPI", "Value", title="All closed cases")
    for figure in figures.values():
        table.add_row(figure["kpi"], figure["text"])
    console.print(table)
    return []


def _webapp(state: dict[str, Any]) -> str:
    """The web application itself: a front answers for it, but not of its readiness and metrics."""
    return state.get("webapp_itself", state["webapp"])


def _span(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _problem_of(url: str) -> str:
    """What is wrong with a part, in its own words if it has any; empty if nothing is."""
    try:
        answer = request("GET", url, timeout=5)
    except requests.RequestException:
        return "doesn't answer"
    if answer.ok:
        return ""
    kind = answer.headers.get("Content-Type", "")
    said = answer.text.strip() if kind.startswith("text/plain") else ""
    if kind.startswith("application/json"):
        with suppress(ValueError, AttributeError):
            said = answer.json().get("message")
    return said or f"answers {answer.status_code}"
