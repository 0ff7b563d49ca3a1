"""One platform for all tests that can share it; they keep apart by case reference."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from xdist.scheduler import LoadScopeScheduling

from config.settings import environment_name
from hosting.databases import connect_to
from records import database
from records.access import Access
from records.cipher import Cipher
from services.lab.models import MODELS
from tests.support.accounts import platform_with_provider, starts_with_provider
from tests.support.case import CaseUnderTest
from tests.support.chromium import PHONE, launch_chromium
from tests.support.leftovers import cleanup_if_killed
from tests.support.platform import SHARED, read_secrets, shared_platform

OWN_PLATFORMS = ("tests/stack/", "tests/faults/")
# starts platforms of its own, and may run beside the one of tests/stack/
DEMO = "tests/stack/test_demo.py"
PROXIES = ("http_proxy", "https_proxy", "all_proxy")
# the tests' own requests are for servers on loopback, which a proxy of the environment doesn't reach
for _name in [name for name in os.environ if name.lower() in PROXIES]:
    del os.environ[_name]


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """State of the shared platform, as state.json holds it; starts one where tests/run.py hasn't."""
    if SHARED in os.environ:
        yield json.loads((Path(os.environ[SHARED]) / "state.json").read_text())
        return
    folder: Path = tmp_path_factory.mktemp("platform")
    if starts_with_provider():
        with platform_with_provider(folder) as described:
            yield described
        return
    with shared_platform(folder) as platform:
        yield platform.state


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with launch_chromium() as browser:
        yield browser


@pytest.fixture
def new_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a page with cookies of its own: on a phone, without JavaScript, unless specified otherwise.

    None may try what its Content-Security-Policy refuses.
    """
    contexts, refused = [], []

    def open_page(viewport: dict[str, int] = PHONE, javascript: bool = False, locale: str = "en-US") -> Page:
        context = chromium.new_context(viewport=viewport, java_script_enabled=javascript, locale=locale)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
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
    return Access(Cipher(read_secrets()["records_secret_key"]))


@pytest.fixture
def lab_database(state: dict[str, Any]) -> Iterator[None]:
    """The lab's tables, as the lab writes them."""
    lab = connect_to(os.environ[environment_name("lab", "database_url")])
    with lab.bind_ctx(MODELS), lab.connection_context():
        yield


def pytest_configure(config: pytest.Config) -> None:
    run = ExitStack()
    run.enter_context(cleanup_if_killed())
    config.add_cleanup(run.close)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(OWN_PLATFORMS):
            item.add_marker(pytest.mark.own_platform)


class PlatformScheduling(LoadScopeScheduling):
    """One process runs the tests of each folder that has a platform of its own.

    xdist's own groups (`--dist loadgroup`) have no effect with pytest 9.2: it no longer reads `Item._nodeid`.
    """

    def _split_scope(self, nodeid: str) -> str:
        return next(path for path in (DEMO, *OWN_PLATFORMS) if nodeid.startswith(path))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> PlatformScheduling | None:
    return PlatformScheduling(config, log) if config.getoption("dist") == "loadscope" else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how long the tests of each folder took, set-up of their fixtures included."""
    took: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                took[report.nodeid.partition("::")[0].rpartition("/")[0]] += report.duration
    for folder, seconds in took.most_common():
        terminalreporter.write_line(f"{folder:<24} {seconds:6.1f} s")
