"""The runtime on the real engine, with handlers of the tests' own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.proxy import Proxy, proxy_to
from tests.support.work import Work, deploy


@pytest.fixture(scope="session")
def with_diagram(state: dict[str, Any]) -> dict[str, Any]:
    """The platform, with the diagram of these tests."""
    deploy(Work(state).engine)
    return state


@pytest.fixture
def work(with_diagram: dict[str, Any]) -> Work:
    return Work(with_diagram)


@pytest.fixture
def troubled(with_diagram: dict[str, Any]) -> Iterator[tuple[Work, Proxy]]:
    """Work whose worker reaches the engine through a proxy that makes trouble."""
    with proxy_to(with_diagram["engine"]) as (proxy, url):
        yield Work(with_diagram, url), proxy
