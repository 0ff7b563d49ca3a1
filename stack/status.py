"""`make status`: parts, waits, KPIs and incidents on one screen, with the figures of the managers' pages."""

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
from camunda7.names import TASKLIST
from processes import positions
from processes.incidents import list_incidents
from processes.positions import Wait
from stack.figures import managers_engine, read_kpis, read_metrics, read_stock
from stack.supervisor import PartFailed

# readiness or health path of each part
READY = {
    "engine": TASKLIST,
    "webapp": "/readyz",
    "workers": "/readyz",
    "lab": "/healthz",
    "government": "/healthz",
    "sms": "/healthz",
}


def show_status(state: dict[str, Any], console: Console) -> bool:
    """Show the status; returns whether all parts are ready, and there are no outages and incidents.

    The last line has the problems.
    """
    reasons = [*_show_parts(state, console), *_outages(state), *_held_messages(state)]
    if not any(reason.startswith("engine:") for reason in reasons):
        reasons += _show_cases(state, console)
    reasons += _show_kpis(state, console)
    console.print(f"[bold red]NOT WELL: {escape('; '.join(reasons))}" if reasons else "All is well.", soft_wrap=True)
    return not reasons


def _show_parts(state: dict[str, Any], console: Console) -> list[str]:
    """Show each part; returns their problems."""
    urls = {**state, "webapp": _webapp(state)}
    problems = {part: _find_problem(urls[part] + path) for part, path in READY.items()}
    table = Table("Part", "", title="Parts")
    for part, problem in problems.items():
        table.add_row(part, f"[bold red]{escape(problem)}" if problem else "up")
    console.print(table)
    return [f"{part}: {', '.join(problem.splitlines())}" for part, problem in problems.items() if problem]


def _outages(state: dict[str, Any]) -> list[str]:
    """Return the outages of the workers' targets, such as a mail server."""
    return [
        f"{each.labels['what']}: out of service for {_format_duration(each.value)}; see the workers' log"
        for each in read_metrics(state["workers"])
        if each.name == "coronacare_outage_seconds" and each.value
    ]


def _held_messages(state: dict[str, Any]) -> list[str]:
    samples = {each.name: each.value for each in read_metrics(_webapp(state))}
    held = samples.get("coronacare_messages_held")
    return [f"{held:.0f} messages are held since a restore: `python -m records held`"] if held else []


def _show_cases(state: dict[str, Any], console: Console) -> list[str]:
    """Show waits, test kits, doctors on duty and incidents; returns problems."""
    engine = managers_engine(state)
    try:
        waits = positions.list_waits(engine, positions.count_activities(engine, positions.list_definitions(engine)))
        count = len(list_incidents(engine))
    except EngineError as error:
        return [f"the engine's figures can't be read ({type(error).__name__})"]
    _show_waits(waits, console)
    kits = read_stock(state)
    stock = "the laboratory doesn't answer" if kits is None else kits
    console.print(f"Test kits in stock: {stock}. Doctors on duty: {_doctors_on_duty(state)}. Incidents: {count}.")
    return [f"{count} {'incident' if count == 1 else 'incidents'}: see /staff/incidents"] if count else []


def _show_waits(waits: Iterable[Wait], console: Console) -> None:
    table = Table("Waiting for", "Now", "Yesterday", "Longest", "Median", title="Patients waiting")
    for wait in waits:
        count, longest, median = 0, None, None
        if wait.now:
            count, longest, median = wait.now.count, wait.now.longest.total_seconds(), wait.now.median.total_seconds()
        table.add_row(wait.label, str(count), str(wait.yesterday), _format_duration(longest), _format_duration(median))
    console.print(table)


def _doctors_on_duty(state: dict[str, Any]) -> str:
    """Return the number of doctors on duty; a dash if the web application doesn't answer."""
    samples = {each.name: each.value for each in read_metrics(_webapp(state))}
    doctors = samples.get("coronacare_doctors_on_duty")
    return "–" if doctors is None else f"{doctors:.0f}"


def _show_kpis(state: dict[str, Any], console: Console) -> list[str]:
    """Show the KPIs; returns problems."""
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
    """Return the web application's own URL: a front doesn't forward /readyz and /metrics."""
    return state.get("webapp_itself", state["webapp"])


def _format_duration(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _find_problem(url: str) -> str:
    """Return the problem of a part, by its readiness check if possible; empty if there is none."""
    try:
        answer = request("GET", url, timeout=5)
    except requests.RequestException:
        return "doesn't answer"
    if answer.ok:
        return ""
    kind = answer.headers.get("Content-Type", "")
    message = answer.text.strip() if kind.startswith("text/plain") else ""
    if kind.startswith("application/json"):
        with suppress(ValueError, AttributeError):
            message = answer.json().get("message")
    return message or f"answers {answer.status_code}"
