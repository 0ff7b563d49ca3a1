"""`make demo`: the pilot replayed, its KPIs beside the slides' figures, some open cases, and a tour."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from stack.browser import signed_in_manager
from stack.pilot import Pilot, PilotError
from stack.platform import Platform
from stack.replay import Replay, Walk

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


# the SMS gateway of the demo knows no number that begins so
UNREACHABLE = {
    "name": "Toni Nowhere",
    "phone": "000 123 456",
    "relation": "friend",
    "last_exposure_date": "2020-03-22",
    "exposure": "close",
}


class Demo:
    """Shows the platform at work.

    Args:
        pilot: the patients to replay.
        report: where to write the figures as JSON, or None.
        history_weeks: how many weeks of invented cases the managers' pages may show beside the pilot.
    """

    PILOT = Path(__file__).with_name("pilot.yaml")

    def __init__(
        self, platform: Platform, pilot: Pilot, report: Path | None, history_weeks: int, say: Callable[[str], None]
    ):
        self._platform = platform
        self._pilot = pilot
        self._report = report
        self._history_weeks = history_weeks
        self._say = say
        self._opened: dict[str, str] = {}

    def replay(self) -> bool:
        """Replay the pilot and show its KPIs; returns whether everything came out as its file says."""
        replay = Replay(self._platform.state, self._platform.pause)
        began = time.monotonic()
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        console, total = Console(), len(self._pilot.patients)
        with Progress(*columns, console=console) as progress:
            bar = progress.add_task("replaying the pilot", total=total)

            def show(done: int) -> None:
                progress.update(bar, completed=done)
                # a log has no bar to watch
                if not console.is_terminal and done % 10 == 0:
                    self._say(f"{done} of {total} patients")

            results = replay.all(self._pilot.patients, show)
        self._say(f"{len(results)} patients replayed in {time.monotonic() - began:.0f} s")
        figures = self._figures(len(results))
        self._show(figures)
        if self._report:
            self._report.write_text(json.dumps(figures, indent=2) + "\n")
        wrong = [
            f"{result.patient}: ended as {result.outcome}, not as the file says"
            for result in results
            if not result.as_expected
        ]
        wrong += [
            f"{LABELS[name]}: {figures[name]}, the file expects {value}"
            for name, value in self._pilot.expected.items()
            if round(figures[name] or 0, 2) != value
        ]
        for line in wrong:
            self._say(line)
        return not wrong

    def add_history(self) -> None:
        """Add invented cases of the last weeks, which the managers' pages show when they are asked to."""
        command = [sys.executable, "-m", "records", "invent", str(self._history_weeks)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise PilotError(f"invented history: {done.stderr.strip()}")
        self._say(f"{done.stdout.strip()} over {self._history_weeks} weeks for the managers' charts")

    def open_cases(self) -> None:
        """Leave some cases open at interesting steps."""
        self._say("leaving some cases open to look at …")
        replay = Replay(self._platform.state, self._platform.pause)
        positive = next(
            p for p in self._pilot.patients if p.get("lab_result") == "positive" and "lab_correction" not in p
        )
        numbers = itertools.count(901)

        def walk(what: str, **changed: Any) -> Walk:
            walk = Walk(replay, {**positive, **changed}, next(numbers))
            self._opened[what] = walk.reference
            return walk

        walk("a visit due").to_form("medical_visit")
        walk("a report due").to_form("doctor_report")
        walk("contacts to name").to_form("close_contacts")
        walk("another sample to take, the first gave no result", lab_result="inconclusive").to_form("medical_visit", 2)
        nobody = [{"had_contacts": "yes", "close_contacts": [UNREACHABLE]}]
        walk("a contact to call, no message reached them", close_contacts=nobody).to_form("contact_call")
        walk("a corrected result to report on", lab_result="negative", lab_correction="positive").to_form(
            "doctor_report", 2
        )
        late = walk("a late result, chased", lab_result="never")
        late.to_step("Task_WaitForTestResult")
        late.has_timer_fire("Event_ResultLate")
        # a barcode that the lab knows already: the order is refused, which raises an incident
        visit = [{**positive["medical_visit"][0], "sample_barcode": late.barcode}]
        walk("an incident", medical_visit=visit).to_step("Task_OrderLabTest")
        self._use_up_kits(replay)
        walk("a shortage of test kits").to_step("Gateway_WaitForKit")

    def _use_up_kits(self, replay: Replay) -> None:
        """Other towns take what the laboratory has left."""
        left = replay.at_lab("GET", "/v1/stock", {})["kits"]
        for number in range(left):
            body = {"case_reference": f"ELSEWHERE-{number}", "sample_number": 1, "priority": 40}
            replay.at_lab("POST", "/v1/kits/reservations", body)

    def tour(self) -> None:
        """Say where to look."""
        state = self._platform.state
        accounts = state["accounts"]
        self._say("\nCases that stand open:")
        for what, case_reference in self._opened.items():
            self._say(f"  {case_reference}  {what}")
        self._say("\nA tour in three steps:")
        self._say(f"  1. Be a patient: {state['webapp']}/ and start the pre-screening.")
        self._say(f"  2. Be a doctor: {state['staff']}/camunda/app/tasklist/default/ as {_sign_in(accounts['doctor'])}")
        self._say("     and claim a report; as " + _sign_in(accounts["medical_team"]) + " a visit,")
        self._say("     as " + _sign_in(accounts["contact_tracer"]) + " a contact to call.")
        self._say(f"  3. Be a manager: {state['staff']}/camunda/app/cockpit/default/ as")
        shown = "?history=included" if self._history_weeks else ""
        self._say(f"     {_sign_in(accounts['process_manager'])}; who waits: {state['webapp']}/staff/now{shown}")
        self._say(f"     the KPIs: {state['webapp']}/staff/kpis{shown}")

    def _figures(self, cases: int) -> dict[str, Any]:
        """The KPIs as a process manager reads them on the web."""
        manager = signed_in_manager(self._platform.state)
        found = {key: figure["value"] for key, figure in manager.read_json("/staff/kpis.json").items()}
        closed = found["closed"]
        if closed != cases:
            raise PilotError(f"{cases} cases closed, but the KPIs know {closed}")
        return {
            "closed": closed,
            **{name: found[name] for name in ("positive", "negative", "other", "ratings", "mean_feedback")},
            "cycle_time_s": found["cycle_time_mean"],
        }

    def _show(self, figures: dict[str, Any]) -> None:
        table = Table("KPI", "This replay", "The slides")
        for name, label in LABELS.items():
            table.add_row(label, _shown(figures[name], "none yet"), _shown(SLIDES[name], "not given"))
        console = Console()
        console.print(table)
        console.print(NOTE)


def _shown(value: float | None, otherwise: str) -> str:
    if value is None:
        return otherwise
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _sign_in(account: dict[str, str]) -> str:
    return f"{account['username']} / {account['password']}"
