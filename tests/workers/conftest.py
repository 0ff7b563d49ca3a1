"""Fixtures for tests of the worker runtime on the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.external_tasks import ExternalTasks, deploy
from tests.support.proxy import Proxy, proxy_to


@pytest.fixture(scope="session")
def platform_with_diagram(state: dict[str, Any]) -> dict[str, Any]:
    """The state of the shared platform, with the diagram of these tests deployed."""
    deploy(ExternalTasks(state).engine)
    return state


@pytest.fixture
def work(platform_with_diagram: dict[str, Any]) -> ExternalTasks:
    return ExternalTasks(platform_with_diagram)


@pytest.fixture
def proxied_work(platform_with_diagram: dict[str, Any]) -> Iterator[tuple[ExternalTasks, Proxy]]:
    """Work whose worker reaches the engine through a proxy that injects faults."""
    with proxy_to(platform_with_diagram["engine"]) as (proxy, url):
        yield ExternalTasks(platform_with_diagram, url), proxy
