"""Where faults happen: a platform whose servers keep ledgers and whose parts may be killed and are started again."""

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
from tests.faults.ledgered import FOLDER
from tests.faults.link import Link
from tests.faults.links import Links
from tests.support.case import eventually
from tests.support.own_platform import answers
from tests.support.platform import platform_up, without_settings

# every sample is positive: its case takes the longest path
PLENTY = {
    "CORONACARE_LAB__POSITIVE_SHARE": "1",
    "CORONACARE_LAB__CAPACITY": "1000",
    "CORONACARE_LAB__KITS": "1000000",
    # of a worker that died over an erasure or a message
    "CORONACARE_WORKERS__LEASE_S": "20",
    **{
        environment_name("retries", queue, name): span
        for queue in Retries.model_fields
        for name, span in {"first": "PT1S", "longest": "PT5S"}.items()
    },
}


@dataclass(frozen=True)
class Ground:
    """A platform, up.

    Attributes:
        folder: of its logs, data and ledgers.
        parts: what runs, by name.
        links: what stands between a part and another, by both names.
        environment: what its settings are read from.
    """

    platform: Platform
    folder: Path
    parts: Mapping[str, Part]
    links: Mapping[tuple[str, str], Link]
    environment: dict[str, str]

    @property
    def state(self) -> dict[str, Any]:
        """Where everything is, as .run/state.json says."""
        return self.platform.state

    @property
    def ledgers(self) -> Path:
        return self.folder / "ledgers"

    @property
    def logs(self) -> Path:
        return self.folder / "log"

    def kill(self, *parts: str) -> None:
        """Kill parts; each is started again by itself."""
        for part in parts:
            eventually(lambda part=part: self._is_killed(part), f"{part} doesn't run")

    def _is_killed(self, part: str) -> bool:
        """Kill it, unless it is to be started again just now."""
        try:
            os.kill(self.state["processes"][part], signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def engine_after(self) -> float:
        """Wait until an engine answers; returns how long it took, in seconds."""
        began = time.monotonic()
        eventually(lambda: answers(self.state["engine"]), "the engine doesn't come back", within_s=120)
        return time.monotonic() - began

    def wait_until_up(self, *nodes: str) -> None:
        """Wait until each of these engines answers."""
        for node in nodes:
            eventually(lambda url=self.parts[node].url: answers(url), f"{node} doesn't come back", within_s=120)

    @contextmanager
    def in_use(self) -> Iterator[Ground]:
        """Settings are this platform's."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "environ", dict(self.environment))
            yield self


@contextmanager
def ground_in(folder: Path, nodes: int = 1, with_workers: bool = True, **environment: str) -> Iterator[Ground]:
    """Bring a platform up whose parts are watched over, with links between them.

    Args:
        nodes: how many engines there are, on one database.
        with_workers: whether the workers are a part of it; a test may have a fleet of its own.
        environment: what it is told beside the tests' usual settings.
    """
    (folder / "ledgers").mkdir()
    links = Links()
    made: dict[str, Part] = {}

    def parts(settings: Settings, secrets: dict[str, str], data: Path) -> list[Part]:
        all_parts = links.between([_ledgered(part) for part in list_local_parts(settings, secrets, data)], settings)
        if nodes > 1:
            all_parts = links.before_nodes(all_parts, nodes)
        made.update({part.name: part for part in all_parts})
        return [part for part in all_parts if with_workers or part.name != "workers"]

    with pytest.MonkeyPatch.context() as patch:
        told = {**PLENTY, **environment, FOLDER: str(folder / "ledgers")}
        patch.setattr(os, "environ", {**without_settings(os.environ), **told})
        with links, platform_up(folder, parts=parts) as platform:
            watching = threading.Thread(target=platform.watch)
            watching.start()
            yield Ground(platform, folder, made, links.all, dict(os.environ))
            platform.request_stop()
            watching.join()


def _ledgered(part: Part) -> Part:
    own = {f"services.{part.name}.wsgi:application": f"tests.faults.ledgered:{part.name}"}
    return replace(part, command=[own.get(word, word) for word in part.command])
