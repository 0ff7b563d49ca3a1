"""`make status`: how everything is, on one screen; the same figures as on the managers' pages."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import requests
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from camunda7.http_client import request
from stack.browser import PageRefused, signed_in_manager

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
    if not any(reason.startswith(("engine:", "webapp:")) for reason in reasons):
        reasons += _show_figures(state, console)
    console.print(f"[bold red]NOT WELL: {escape('; '.join(reasons))}" if reasons else "All is well.", soft_wrap=True)
    return not reasons


def _show_parts(state: dict[str, Any], console: Console) -> list[str]:
    """Show each part; returns what is wrong with them."""
    # the front answers for the web application, but not of its readiness
    urls = {**state, "webapp": state.get("webapp_itself", state["webapp"])}
    problems = {part: _problem_of(urls[part] + path) for part, path in READY.items()}
    table = Table("Part", "", title="Parts")
    for part, problem in problems.items():
        table.add_row(part, f"[bold red]{escape(problem)}" if problem else "up")
    console.print(table)
    return [f"{part}: {', '.join(problem.splitlines())}" for part, problem in problems.items() if problem]


def _outages(state: dict[str, Any]) -> list[str]:
    """What the workers can't do now beside their tasks, such as sending mail."""
    try:
        metrics = request("GET", state["workers"] + "/metrics", timeout=5).text
        samples = [each for family in text_string_to_metric_families(metrics) for each in family.samples]
    except (requests.RequestException, ValueError):
        return []
    return [
        f"{each.labels['what']}: hasn't worked for {_span(each.value)}; the workers' log says why"
        for each in samples
        if each.name == "coronacare_outage_seconds" and each.value
    ]


def _show_figures(state: dict[str, Any], console: Console) -> list[str]:
    """Show who waits, and the KPIs, as the managers' pages have them; returns what is wrong."""
    try:
        manager = signed_in_manager(state)
        now, kpis = manager.read_json("/staff/now.json"), manager.read_json("/staff/kpis.json")
    except (PageRefused, requests.RequestException) as error:
        return [f"the managers' pages can't be read ({type(error).__name__})"]
    _show_now(now, console)
    _show_kpis(kpis, console)
    count = now["incidents"]
    return [f"{count} {'incident' if count == 1 else 'incidents'}: see /staff/incidents"] if count else []


def _show_now(now: dict[str, Any], console: Console) -> None:
    table = Table("Waiting for", "Now", "Yesterday", "Longest", "Half for at least", title="Who waits")
    for wait in now["waits"]:
        spans = (_span(wait["longest_s"]), _span(wait["median_s"]))
        table.add_row(wait["what"], str(wait["now"]), str(wait["yesterday"]), *spans)
    console.print(table)
    kits = "the laboratory doesn't answer" if now["kits"] is None else now["kits"]
    console.print(f"Test kits in stock: {kits}. Doctors on duty: {now['doctors']}. Incidents: {now['incidents']}.")


def _show_kpis(kpis: dict[str, dict[str, Any]], console: Console) -> None:
    table = Table("KPI", "Value", title="All closed cases")
    for figure in kpis.values():
        table.add_row(figure["kpi"], figure["text"])
    console.print(table)


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
