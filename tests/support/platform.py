"""The platform under test: the parts of `make up` on free ports, with empty databases and short intervals."""

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

# environment variable with the folder of the platform that tests/run.py has started
SHARED = "SHARED_PLATFORM"
FAST_SETTINGS = {
    ("lab", "kits"): "10000",
    ("lab", "turnaround_s"): "[0.1, 0.3]",
    ("lab", "capacity"): "50",
    ("workers", "erasure_interval_s"): "0.5",
    ("workers", "lock_s"): "5",
    ("retries", "erasures", "first"): "PT0.5S",
    ("retries", "erasures", "longest"): "PT5S",
    # all tests have one client address
    ("webapp", "sign_in_attempts_per_address"): "10000",
    ("webapp", "paper_checks_per_address"): "10000",
    ("policy", "kit_asked_again_after"): "PT2S",
}
# only the C1 compiler: within minutes, C2 takes half of the engine's CPU time and doesn't pay off
BRIEF_JVM = {"JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1"}


def isolated_environment(folder: Path) -> dict[str, str]:
    """The environment of a `python -m stack` that runs beside others: its own folder and ports, short intervals."""
    return {**without_settings(os.environ), **_settings(), environment_name("folder"): str(folder)}


def without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without the platform's settings."""
    return {name: value for name, value in environment.items() if not name.startswith(PREFIX)}


@contextmanager
def running_platform(folder: Path, **options: Any) -> Iterator[Platform]:
    """Start a platform in this folder, and stop it at the end; settings in the environment override the defaults here.

    Args:
        options: further arguments of Platform.
    """
    given = {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}
    # without H2's compression, so that tests can search the file's bytes for patients' words
    engine = f"jdbc:h2:file:{folder}/data/engine;WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE"
    defaults = {**_settings(), environment_name("engine", "database_url"): engine}
    os.environ.update({**defaults, **given, environment_name("folder"): str(folder)})
    platform = Platform(folder, folder / "data", print, **options)
    platform.up()
    try:
        yield platform
    finally:
        platform.down()


@contextmanager
def sign_in_by_provider(settings: Mapping[str, Any], engine: str, webapp: str) -> Iterator[None]:
    """Have platforms that start within use an OpenID provider.

    Args:
        settings: of the section `sign_in`.
        engine, webapp: base URLs, which the provider must know before.
    """
    before = dict(os.environ)
    for name, value in {"method": "openid_connect", **settings}.items():
        os.environ[environment_name("sign_in", name)] = value if isinstance(value, str) else json.dumps(value)
    os.environ[environment_name("engine", "url")] = engine
    os.environ[environment_name("webapp", "url")] = webapp
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def shared_platform(folder: Path) -> Iterator[Platform]:
    """The platform that most tests share, on PostgreSQL; tests that restart parts start their own on H2 and SQLite."""
    with postgresql() as server:
        os.environ.update(server.settings)
        with running_platform(folder) as platform:
            yield platform


def read_secrets() -> dict[str, str]:
    """Passwords and keys of the running platform, by name."""
    return json.loads((Path(os.environ[environment_name("folder")]) / "secrets.json").read_text())


def _settings() -> dict[str, str]:
    quick = {environment_name(*path): value for path, value in FAST_SETTINGS.items()}
    parts = ("engine", "webapp", "lab", "government", "sms", "workers")
    urls = {environment_name(part, "url"): f"http://127.0.0.1:{free_port()}" for part in parts}
    mllp = {environment_name("lab", "mllp_address"): f"127.0.0.1:{free_port()}"}
    return {**BRIEF_JVM, **quick, **urls, **mllp, environment_name("mail", "port"): str(free_port())}
