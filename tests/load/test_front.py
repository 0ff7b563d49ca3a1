"""What stands before the platform lets through what it should, and nothing else."""

from __future__ import annotations

import http.client
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from config import settings as config
from stack.platform import Platform
from tests.support.case import eventually
from tests.support.prometheus import MONITORING, prometheus

pytestmark = pytest.mark.engine

# at once, where one page at a time is let in
MANY = 20

DETOURS = [
    "/engine-rest/engine",
    "/engine-rest",
    "//engine-rest/engine",
    "/./engine-rest/engine",
    "/%65ngine-rest/engine",
    "/camunda/../engine-rest/engine",
    "/camunda/%2e%2e/engine-rest/engine",
    "/camunda/..%2fengine-rest/engine",
    "/camunda/..;/engine-rest/engine",
    "/camunda/x/../../engine-rest/engine",
    "/camunda//../engine-rest/engine",
    "/staff/../engine-rest/engine",
    "/camunda/..%5cengine-rest/engine",
]


def status_of(url: str, path: str) -> int:
    """The answer to a path as it stands: libraries would tidy it up."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=10)
    connection.putrequest("GET", path)
    connection.endheaders()
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize("path", DETOURS)
def test_the_rest_api_is_not_reached(platform: Platform, path: str) -> None:
    # where it is reached, it asks who one is
    assert status_of(platform.state["engine"], "/engine-rest/engine") == 401
    assert status_of(platform.state["webapp"], path) == 404


def test_how_it_does_is_not_told_there(platform: Platform) -> None:
    assert status_of(platform.state["webapp"], "/metrics") == 404
    url = config.load().front.metrics_url
    assert status_of(url, "/") == 404
    told = set(re.findall(r"^haproxy_\w+", requests.get(f"{url}/metrics", timeout=10).text, re.MULTILINE))
    asked = {name for file in MONITORING.rglob("*.*") for name in re.findall(r"haproxy_\w+", file.read_text())}
    assert asked
    assert asked <= told


def test_whoever_runs_it_learns_that_many_are_sent_away(platform: Platform, tmp_path: Path) -> None:
    begin = f"{platform.state['webapp']}/forms/pre_screening"

    def many_come() -> bool:
        with ThreadPoolExecutor(MANY) as visitors:
            list(visitors.map(lambda _: requests.get(begin, timeout=30), range(10 * MANY)))
        return server.firing() == {"ManySentAway"}

    with prometheus(tmp_path, {"front": config.load().front.metrics_url}) as server:
        assert server.firing() == set()
        eventually(many_come, "nobody is told", within_s=60)
        eventually(lambda: not server.firing(), "it doesn't clear", within_s=60)


@pytest.mark.parametrize("path", ["/", "/forms/symptoms_worsened", "/staff/sign-in", "/camunda/app/tasklist/default/"])
def test_everybody_finds_their_pages_at_one_address(platform: Platform, path: str) -> None:
    assert status_of(platform.state["webapp"], path) == 200
