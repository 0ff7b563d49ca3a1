"""A platform of this folder's own, in a hostile environment, whose parts may be killed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.settings import ROOT, environment_name
from tests.support.case import eventually
from tests.support.hostile import NAME, UMASK, hostile, in_hostile_checkout
from tests.support.own_platform import is_engine_up, is_ready, is_running, read_state, state_file
from tests.support.platform import isolated_environment
from tests.support.recording_proxy import RecordingProxy, recording_proxy


@pytest.fixture(scope="session")
def proxy() -> Iterator[RecordingProxy]:
    """The proxy that the platform's environment variables name."""
    with recording_proxy() as proxy:
        yield proxy


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory, proxy: RecordingProxy) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("own") / NAME
    https = {environment_name("engine", "secure_cookies"): "true"}
    return hostile(isolated_environment(folder / "run") | https, proxy, folder)


@pytest.fixture(scope="session")
def own_platform(environment: dict[str, str], proxy: RecordingProxy) -> Iterator[dict[str, Any]]:
    """A platform of our own, started as by `make up`: the content of its state.json."""
    folder = Path(environment["CORONACARE_FOLDER"]).parent
    command = in_hostile_checkout([sys.executable, "-m", "stack", "up"], folder)
    output = (folder / "output").open("w+")
    up = subprocess.Popen(command, env=environment, stdout=output, umask=UMASK)
    eventually(lambda: "Ctrl-C" in Path(output.name).read_text() or up.poll() is not None)
    assert up.poll() is None, Path(output.name).read_text()
    yield read_state(environment)
    pids = list(read_state(environment)["processes"].values())
    subprocess.run([sys.executable, "-m", "stack", "down"], cwd=ROOT, env=environment, check=True, timeout=90)
    assert up.wait(30) == 0
    assert [pid for pid in pids if is_running(pid)] == []
    assert not state_file(environment).exists()
    assert proxy.requests == []
    output.close()


@pytest.fixture
def own(own_platform: dict[str, Any]) -> dict[str, Any]:
    """Our own platform, once engine and web application are ready again after the previous test."""
    eventually(lambda: is_engine_up(own_platform["engine"]), "the engine doesn't answer")
    eventually(lambda: is_ready(own_platform["webapp"]), "the web application isn't ready")
    return own_platform


@pytest.fixture
def readable_folder() -> Iterator[Path]:
    """A folder that the user postgres can read, too."""
    with tempfile.TemporaryDirectory(prefix="coronacare-backup-") as name:
        Path(name).chmod(0o755)
        yield Path(name)
