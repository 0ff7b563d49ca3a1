"""/readyz of the workers: the services that their lanes need, and refused passwords and API keys."""

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
    """The problems of these lanes if all their services are at this URL."""
    parts = {part: {"url": url} for part in ("engine", "lab", "government", "sms")}
    settings = config.load(**parts, mail={"username": "coronacare", "port": free_port()})
    return find_problems(create_checks(settings, lanes, create_task_client(settings, "w-1")))


def test_each_refused_password_and_api_key_is_a_problem() -> None:
    with serving(lambda call: Reply(401, b"{}")) as url:
        assert problems(list(LANES), url) == [
            "engine: GET /count: the engine refuses engine.username or engine.password (401)",
            "sms: sms refuses the API key of sms.api_key (401)",
            "lab: lab refuses the API key of lab.api_key (401)",
            "government: government refuses the API key of government.api_key (401)",
        ]


def test_unreachable_services_are_no_problem_of_the_workers() -> None:
    with serving(lambda call: Reply(200, b"{}") if "engine-rest" in call.path else Reply(503, b"{}")) as url:
        assert problems(list(LANES), url) == []


def test_a_lane_checks_only_its_own_services() -> None:
    with serving(lambda call: Reply(200, b"{}") if "engine-rest" in call.path else Reply(401, b"{}")) as url:
        assert problems(["kpi"], url) == []
