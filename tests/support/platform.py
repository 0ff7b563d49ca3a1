"""The whole platform for the tests: the same parts as `make up`, on free ports and empty data, with a quick lab."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from config.settings import PREFIX, environment_name
from stack.platform import Platform
from tests.support.ports import free_port
from tests.support.postgresql import postgresql

# names the folder of the platform that tests/run.py has started
SHARED = "SHARED_PLATFORM"
QUICK = {
    ("lab", "kits"): "10000",
    ("lab", "turnaround_s"): "[0.1, 0.3]",
    ("lab", "capacity"): "50",
    ("workers", "feed_interval_s"): "0.2",
    ("workers", "outbox_interval_s"): "0.2",
    ("workers", "erasure_interval_s"): "0.5",
    ("workers", "lock_s"): "5",
    ("retries", "erasures", "first"): "PT0.5S",
    ("retries", "erasures", "longest"): "PT5S",
    # all tests come from one address
    ("webapp", "sign_in_attempts_per_address"): "10000",
    ("policy", "kit_asked_again_after"): "PT2S",
}
# an engine that lives for minutes spends half of its time in a compiler that pays off in hours
BRIEF_JVM = {"JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1"}


def own_environment(folder: Path) -> dict[str, str]:
    """What `python -m stack` is told to run beside other runs: its folder, free ports, a quick lab."""
    return {**without_settings(os.environ), **_settings(), environment_name("folder"): str(folder)}


def without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment without what the platform is told by it."""
    return {name: value for name, value in environment.items() if not name.startswith(PREFIX)}


@contextmanager
def platform_up(folder: Path, **options: Any) -> Iterator[Platform]:
    """Bring everything up in this folder, as the environment says where it does; everything has ended afterwards.

    Args:
        options: more of Platform's arguments.
    """
    told = {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}
    # not compressed: whoever searches its bytes for a patient's words finds those that are there
    engine = f"jdbc:h2:file:{folder}/data/engine;WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE"
    own = {environment_name("engine", "database_url"): engine}
    os.environ.update({**_settings(), **own, **told, environment_name("folder"): str(folder)})
    platform = Platform(folder, folder / "data", print, **options)
    platform.up()
    try:
        yield platform
    finally:
        platform.down()


@contextmanager
def shared_platform(folder: Path) -> Iterator[Platform]:
    """The platform that most tests share, on PostgreSQL; those that stop and restart parts run on H2 and SQLite."""
    with postgresql() as server:
        os.environ.update(server.settings)
        with platform_up(folder) as platform:
            yield platform


def secrets_of_run() -> dict[str, str]:
    """Passwords and keys of the platform that is up, by name."""
    return json.loads((Path(os.environ[environment_name("folder")]) / "secrets.json").read_text())


def _settings() -> dict[str, str]:
    quick = {environment_name(*path): value for path, value in QUICK.items()}
    parts = ("engine", "webapp", "lab", "government", "sms", "workers")
    urls = {environment_name(part, "url"): f"http://127.0.0.1:{free_port()}" for part in parts}
    return {**BRIEF_JVM, **quick, **urls, environment_name("mail", "port"): str(free_port())}
