"""The grounds of the faults; what one is told is in the environment only while a test uses it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from config.settings import environment_name
from tests.faults.ground import Ground, ground_in
from tests.support.postgresql import postgresql


@pytest.fixture(scope="session")
def ground_on_h2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground_in(tmp_path_factory.mktemp("faults"), with_workers=False) as ground:
        yield ground


@pytest.fixture
def ground(ground_on_h2: Ground) -> Iterator[Ground]:
    """On H2, without workers: a test has its own."""
    with ground_on_h2.in_use():
        yield ground_on_h2


@pytest.fixture(scope="session")
def cluster_on_postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("cluster")
    # an engine wakes up the polls that wait at it, and not those that wait at another
    poll = {environment_name("workers", "poll_s"): "2"}
    with postgresql(folder) as server, ground_in(folder, nodes=2, **server.settings, **poll) as ground:
        yield ground


@pytest.fixture
def cluster(cluster_on_postgresql: Ground) -> Iterator[Ground]:
    """Two engines on one PostgreSQL server, behind one address: the first that answers is asked."""
    with cluster_on_postgresql.in_use():
        yield cluster_on_postgresql
