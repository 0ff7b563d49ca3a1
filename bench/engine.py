"""The engine of the benchmark: the platform's jar with an in-memory database, so that the disk has no influence."""

from __future__ import annotations

import os
import secrets
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import requests

from camunda7.engine import EngineError, NotFound
from processes.engine import Engine

ROOT = Path(__file__).parent.parent
# another jar, such as that of the version before, and another database, such as PostgreSQL, to compare with
JAR = Path(os.environ.get("JAR", ROOT / "engine" / "target" / "extracted" / "engine.jar"))
DATABASE_URL = os.environ.get("DATABASE_URL", "jdbc:h2:mem:bench;DB_CLOSE_ON_EXIT=FALSE")
DIAGRAM = ROOT / "bench" / "bench.bpmn"
TOPIC = "bench.work"
READY_TIMEOUT_S = 120
FILL_BATCH_SIZE = 250
USERNAME, PASSWORD = "admin", secrets.token_urlsafe(15)


class BenchEngine:
    """A running engine, and the tasks that wait in it."""

    def __init__(self, url: str):
        self.url = url
        self._engine = Engine(url, USERNAME, PASSWORD, timeout_s=120)

    def deploy(self) -> None:
        self._engine.upload("/deployment/create", {"deployment-name": "bench"}, {"bench.bpmn": DIAGRAM.read_bytes()})

    def fill(self, tasks: int) -> None:
        """Create tasks until this number waits, all unlocked."""
        self.unlock_all()
        missing = tasks - self.waiting()
        while missing > 0:
            count = min(missing, FILL_BATCH_SIZE)
            variables = {"tasks": count, "sample_number": 7}
            values = {name: {"value": value, "type": "Integer"} for name, value in variables.items()}
            self._engine.post("/process-definition/key/bench_fill/start", {"variables": values})
            missing -= count

    def waiting(self) -> int:
        """Return the number of tasks that aren't completed."""
        return self._engine.get("/external-task/count", topicName=TOPIC)["count"]

    def lock(self, tasks: int, worker: str) -> list[str]:
        """Lock this number of tasks in batches of 50; returns their ids."""
        topic = {"topicName": TOPIC, "lockDuration": 600_000, "variables": ["sample_number"]}
        body = {"workerId": worker, "maxTasks": 50, "usePriority": True, "topics": [topic]}
        ids: list[str] = []
        while len(ids) < tasks:
            ids += [task["id"] for task in self._engine.post("/external-task/fetchAndLock", body)]
        return ids

    def unlock_all(self) -> None:
        """Unlock all tasks, repeatedly: a killed peer leaves locked tasks, and a poll that may lock more."""
        while locked := self._engine.get("/external-task", locked=True, topicName=TOPIC):
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(self._unlock, locked))
            time.sleep(0.3)

    def _unlock(self, task: dict[str, Any]) -> None:
        with suppress(NotFound):
            self._engine.post(f"/external-task/{task['id']}/unlock")


@contextmanager
def engine_up(folder: Path, port: int) -> Iterator[BenchEngine]:
    """Start an engine, and stop it afterwards."""
    environment = {
        **os.environ,
        "ENGINE_PORT": str(port),
        "ENGINE_DATABASE_URL": DATABASE_URL,
        "ENGINE_ADMIN_USER": USERNAME,
        "ENGINE_ADMIN_PASSWORD": PASSWORD,
    }
    with (folder / "engine.log").open("w") as log:
        command = ["java", "-Xmx2g", "-jar", str(JAR)]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        engine = BenchEngine(f"http://127.0.0.1:{port}")
        _wait_until_ready(engine)
        engine.deploy()
        yield engine
    finally:
        process.terminate()
        process.wait(30)


def _wait_until_ready(engine: BenchEngine) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            engine.waiting()
            return
        except (EngineError, requests.RequestException):
            time.sleep(0.3)
    raise SystemExit(f"the engine did not start in {READY_TIMEOUT_S} s")
