"""`make bench-pages`: response times of the patients' pages, with the engine's share, under 20 concurrent patients.

Each patient repeats the forms from pre-screening to medical form. Prints medians and 95th percentiles by page, and
writes all measurements to .run/bench-pages.json.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from rich.console import Console
from rich.table import Table

from camunda7.forms.browser import Browser
from camunda7.http_client import request

ROOT = Path(__file__).parent.parent
RUN = ROOT / ".run"
PATIENTS = int(os.environ.get("PATIENTS", "20"))
WINDOW_S = float(os.environ.get("WINDOW_S", "60"))
READY_TIMEOUT_S = 180
BORN = "1990-05-10"
PRE_SCREENING = {
    "for_whom": "myself", "date_of_birth": BORN, "weight_kg": 70, "height_cm": 175, "recent_exposure": "no",
    "temperature": "at_least_39", "cough": True, "cough_since": "2020-03-20", "heart_disease": "no",
    "weakened_immunity": "no",
}  # fmt: skip
REQUEST = {
    "wants_evaluation": "yes", "given_name": "Ada", "family_name": "Lovelace", "channel": "email",
    "email": "ada@patients.example", "address": "12 St James's Square", "language": "en",
    "reporting_notice_read": True, "consent_to_care": True,
}  # fmt: skip
MEDICAL = {"pregnancy": "no", "vaccination_doses": 0, "lives": "alone", "works_in": "other"}
# milliseconds, by page: total, engine, cpu
Measured = dict[str, list[tuple[float, float, float]]]


def main() -> None:
    console = Console(width=150)
    with platform_up() as state:
        console.print(f"{PATIENTS} patients for {WINDOW_S:.0f} s")
        measured = measure(state["webapp"])
    table = Table(
        "page", "answers", "total, median", "p95", "engine, median", "p95", "own, median", "p95", "CPU, median"
    )
    for page, rows in sorted(measured.items()):
        table.add_row(page, str(len(rows)), *format_figures(rows))
    all_rows = [row for rows in measured.values() for row in rows]
    table.add_row("all", str(len(all_rows)), *format_figures(all_rows))
    console.print(table)
    slowest = [p95([row[part] for row in all_rows]) for part in (0, 1)]
    console.print(f"95th percentile: {slowest[0] / slowest[1]:.2f} times the engine's own answers")
    (RUN / "bench-pages.json").write_text(json.dumps(measured))


def format_figures(rows: list[tuple[float, float, float]]) -> list[str]:
    totals, engines, cpus = zip(*rows, strict=True)
    owns = [total - engine for total, engine, _ in rows]
    both = [of(values) for values in (totals, engines, owns) for of in (statistics.median, p95)]
    return [f"{value:.1f}" for value in [*both, statistics.median(cpus)]]


def p95(values: Any) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


def measure(url: str) -> Measured:
    """Simulate the patients for WINDOW_S; returns the durations of all responses."""
    measured: Measured = defaultdict(list)
    until = time.monotonic() + WINDOW_S

    def patient() -> None:
        while time.monotonic() < until:
            browser = Browser(url)
            browser.listen(lambda answer: record(measured, answer))
            browser.fill_in("/forms/pre_screening", PRE_SCREENING)
            browser.fill_in("/forms/evaluation_request", REQUEST)
            browser.fill_in("/forms/medical_form", MEDICAL)
            browser.open("/case")

    threads = [threading.Thread(target=patient) for _ in range(PATIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return measured


def record(measured: Measured, answer: requests.Response) -> None:
    durations = dict(re.findall(r"(\w+);dur=([0-9.]+)", answer.headers.get("Server-Timing", "")))
    page = re.sub(r"/\d+$", "", answer.request.path_url)
    measured[f"{answer.request.method} {page}"].append(
        (float(durations["total"]), float(durations["engine"]), float(durations["cpu"]))
    )


@contextmanager
def platform_up() -> Iterator[dict[str, Any]]:
    """Start a platform that sends the header Server-Timing, and stop it afterwards."""
    folder = RUN / "bench-pages"
    environment = {**os.environ, "CORONACARE_FOLDER": str(folder), "CORONACARE_WEBAPP__SERVER_TIMING": "true"}
    state = folder / "state.json"
    state.unlink(missing_ok=True)
    up = subprocess.Popen([sys.executable, "-m", "stack", "up"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + READY_TIMEOUT_S
        while not is_up(state) and up.poll() is None and time.monotonic() < deadline:
            time.sleep(0.5)
        yield json.loads(state.read_text())
    finally:
        up.terminate()
        up.wait(60)


def is_up(state: Path) -> bool:
    try:
        return request("GET", json.loads(state.read_text())["webapp"] + "/healthz", timeout=5).ok
    except (FileNotFoundError, requests.ConnectionError):
        return False


if __name__ == "__main__":
    main()
