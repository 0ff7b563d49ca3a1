"""The front (HAProxy) forwards only the paths that patients and staff need."""

from __future__ import annotations

import http.client
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from config import settings as config
from config.settings import Front
from stack.parts import inherited_environment, list_parts
from tests.support.case import eventually
from tests.support.platform import read_secrets
from tests.support.ports import free_port
from tests.support.prometheus import MONITORING
from tests.support.servers import is_up

pytestmark = pytest.mark.engine

REST_API_PATHS = [
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
    """Status of a request for the path as it is: HTTP libraries would normalize it."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=10)
    connection.putrequest("GET", path)
    connection.endheaders()
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.fixture(scope="module")
def front(state: dict[str, Any]) -> Iterator[Front]:
    """A front of this module's own for the platform's web application and engine."""
    own = {"url": f"http://127.0.0.1:{free_port()}", "metrics_url": f"http://127.0.0.1:{free_port()}"}
    settings = config.load(front=own)
    [part] = [part for part in list_parts(settings, read_secrets(), Path()) if part.name == "front"]
    process = subprocess.Popen(part.command, env={**inherited_environment(), **part.environment})
    try:
        eventually(lambda: is_up(part.url), "the front doesn't answer")
        yield settings.front
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.parametrize("path", REST_API_PATHS)
def test_the_rest_api_is_not_forwarded(state: dict[str, Any], front: Front, path: str) -> None:
    # control: the engine itself asks for a sign-in
    assert status_of(state["engine"], "/engine-rest/engine") == 401
    assert status_of(front.url, path) == 404


def test_the_metrics_are_on_a_port_of_their_own(front: Front) -> None:
    for path in ("/metrics", "/%6detrics", "/%6D%65trics", "//metrics/", "/./metrics"):
        assert status_of(front.url, path) in (404, 308), path
    assert status_of(front.metrics_url, "/") == 404
    page = requests.get(f"{front.metrics_url}/metrics", timeout=10).text
    exported = set(re.findall(r"^haproxy_\w+", page, re.MULTILINE))
    used = {name for file in MONITORING.rglob("*.*") for name in re.findall(r"haproxy_\w+", file.read_text())}
    assert used
    assert used <= exported


@pytest.mark.parametrize("path", ["/", "/forms/symptoms_worsened", "/staff/sign-in", "/camunda/app/tasklist/default/"])
def test_all_pages_have_one_address(front: Front, path: str) -> None:
    assert status_of(front.url, path) == 200


@pytest.mark.parametrize(("headers", "secure"), [({}, False), ({"X-Forwarded-Proto": "https"}, True)])
def test_the_cookie_that_names_the_engine_is_secure_by_https(
    front: Front, headers: dict[str, str], secure: bool
) -> None:
    answer = requests.get(f"{front.url}/camunda/app/tasklist/default/", headers=headers, timeout=30)
    [cookie] = [each for each in answer.raw.headers.getlist("Set-Cookie") if each.startswith("ENGINE=")]
    assert ("Secure" in cookie.split("; ")) == secure
