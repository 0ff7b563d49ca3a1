"""H2's file doesn't grow with whatever was ever written into it: what is no longer used is used again."""

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
from tests.faults.ground import Ground
from tests.faults.run import scaled
from tests.support.case import NO_SYMPTOMS, eventually
from tests.support.disk import Disk

pytestmark = [pytest.mark.engine, pytest.mark.verify]

CASES = scaled(80, 800)
# what is no longer used is kept for a while
KEPT_S = 6


@pytest.fixture
def engine(ground: Ground) -> Iterator[Engine]:
    """With workers at it."""
    who = ground.state["accounts"]["admin"]
    with Fleet(ground.parts["workers"], 1, ground.logs):
        yield Engine(ground.state["engine"], who["username"], who["password"])


def come_and_go(engine: Engine) -> None:
    """As many cases as there are start and end."""
    policy = config.load().policy.model_dump()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: start_case(engine, new_reference(), NO_SYMPTOMS, policy), range(CASES)))
    running = {"processDefinitionKey": Process.CORONA_CARE, "unfinished": True}
    eventually(
        lambda: not engine.post("/history/process-instance/count", running)["count"], "a case goes on", within_s=120
    )
    time.sleep(KEPT_S)


def test_the_embedded_database_uses_its_space_again(ground: Ground, engine: Engine, disks: dict[str, Disk]) -> None:
    [file] = disks["engine"].folder.glob("*.mv.db")
    come_and_go(engine)
    before, written_before = file.stat().st_size, written_by(ground.state["processes"]["engine"])
    come_and_go(engine)
    grew, written = file.stat().st_size - before, written_by(ground.state["processes"]["engine"]) - written_before
    print(f"{written >> 20} MB written; the file grew by {grew >> 20} MB")
    assert grew < written / 4


def written_by(process: int) -> int:
    """Bytes that a process has written so far, most of them into the database's file."""
    [line] = [line for line in Path(f"/proc/{process}/io").read_text().splitlines() if line.startswith("wchar")]
    return int(line.split()[1])
