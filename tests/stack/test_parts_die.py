"""`make up` as a user has it: a part is killed, and everything goes on by itself; nothing that was accepted is lost."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
import threading
from typing import Any

import pytest
import requests

from camunda7.worker import topic
from config.settings import ROOT
from processes.engine import Engine
from tests.support.case import NO_SYMPTOMS, WITH_COUGH, CaseUnderTest, eventually
from tests.support.own_platform import answers, is_running, kill, started_again, state_file
from tests.support.work import Work, deploy
from tests.support.working import working

pytestmark = pytest.mark.engine


def test_only_its_owner_can_read_addresses_and_passwords(own: dict[str, Any], environment: dict[str, str]) -> None:
    assert stat.S_IMODE(state_file(environment).stat().st_mode) == 0o600
    assert {"admin", "doctor", "medical_team", "contact_tracer", "process_manager"} <= set(own["accounts"])


def test_as_it_is_served_by_https(own: dict[str, Any]) -> None:
    answer = requests.get(own["engine"] + "/camunda/app/tasklist/default/", timeout=10)
    cookies = answer.raw.headers.getlist("Set-Cookie")
    assert [cookie.partition("=")[0] for cookie in cookies] == ["JSESSIONID", "XSRF-TOKEN"]
    assert all("; secure" in cookie.lower().replace(";secure", "; secure") for cookie in cookies)
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]


def test_a_second_one_is_refused(own: dict[str, Any], environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "stack", "up"]
    second = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (second.returncode, second.stdout.strip()) == (1, "the platform is already running; `make down` stops it")


def test_deploying_what_has_not_changed_deploys_nothing(own: dict[str, Any], environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "stack", "deploy"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "no change since the last deployment"


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
    old = kill(environment, "workers", signal.SIGTERM)
    eventually(lambda: not is_running(old) or is_zombie(old), "the workers did not end")
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
    eventually(lambda: answers(own["engine"]))
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
        eventually(lambda: answers(own["engine"]))
        goes_on.set()
        eventually(lambda: work.left() == 0)
    assert len(calls) == 3


def is_zombie(pid: int) -> bool:
    """Ended, and its parent has yet to take note."""
    shown = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return shown.stdout.strip().startswith("Z")
