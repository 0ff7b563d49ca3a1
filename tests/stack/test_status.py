"""Page, CSV, JSON, Prometheus and terminal show the same figures; `make status` fails when something is wrong."""

from __future__ import annotations

import csv
import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from camunda7.forms.browser import Browser, Page, PageRefused
from config.settings import ROOT
from stack.demo import Demo
from stack.pilot import Pilot, today_in
from stack.replay import Replay
from tests.support.case import NO_SYMPTOMS, CaseUnderTest, eventually
from tests.support.managers import signed_in_manager
from tests.support.own_platform import kill, read_state, wait_for_restart
from tests.support.pilot import totals

pytestmark = pytest.mark.engine
LONG = bool(os.environ.get("LOAD"))
Figures = dict[str, dict[str, Any]]
# a negative, a positive whose contact is called, and one whose negative result is corrected
SAMPLE = ("Ada Lindqvist", "Ines Romero", "Keiko Tanaka")


def run_status(environment: dict[str, str]) -> tuple[int, str]:
    """Run `make status`; returns its exit status and its output."""
    wide = {**environment, "COLUMNS": "200"}
    command = [sys.executable, "-m", "stack", "status"]
    done = subprocess.run(command, cwd=ROOT, env=wide, capture_output=True, text=True, check=False, timeout=60)
    assert done.stderr == ""
    return done.returncode, done.stdout


@contextmanager
def paused(environment: dict[str, str], part: str) -> Iterator[None]:
    """Pause a part with SIGSTOP."""
    process = read_state(environment)["processes"][part]
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


@pytest.fixture
def manager(own: dict[str, Any], environment: dict[str, str]) -> Browser:
    try:
        return signed_in_manager(own)
    except PageRefused as refused:
        refused.add_note((Path(environment["CORONACARE_FOLDER"]) / "log" / "webapp.log").read_text()[-2000:])
        raise


def figures(manager: Browser) -> Figures:
    return manager.read_json("/staff/kpis.json")


def increases(before: Figures, after: Figures, keys: Iterable[str]) -> dict[str, float]:
    """The increase of each of these figures."""
    return {key: (after[key]["value"] or 0) - (before[key]["value"] or 0) for key in keys}


def read_kpis(page: Page) -> Iterator[tuple[str, str]]:
    """Yield names and texts of the KPIs in the page's tables: of a duration there are three in a row."""
    for table in page.content.select("table:has(thead)"):
        headings = [cell.get_text(" ", strip=True) for cell in table.select("thead th")]
        for row in table.select("tbody tr") if headings[0] == "KPI" else []:
            name = row.th.summary.get_text(" ", strip=True)
            # without target and course
            for heading, cell in zip(headings[1:-2], row.select("td")[:-2], strict=True):
                # without what a link to the cases adds for screen readers
                text = cell.get_text("|", strip=True).partition("|")[0]
                yield name if heading == "Value" else f"{name}, {heading.lower()}", text


def test_all_outputs_show_the_same_figures_of_the_pilot(
    own: dict[str, Any], environment: dict[str, str], manager: Browser
) -> None:
    patients = [each for each in Pilot.read(Demo.PILOT, today_in("UTC")).patients if LONG or each["patient"] in SAMPLE]
    CaseUnderTest(own).start({**NO_SYMPTOMS, "breathless": True}).wait_for_end()
    before = figures(manager)

    replayed = Replay(own).replay_all(patients, lambda done: None)

    assert [each.patient for each in replayed if not each.is_expected] == []
    expected = totals(patients)
    eventually(lambda: increases(before, figures(manager), expected) == expected)
    by_json = manager.read_json("/staff/kpis.json")
    texts = {figure["kpi"]: figure["text"] for figure in by_json.values()}
    # the page
    assert dict(read_kpis(manager.open("/staff/kpis?first=&last="))) == texts
    # the CSV
    answer = manager.open("/staff/kpis.csv").content.get_text()
    assert {row["kpi"]: row["text"] for row in csv.DictReader(io.StringIO(answer))} == texts
    # Prometheus
    families = text_string_to_metric_families(requests.get(own["webapp"] + "/metrics", timeout=10).text)
    samples = {each.labels["kpi"]: each.value for family in families for each in family.samples if "kpi" in each.labels}
    assert samples == {key: figure["value"] for key, figure in by_json.items() if figure["value"] is not None}
    # the terminal
    code, printed = run_status(environment)
    lines = [[cell.strip() for cell in line.strip("│").split("│")] for line in printed.splitlines() if "│" in line]
    assert {line[0]: line[1] for line in lines if line[0] in texts} == texts
    assert code == 0, printed


def test_it_fails_on_an_incident_and_on_a_killed_part(own: dict[str, Any], environment: dict[str, str]) -> None:
    case = CaseUnderTest(own)
    with paused(environment, "workers"):
        case.start({**NO_SYMPTOMS, "breathless": True})
        # the task that the paused workers have fetched is unlocked, and another worker reports an incident
        [task] = eventually(lambda: case.admin.get("/external-task", processInstanceId=case.instance_id, locked=True))
        path = f"/external-task/{task['id']}"
        case.admin.post(f"{path}/unlock")
        case.admin.post(f"{path}/lock", {"workerId": "w", "lockDuration": 60_000})
        # during the retry timeout, the paused workers, which still have the task, can't extend its lock
        failed = {"workerId": "w", "errorMessage": "no", "retries": 0, "retryTimeout": 10_000}
        case.admin.post(f"{path}/failure", failed)
    # the page's figures may be some seconds old
    eventually(lambda: "Incidents: 1." in run_status(environment)[1], lambda: run_status(environment)[1])
    assert run_status(environment)[0] == 1
    case.admin.put(f"{path}/retries", {"retries": 1})
    case.wait_for_end()
    eventually(lambda: run_status(environment)[0] == 0)
    old = kill(environment, "engine")
    code, printed = run_status(environment)
    assert (code, "doesn't answer" in printed) == (1, True), printed
    wait_for_restart(environment, "engine", old)


def test_it_fails_without_a_platform(environment: dict[str, str], tmp_path: Any) -> None:
    code, printed = run_status({**environment, "CORONACARE_FOLDER": str(tmp_path)})
    assert (code, printed) == (2, "the platform isn't running: start it with `make up`\n")
