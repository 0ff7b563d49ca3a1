"""H2's file stays bounded under many writes, because it reuses the space of deleted data."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config import settings as config
from processes.cases import new_reference, start_case
from processes.elements import Process
from processes.engine import Engine
from tests.faults.fleet import Fleet
from tests.faults.run import scaled
from tests.faults.system import SystemUnderTest
from tests.support.case import NO_SYMPTOMS, eventually
from tests.support.disk import Disk

pytestmark = [pytest.mark.engine, pytest.mark.verify]

CASES = scaled(80, 800)
# H2 keeps unused chunks for a retention time before it reuses them
RETENTION_S = 6


@pytest.fixture
def engine(system: SystemUnderTest) -> Iterator[Engine]:
    """The engine with running workers."""
    admin = system.state["accounts"]["admin"]
    with Fleet(system.parts["workers"], 1, system.logs):
        yield Engine(system.state["engine"], admin["username"], admin["password"])


def run_cases(engine: Engine) -> None:
    """Start CASES cases, and wait until they have ended and H2 may reuse their space."""
    policy = config.load().policy.model_dump()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: start_case(engine, new_reference(), NO_SYMPTOMS, policy), range(CASES)))
    running = {"processDefinitionKey": Process.CORONA_CARE, "unfinished": True}
    eventually(
        lambda: not engine.post("/history/process-instance/count", running)["count"], "a case doesn't end", within_s=120
    )
    time.sleep(RETENTION_S)


def test_the_embedded_database_reuses_its_space(
    system: SystemUnderTest, engine: Engine, disks: dict[str, Disk]
) -> None:
    [file] = disks["engine"].folder.glob("*.mv.db")
    run_cases(engine)
    before, written_before = file.stat().st_size, count_written(system.state["processes"]["engine"])
    run_cases(engine)
    grew, written = file.stat().st_size - before, count_written(system.state["processes"]["engine"]) - written_before
    print(f"{written >> 20} MB written; the file grew by {grew >> 20} MB")
    assert grew < written / 4


def count_written(process: int) -> int:
    """Bytes that a process has written, most of them to the database's file."""
    [line] = [line for line in Path(f"/proc/{process}/io").read_text().splitlines() if line.startswith("wchar")]
    return int(line.split()[1])
