"""One platform for the whole run; tests keep apart by case reference."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from xdist.scheduler import LoadScopeScheduling

from config.settings import environment_name
from records import database
from records.access import Access
from records.seal import Seal
from services.database import open_database
from services.lab.models import MODELS
from tests.support.case import CaseUnderTest
from tests.support.chromium import PHONE, launched
from tests.support.platform import platform_up, secrets_of_run

LAST = "test_diagram_coverage.py"
OWN = ("tests/stack/", "tests/faults/")


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The platform, up: what .run/state.json says of it."""
    folder: Path = tmp_path_factory.mktemp("platform")
    with platform_up(folder) as platform:
        yield platform.state


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def new_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a page with cookies of its own: on a phone, without JavaScript, unless told otherwise.

    None may try what its Content-Security-Policy refuses.
    """
    contexts, refused = [], []

    def open_page(viewport: dict[str, int] = PHONE, javascript: bool = False, locale: str = "en-US") -> Page:
        context = chromium.new_context(viewport=viewport, java_script_enabled=javascript, locale=locale)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", lambda said: refused.append(said.text) if "Content Security Policy" in said.text else None)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert refused == []


@pytest.fixture
def case(state: dict[str, Any]) -> CaseUnderTest:
    """A case that hasn't started yet."""
    return CaseUnderTest(state)


@pytest.fixture
def records(state: dict[str, Any]) -> Iterator[None]:
    """The records' tables, as the platform's parts write them."""
    database.open(os.environ[environment_name("records", "database_url")])
    with database.database.connection_context():
        yield
    database.database.close()


@pytest.fixture
def access(records: None) -> Access:
    """What opens cases, as the web application has it."""
    return Access(Seal(secrets_of_run()["records_secret_key"]))


@pytest.fixture
def lab_database(state: dict[str, Any]) -> Iterator[None]:
    """The lab's tables, as the lab writes them."""
    lab = open_database(os.environ[environment_name("lab", "database_url")])
    with lab.bind_ctx(MODELS), lab.connection_context():
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What was never visited is known when all else has run."""
    items.sort(key=lambda item: item.path.name == LAST)


class Sides(LoadScopeScheduling):
    """Two workers: one runs the tests that share the platform, the other those that have platforms of their own."""

    def _split_scope(self, nodeid: str) -> str:
        return "own" if nodeid.startswith(OWN) else "shared"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Sides | None:
    return Sides(config, log) if config.getoption("dist") == "loadscope" else None
