"""A lane of the workers runs as a process of its own, and stops on SIGTERM."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from config.settings import ROOT, environment_name
from tests.support.case import NO_SYMPTOMS, CaseUnderTest, eventually
from tests.support.ports import free_port


@pytest.fixture
def environment(state: dict[str, Any]) -> dict[str, str]:
    admin = state["accounts"]["admin"]
    return {
        **os.environ,
        environment_name("engine", "username"): admin["username"],
        environment_name("engine", "password"): admin["password"],
        environment_name("workers", "url"): f"http://127.0.0.1:{free_port()}",
        "PYTHONUNBUFFERED": "1",
    }


def test_a_lane_runs_alone_and_stops_on_sigterm(
    state: dict[str, Any], environment: dict[str, str], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with log.open("w") as output:
        lane = subprocess.Popen([sys.executable, "-m", "workers", "kpi"], cwd=ROOT, env=environment, stderr=output)
    # this lane and the platform's workers fetch tasks of the same topic; some go to this lane
    for _ in range(15):
        CaseUnderTest(state).start({**NO_SYMPTOMS, "breathless": True})
    eventually(lambda: "complete topic=kpi.record_case case=C-" in log.read_text())

    lane.send_signal(signal.SIGTERM)

    assert lane.wait(10) == 0
    assert "lab." not in log.read_text()
    assert "Traceback" not in log.read_text()


def test_an_unknown_lane_is_refused_by_name(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "workers", "labs"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip() == "no such lane: labs; there are patient, lab, doctor, government, kpi, erasure"
