"""The platform in Docker: `make docker-test`. The tests run in this order, on one platform."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
import requests

from tests.docker.compose import Compose, temporary_project
from tests.support.case import eventually

WITHIN_S = 120


@pytest.fixture(scope="module")
def compose(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compose]:
    with temporary_project(Compose(tmp_path_factory.mktemp("docker"))) as compose:
        yield compose


def status_of(url: str) -> int:
    try:
        return requests.get(url, timeout=10).status_code
    except requests.RequestException:
        return 0


def count_closed(compose: Compose) -> str:
    """The number of closed cases, as `status` shows it."""
    [line] = [line for line in compose("run", "--rm", "status", check=False).splitlines() if "Closed cases" in line]
    return re.sub(r"\D", "", line)


def test_one_command_builds_and_starts_everything(compose: Compose) -> None:
    began = time.monotonic()
    compose("up", "--build", "--detach")
    compose.wait_until_healthy()
    print(f"built, and healthy after {time.monotonic() - began:.0f} s")
    assert status_of(f"{compose.url}/") == 200


def test_the_pilot_is_replayed(compose: Compose) -> None:
    assert "33 patients replayed" in compose("run", "--rm", "demo")
    assert count_closed(compose) == "33"


def test_staff_sign_in_and_cookies_have_their_attributes(compose: Compose) -> None:
    session = compose.sign_in("doctor")
    filters = session.get(f"{compose.url}/camunda/api/engine/engine/default/filter", timeout=30).json()
    assert "My tasks" in {each["name"] for each in filters}
    # without the XSRF token
    refused = requests.post(
        f"{compose.url}/camunda/api/admin/auth/user/default/login/tasklist",
        data={"username": "doctor", "password": "x"},
        timeout=30,
    )
    [cookie] = [each for each in refused.raw.headers.getlist("Set-Cookie") if each.startswith("JSESSIONID")]
    assert refused.status_code == 403
    assert {"httponly", "samesite=lax"} <= {part.strip().lower() for part in cookie.split(";")}


def test_an_unchanged_deployment_deploys_nothing(compose: Compose) -> None:
    assert "no change since the last deployment" in compose("run", "--rm", "deployment")


def test_a_wrong_password_makes_a_part_unhealthy(compose: Compose) -> None:
    compose("up", "--detach", "--no-deps", "webapp", WEBAPP_PASSWORD="planted-by-a-test")
    eventually(lambda: [each["Health"] for each in compose.containers("webapp")] == ["unhealthy"], within_s=300)
    compose("up", "--detach", "--no-deps", "webapp")
    compose.wait_until_healthy("webapp")


def test_the_front_follows_a_recreated_web_application(compose: Compose) -> None:
    """Its address changes."""
    compose("up", "--detach", "--no-deps", "--force-recreate", "webapp")
    eventually(lambda: status_of(f"{compose.url}/") == 200, within_s=WITHIN_S)


def test_the_front_starts_without_the_parts_behind_it(compose: Compose) -> None:
    compose("stop", "webapp", "engine")
    compose("restart", "front")
    compose.wait_until_healthy("front")
    assert status_of(f"{compose.url}/") == 503
    compose("start", "engine", "webapp")
    eventually(lambda: status_of(f"{compose.url}/") == 200, within_s=WITHIN_S)
    compose.wait_until_healthy()
    compose.sign_in("doctor")


def test_a_stopped_engine_has_ended_by_itself(compose: Compose) -> None:
    compose("stop", "engine")
    assert '"ExitCode":137' not in compose("ps", "--all", "--format", "json", "engine")
    compose("start", "engine")
    compose.wait_until_healthy("engine")


def test_killed_containers_come_back_with_their_data(compose: Compose) -> None:
    for service in sorted({each["Service"] for each in compose.containers()}):
        compose("kill", service)
        compose("up", "--detach", "--no-build")
        compose.wait_until_healthy()
    assert status_of(f"{compose.url}/") == 200
    assert count_closed(compose) == "33"


def test_parts_run_several_times(compose: Compose) -> None:
    scale = ("--scale", "workers=3", "--scale", "webapp=2", "--scale", "engine=2")
    compose("up", "--detach", "--no-build", "--no-recreate", *scale)
    compose.wait_until_healthy()
    assert [len(compose.containers(name)) for name in ("workers", "webapp", "engine")] == [3, 2, 2]
    # let the front resolve the new names
    time.sleep(15)
    # sessions of Tasklist are in the memory of one engine
    for _ in range(5):
        session = compose.sign_in("doctor")
        for _ in range(5):
            filters = session.get(f"{compose.url}/camunda/api/engine/engine/default/filter", timeout=30)
            assert filters.status_code == 200
    assert {status_of(f"{compose.url}/") for _ in range(20)} == {200}
    compose("up", "--detach", "--no-build", "--scale", "workers=1", "--scale", "webapp=1", "--scale", "engine=1")


def test_data_outlive_down_and_up(compose: Compose) -> None:
    compose("down")
    compose("up", "--detach")
    compose.wait_until_healthy()
    assert count_closed(compose) == "33"
