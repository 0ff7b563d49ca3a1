"""What stands before the platform lets through what it should, and nothing else."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

import pytest

from stack.platform import Platform

pytestmark = pytest.mark.engine

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


@pytest.mark.parametrize("path", ["/", "/forms/symptoms_worsened", "/staff/sign-in", "/camunda/app/tasklist/default/"])
def test_everybody_finds_their_pages_at_one_address(platform: Platform, path: str) -> None:
    assert status_of(platform.state["webapp"], path) == 200
