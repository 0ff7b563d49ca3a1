"""The system under test: a platform whose services record their requests, and whose killed parts are restarted."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from config.settings import Retries, Settings, environment_name
from stack.parts import Part, list_local_parts
from stack.platform import Platform
from tests.faults.ledger_middleware import FOLDER
from tests.faults.link import Link
from tests.faults.links import Links
from tests.support.case import eventually
from tests.support.own_platform import is_engine_up
from tests.support.platform import running_platform, without_settings

# every sample is positive, so that each case takes the longest path; kits and capacity suffice for all
SETTINGS = {
    "CORONACARE_LAB__POSITIVE_SHARE": "1",
    "CORONACARE_LAB__CAPACITY": "1000",
    "CORONACARE_LAB__KITS": "1000000",
    # the lease of a worker that died during an erasure or a delivery expires soon
    "CORONACARE_WORKERS__LEASE_S": "20",
    **{
        environment_name("retries", queue, name): span
        for queue in Retries.model_fields
        for name, span in {"first": "PT1S", "longest": "PT5S"}.items()
    },
}


@dataclass(frozen=True)
class SystemUnderTest:
    """A running platform.

    Attributes:
        folder: of its logs, data and ledgers.
        parts: by name.
        links: proxies between two parts, by the names of the caller and the called part.
        environment: the environment variables with its settings.
    """

    platform: Platform
    folder: Path
    parts: Mapping[str, Part]
    links: Mapping[tuple[str, str], Link]
    environment: dict[str, str]

    @property
    def state(self) -> dict[str, Any]:
        """URLs, accounts and keys of the platform, as in .run/state.json."""
        return self.platform.state

    @property
    def ledgers(self) -> Path:
        return self.folder / "ledgers"

    @property
    def logs(self) -> Path:
        return self.folder / "log"

    def kill(self, *parts: str) -> None:
        """Kill parts; the supervisor restarts each."""
        for part in parts:
            eventually(lambda part=part: self._is_killed(part), f"{part} doesn't run")

    def _is_killed(self, part: str) -> bool:
        """Kill a part; returns False if its process has already ended and isn't restarted yet."""
        try:
            os.kill(self.state["processes"][part], signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def wait_for_engine(self) -> float:
        """Wait until an engine answers; returns how long it took, in seconds."""
        began = time.monotonic()
        eventually(lambda: is_engine_up(self.state["engine"]), "the engine doesn't come back", within_s=120)
        return time.monotonic() - began

    def wait_until_up(self, *nodes: str) -> None:
        """Wait until each of these engines answers."""
        for node in nodes:
            eventually(lambda url=self.parts[node].url: is_engine_up(url), f"{node} doesn't come back", within_s=120)

    @contextmanager
    def in_use(self) -> Iterator[SystemUnderTest]:
        """Set the environment variables of this platform within the context."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "environ", dict(self.environment))
            yield self


@contextmanager
def running_system(
    folder: Path, nodes: int = 1, with_workers: bool = True, **environment: str
) -> Iterator[SystemUnderTest]:
    """Start a platform with a supervisor and with links between its parts; stop it at the end.

    Args:
        nodes: number of engines on one database.
        with_workers: whether it includes the workers; without them, a test starts its own fleet.
        environment: settings in addition to the usual ones of tests.
    """
    (folder / "ledgers").mkdir()
    links = Links()
    by_name: dict[str, Part] = {}

    def parts(settings: Settings, secrets: dict[str, str], data: Path) -> list[Part]:
        all_parts = links.between([_with_ledger(part) for part in list_local_parts(settings, secrets, data)], settings)
        if nodes > 1:
            all_parts = links.before_nodes(all_parts, nodes)
        by_name.update({part.name: part for part in all_parts})
        return [part for part in all_parts if with_workers or part.name != "workers"]

    with pytest.MonkeyPatch.context() as patch:
        own = {**SETTINGS, **environment, FOLDER: str(folder / "ledgers")}
        patch.setattr(os, "environ", {**without_settings(os.environ), **own})
        with links, running_platform(folder, parts=parts) as platform:
            supervision = threading.Thread(target=platform.watch)
            supervision.start()
            yield SystemUnderTest(platform, folder, by_name, links.all, dict(os.environ))
            platform.request_stop()
            supervision.join()


def _with_ledger(part: Part) -> Part:
    own = {f"services.{part.name}.wsgi:application": f"tests.faults.ledger_middleware:{part.name}"}
    return replace(part, command=[own.get(word, word) for word in part.command])
