"""`make up`: parts that are killed are restarted, and no accepted work is lost."""

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
from tests.support.external_tasks import ExternalTasks, deploy
from tests.support.own_platform import is_engine_up, is_running, kill, state_file, wait_for_restart
from tests.support.running_worker import running_worker

pytestmark = pytest.mark.engine


def test_only_its_owner_can_read_addresses_and_passwords(own: dict[str, Any], environment: dict[str, str]) -> None:
    assert stat.S_IMODE(state_file(environment).stat().st_mode) == 0o600
    assert {"admin", "doctor", "medical_team", "contact_tracer", "process_manager"} <= set(own["accounts"])


def test_with_https_cookies_are_secure_and_hsts_is_sent(own: dict[str, Any]) -> None:
    answer = requests.get(own["engine"] + "/camunda/app/tasklist/default/", timeout=10)
    cookies = answer.raw.headers.getlist("Set-Cookie")
    assert [cookie.partition("=")[0] for cookie in cookies] == ["JSESSIONID", "XSRF-TOKEN"]
    assert all("; secure" in cookie.lower().replace(";secure", "; secure") for cookie in cookies)
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]


def test_a_second_platform_in_the_same_folder_is_refused(own: dict[str, Any], environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "stack", "up"]
    second = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (second.returncode, second.stdout.strip()) == (1, "the platform is already running; `make down` stops it")


def test_unchanged_files_are_not_deployed_again(own: dict[str, Any], environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "stack", "deploy"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "no change since the last deployment"


def test_a_case_continues_after_the_lab_was_killed(own: dict[str, Any], environment: dict[str, str]) -> None:
    case = CaseUnderTest(own).start(WITH_COUGH)
    case.request_evaluation()
    old = kill(environment, "lab")
    case.fill_in_medical_form()
    case.wait_for_task("medical_visit")
    wait_for_restart(environment, "lab", old)
    assert case.incidents() == []


def test_tasks_are_executed_after_the_workers_were_killed(own: dict[str, Any], environment: dict[str, str]) -> None:
    case = CaseUnderTest(own).start(WITH_COUGH)
    case.request_evaluation()
    old = kill(environment, "workers")
    case.fill_in_medical_form()
    case.record_visit(finding="negative")
    case.wait_for_task("doctor_report")
    wait_for_restart(environment, "workers", old)


def test_terminated_workers_leave_no_lock(own: dict[str, Any], environment: dict[str, str]) -> None:
    cases = [CaseUnderTest(own).start({**NO_SYMPTOMS, "breathless": True}) for _ in range(10)]
    old = kill(environment, "workers", signal.SIGTERM)
    eventually(lambda: not is_running(old) or is_zombie(old), "the workers did not end")
    admin = Engine(own["engine"], "admin", own["accounts"]["admin"]["password"])
    assert admin.get("/external-task/count", locked=True)["count"] == 0
    for case in cases:
        case.wait_for_end()


def test_no_accepted_case_is_lost_when_the_engine_is_killed(own: dict[str, Any], environment: dict[str, str]) -> None:
    accepted = [CaseUnderTest(own).start(WITH_COUGH) for _ in range(20)]
    last = CaseUnderTest(own).start(WITH_COUGH)
    old = kill(environment, "engine")
    wait_for_restart(environment, "engine", old)
    eventually(lambda: is_engine_up(own["engine"]))
    for case in [*accepted, last]:
        case.wait_for_task("evaluation_request")


def test_handlers_that_run_while_the_engine_is_killed_are_not_repeated(
    own: dict[str, Any], environment: dict[str, str]
) -> None:
    work, calls, resume = ExternalTasks(own), [], threading.Event()
    deploy(work.engine)

    @topic(work.topic)
    def handle() -> None:
        calls.append(1)
        resume.wait(120)

    work.start(3)
    # their locks expire long before the engine answers again
    with running_worker(**work.worker, functions=[handle], slots=2, lock_s=3):
        eventually(lambda: len(calls) == 2)
        old = kill(environment, "engine")
        wait_for_restart(environment, "engine", old)
        eventually(lambda: is_engine_up(own["engine"]))
        resume.set()
        eventually(lambda: work.count_open() == 0)
    assert len(calls) == 3


def is_zombie(pid: int) -> bool:
    """Whether a process has ended and its parent hasn't waited for it yet."""
    shown = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return shown.stdout.strip().startswith("Z")
