"""`make status`: how everything is, on one screen; the same figures as on the managers' pages."""

from __future__ import annotations

from typing import Any

import requests
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from camunda7.http_client import request
from stack.browser import signed_in_manager

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
    """Show it; returns whether all is well: every part answers, and nothing stands still."""
    problems = {part: _problem_of(state[part] + path) for part, path in READY.items()}
    table = Table("Part", "", title="Parts")
    for part, problem in problems.items():
        table.add_row(part, f"[bold red]{escape(problem)}" if problem else "up")
    console.print(table)
    if problems["engine"] or problems["webapp"]:
        console.print("Who waits, and the KPIs, are told when engine and web application answer.")
        return False
    manager = signed_in_manager(state)
    now, kpis = manager.read_json("/staff/now.json"), manager.read_json("/staff/kpis.json")
    _show_now(now, console)
    _show_kpis(kpis, console)
    return not any(problems.values()) and not now["incidents"]


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
    is_text = answer.headers.get("Content-Type", "").startswith("text/plain")
    return answer.text.strip() if is_text else f"answers {answer.status_code}"
