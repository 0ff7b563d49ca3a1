"""Readiness of the platform's parts; a wrong password for the engine is reported as such at each check."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from camunda7.engine import SignInRefused
from camunda7.worker import TaskClient
from processes.engine import Engine

pytestmark = pytest.mark.engine
WRONG_PASSWORD = "wrong"


@pytest.mark.parametrize("part", ["webapp", "workers"])
def test_a_part_is_ready(state: dict[str, Any], part: str) -> None:
    answer = requests.get(state[part] + "/readyz", timeout=30)
    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_a_wrong_password_of_the_web_application_is_reported_as_such(state: dict[str, Any]) -> None:
    engine = Engine(state["engine"], "webapp", WRONG_PASSWORD)
    for _ in range(3):
        with pytest.raises(SignInRefused, match=r"the engine refuses engine\.username or engine\.password \(401\)"):
            engine.check("/process-definition/key/corona_care", 10)


def test_a_wrong_password_of_the_workers_is_reported_as_such(state: dict[str, Any]) -> None:
    client = TaskClient("w-1", state["engine"], "workers", WRONG_PASSWORD, lock_s=20, long_poll_s=1)
    for _ in range(3):
        with pytest.raises(SignInRefused, match=r"the engine refuses engine\.username or engine\.password \(401\)"):
            client.check(10)
