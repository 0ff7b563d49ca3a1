"""A platform of one's own, whose servers keep ledgers and whose workers are a fleet that may be killed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings
from stack.parts import Part, parts_of
from tests.faults.ledgered import FOLDER
from tests.support.platform import platform_up

QUICK = {
    # every sample is positive: its case goes the longest road
    "CORONACARE_LAB__POSITIVE_SHARE": "1",
    "CORONACARE_LAB__CAPACITY": "1000",
    "CORONACARE_LAB__KITS": "1000000",
}


@dataclass(frozen=True)
class Ground:
    """Where faults happen.

    Attributes:
        state: where everything is, as .run/state.json says.
        workers: the part that a fleet is made of.
        ledgers: folder of the servers' ledgers.
    """

    state: dict[str, Any]
    workers: Part
    folder: Path

    @property
    def ledgers(self) -> Path:
        return self.folder / "ledgers"


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("faults")
    (folder / "ledgers").mkdir()
    workers: list[Part] = []

    def parts(settings: Settings, secrets: dict[str, str], data: Path) -> list[Part]:
        made = parts_of(settings, secrets, data)
        workers.extend(part for part in made if part.name == "workers")
        return [_ledgered(part) for part in made if part.name != "workers"]

    with pytest.MonkeyPatch.context() as patch:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CORONACARE_")}
        patch.setattr(os, "environ", {**clean, **QUICK, FOLDER: str(folder / "ledgers")})
        with platform_up(folder, parts=parts) as platform:
            yield Ground(platform.state, workers[0], folder)


def _ledgered(part: Part) -> Part:
    own = {f"services.{part.name}.wsgi:application": f"tests.faults.ledgered:{part.name}"}
    return replace(part, command=[own.get(word, word) for word in part.command])
