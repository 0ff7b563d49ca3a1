"""The systems under test; the settings of one are in the environment only while a test uses it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from config.settings import environment_name
from tests.faults.system import SystemUnderTest, running_system
from tests.support.disk import Disk, disk_at
from tests.support.postgresql import Server, postgresql


@pytest.fixture(scope="session")
def disks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Disk]]:
    """The disks with the databases of the engine and the records of `system`."""
    folder = tmp_path_factory.mktemp("disks")
    with ExitStack() as mounted:
        yield {name: mounted.enter_context(disk_at(folder / name)) for name in ("engine", "records")}


@pytest.fixture(scope="session")
def system_on_h2(tmp_path_factory: pytest.TempPathFactory, disks: dict[str, Disk]) -> Iterator[SystemUnderTest]:
    engine = f"jdbc:h2:file:{disks['engine'].folder}/engine;WRITE_DELAY=0;COMPRESS=TRUE;DB_CLOSE_ON_EXIT=FALSE"
    databases = {
        environment_name("engine", "database_url"): engine,
        environment_name("records", "database_url"): f"sqlite:///{disks['records'].folder}/records.db",
    }
    with running_system(tmp_path_factory.mktemp("faults"), with_workers=False, **databases) as system:
        yield system


@pytest.fixture
def system(system_on_h2: SystemUnderTest) -> Iterator[SystemUnderTest]:
    """A platform on H2, without workers: each test starts its own fleet."""
    with system_on_h2.in_use():
        yield system_on_h2


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The database server of `cluster`."""
    with postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def cluster_on_postgresql(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Iterator[SystemUnderTest]:
    # an engine ends only the long polls that wait at itself when a task arrives, not those at the other engine
    poll = {environment_name("workers", "long_poll_s"): "2"}
    with running_system(tmp_path_factory.mktemp("cluster"), nodes=2, **server.settings, **poll) as system:
        yield system


@pytest.fixture
def cluster(cluster_on_postgresql: SystemUnderTest) -> Iterator[SystemUnderTest]:
    """Two engines on one PostgreSQL server behind one address, which leads to the first reachable one."""
    with cluster_on_postgresql.in_use():
        yield cluster_on_postgresql
