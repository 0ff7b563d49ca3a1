"""The grounds of the faults; what one is told is in the environment only while a test uses it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from config.settings import environment_name
from tests.faults.ground import Ground, ground_in
from tests.support.disk import Disk, disk_at
from tests.support.postgresql import Server, postgresql


@pytest.fixture(scope="session")
def disks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Disk]]:
    """What the engine and the records of `ground` keep their data on."""
    folder = tmp_path_factory.mktemp("disks")
    with ExitStack() as mounted:
        yield {name: mounted.enter_context(disk_at(folder / name)) for name in ("engine", "records")}


@pytest.fixture(scope="session")
def ground_on_h2(tmp_path_factory: pytest.TempPathFactory, disks: dict[str, Disk]) -> Iterator[Ground]:
    engine = f"jdbc:h2:file:{disks['engine'].folder}/engine;WRITE_DELAY=0;COMPRESS=TRUE;DB_CLOSE_ON_EXIT=FALSE"
    databases = {
        environment_name("engine", "database_url"): engine,
        environment_name("records", "database_url"): f"sqlite:///{disks['records'].folder}/records.db",
    }
    with ground_in(tmp_path_factory.mktemp("faults"), with_workers=False, **databases) as ground:
        yield ground


@pytest.fixture
def ground(ground_on_h2: Ground) -> Iterator[Ground]:
    """On H2, without workers: a test has its own."""
    with ground_on_h2.in_use():
        yield ground_on_h2


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The database server of `cluster`."""
    with postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def cluster_on_postgresql(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Iterator[Ground]:
    # an engine wakes up the polls that wait at it, and not those that wait at another
    poll = {environment_name("workers", "long_poll_s"): "2"}
    with ground_in(tmp_path_factory.mktemp("cluster"), nodes=2, **server.settings, **poll) as ground:
        yield ground


@pytest.fixture
def cluster(cluster_on_postgresql: Ground) -> Iterator[Ground]:
    """Two engines on one PostgreSQL server, behind one address: the first that answers is asked."""
    with cluster_on_postgresql.in_use():
        yield cluster_on_postgresql
