"""/readyz of the workers: what the lanes of a process need, and who refuses its password or key."""

from __future__ import annotations

import pytest

from config import settings as config
from hosting.readiness import find_problems
from tests.support.ports import free_port
from tests.support.serving import Reply, serving
from workers.__main__ import create_checks, create_task_client
from workers.lanes import LANES

pytestmark = pytest.mark.usefixtures("records")


def problems(lanes: list[str], url: str) -> list[str]:
    """What is wrong when all that these lanes need is at this URL."""
    parts = {part: {"url": url} for part in ("engine", "lab", "government", "sms")}
    settings = config.load(**parts, mail={"username": "coronacare", "port": free_port()})
    return find_problems(create_checks(settings, lanes, create_task_client(settings, "w-1")))


def test_each_password_and_key_that_is_refused_is_named() -> None:
    with serving(lambda call: Reply(401, b"{}")) as url:
        assert problems(list(LANES), url) == [
            "engine: GET /count: the engine refuses engine.username or engine.password (401)",
            "sms: sms refuses the API key of sms.api_key (401)",
            "lab: lab refuses the API key of lab.api_key (401)",
            "government: government refuses the API key of government.api_key (401)",
        ]


def test_services_and_a_mail_server_that_are_away_are_no_problem_of_the_workers() -> None:
    with serving(lambda call: Reply(200, b"{}") if "engine-rest" in call.path else Reply(503, b"{}")) as url:
        assert problems(list(LANES), url) == []


def test_a_lane_needs_only_its_own_services() -> None:
    with serving(lambda call: Reply(200, b"{}") if "engine-rest" in call.path else Reply(401, b"{}")) as url:
        assert problems(["kpi"], url) == []
