"""`make up` as a user has it: a part is killed, and everything goes on by itself; nothing that was accepted is lost."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from config.settings import ROOT
from processes.engine import Engine
from stack.browser import Browser
from tests.support.case import NO_SYMPTOMS, WITH_COUGH, CaseUnderTest, eventually
from tests.support.platform import own_environment
from tests.support.work import Work, deploy
from tests.support.working import working
from workers.runtime import topic

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return own_environment(tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def own(environment: dict[str, str]) -> Iterator[dict[str, Any]]:
    """A platform of our own, started as `make up` does; what its state.json says."""
    output = (Path(environment["CORONACARE_FOLDER"]) / "output").open("w+")
    up = subprocess.Popen([sys.executable, "-m", "stack", "up"], cwd=ROOT, env=environment, stdout=output)
    eventually(lambda: "Ctrl-C" in Path(output.name).read_text() or up.poll() is not None, within_s=90)
    assert up.poll() is None, Path(output.name).read_text()
    yield read_state(environment)
    left = list(read_state(environment)["processes"].values())
    subprocess.run([sys.executable, "-m", "stack", "down"], cwd=ROOT, env=environment, check=True, timeout=90)
    assert up.wait(30) == 0
    assert [pid for pid in left if is_running(pid)] == []
    assert not state_file(environment).exists()
    output.close()


def state_file(environment: dict[str, str]) -> Path:
    return Path(environment["CORONACARE_FOLDER"]) / "state.json"


def read_state(environment: dict[str, str]) -> dict[str, Any]:
    return json.loads(state_file(environment).read_text())


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def kill(environment: dict[str, str], part: str, how: signal.Signals = signal.SIGKILL) -> int:
    """Kill a part; returns its process id."""
    pid = read_state(environment)["processes"][part]
    os.kill(pid, how)
    return pid


def started_again(environment: dict[str, str], part: str, old: int) -> None:
    eventually(lambda: read_state(environment)["processes"][part] != old, f"{part} was not started again")


def test_only_its_owner_can_read_addresses_and_passwords(own: dict[str, Any], environment: dict[str, str]) -> None:
    assert stat.S_IMODE(state_file(environment).stat().st_mode) == 0o600
    assert {"admin", "doctor", "medical_team", "contact_tracer", "process_manager"} <= set(own["accounts"])


def test_a_second_one_is_refused(own: dict[str, Any], environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "stack", "up"]
    second = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (second.returncode, second.stdout.strip()) == (1, "it is up already; `make down` ends it")


def test_deploying_what_has_not_changed_deploys_nothing(own: dict[str, Any], environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "stack", "deploy"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "nothing has changed since the last deployment"


def test_the_lab_dies_and_the_case_goes_on_when_it_is_back(own: dict[str, Any], environment: dict[str, str]) -> None:
    case = CaseUnderTest(own).starts(WITH_COUGH)
    case.requests_evaluation()
    old = kill(environment, "lab")
    case.fills_in_medical_form()
    case.waits_for("medical_visit")
    started_again(environment, "lab", old)
    assert case.incidents() == []


def test_the_workers_die_and_their_tasks_are_taken_over(own: dict[str, Any], environment: dict[str, str]) -> None:
    case = CaseUnderTest(own).starts(WITH_COUGH)
    case.requests_evaluation()
    old = kill(environment, "workers")
    case.fills_in_medical_form()
    case.is_visited(finding="negative")
    case.waits_for("doctor_report")
    started_again(environment, "workers", old)


def test_workers_that_are_asked_to_end_leave_nothing_locked(own: dict[str, Any], environment: dict[str, str]) -> None:
    cases = [CaseUnderTest(own).starts({**NO_SYMPTOMS, "breathless": True}) for _ in range(10)]
    began = time.monotonic()
    old = kill(environment, "workers", signal.SIGTERM)
    eventually(lambda: not is_running(old) or is_zombie(old), "the workers did not end", within_s=10)
    assert time.monotonic() - began < 10
    admin = Engine(own["engine"], "admin", own["accounts"]["admin"]["password"])
    assert admin.get("/external-task/count", locked=True)["count"] == 0
    for case in cases:
        case.ends()


def test_the_engine_dies_and_no_accepted_case_is_lost(own: dict[str, Any], environment: dict[str, str]) -> None:
    accepted = [CaseUnderTest(own).starts(WITH_COUGH) for _ in range(20)]
    last = CaseUnderTest(own).starts(WITH_COUGH)
    old = kill(environment, "engine")
    # and everything goes on when the engine is back
    started_again(environment, "engine", old)
    eventually(lambda: answers(own), within_s=60)
    for case in [*accepted, last]:
        case.waits_for("evaluation_request")


def test_the_engine_dies_while_handlers_run_and_none_is_repeated(
    own: dict[str, Any], environment: dict[str, str]
) -> None:
    work, calls, goes_on = Work(own), [], threading.Event()
    deploy(work.engine)

    @topic(work.topic)
    def handle() -> None:
        calls.append(1)
        goes_on.wait(120)

    work.starts(3)
    # their locks run out long before the engine is back
    with working(**work.worker, functions=[handle], slots=2, lock_s=3):
        eventually(lambda: len(calls) == 2)
        old = kill(environment, "engine")
        started_again(environment, "engine", old)
        eventually(lambda: answers(own), within_s=60)
        goes_on.set()
        eventually(lambda: work.left() == 0)
    assert len(calls) == 3


def test_answers_that_could_not_be_sent_stay_on_the_page(own: dict[str, Any], environment: dict[str, str]) -> None:
    browser = Browser(own["webapp"])
    page = browser.open("/pre-screening")
    old = kill(environment, "engine")
    filled = {**NO_SYMPTOMS, "breathless": True, "breathless_since": "2020-03-20"}
    page = browser.send(page, filled)
    page = browser.send(page, filled)
    # said in words, and nothing has to be typed again
    assert page.status == 503
    assert "Not sent yet" in page.text("main")
    assert page.content.select_one("[name=weight_kg]")["value"] == "70"
    started_again(environment, "engine", old)
    eventually(lambda: answers(own), within_s=60)
    assert browser.send(page, filled).heading == "Your case"


def answers(own: dict[str, Any]) -> bool:
    """Whether the engine answers: 401, for nothing is open without signing in."""
    try:
        return requests.get(own["engine"] + "/engine-rest/engine", timeout=10).status_code == 401
    except requests.ConnectionError:
        return False


def is_zombie(pid: int) -> bool:
    """Ended, and its parent has yet to take note."""
    shown = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return shown.stdout.strip().startswith("Z")
