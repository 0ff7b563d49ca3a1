"""One platform for the whole run; tests keep apart by case reference."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.case import CaseUnderTest
from tests.support.platform import platform_up

LAST = "test_diagram_coverage.py"


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The platform, up: what .run/state.json says of it."""
    folder: Path = tmp_path_factory.mktemp("platform")
    with platform_up(folder) as platform:
        yield platform.state


@pytest.fixture
def case(state: dict[str, Any]) -> CaseUnderTest:
    """A case that hasn't started yet."""
    return CaseUnderTest(state)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What was never visited is known when all else has run."""
    items.sort(key=lambda item: item.path.name == LAST)
