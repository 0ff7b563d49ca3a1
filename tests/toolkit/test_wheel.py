"""The toolkit's wheel in an empty virtual environment: its example on an unmodified Camunda, and on our engine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from config.settings import ROOT
from processes.engine import Engine
from stack.parts import CLASS_PATH
from tests.support.case import eventually
from tests.support.ports import free_port
from tests.support.toolkit_wheel import build_wheel, pip

pytestmark = pytest.mark.verify
TEST_CLASSES = ROOT / "engine/target/test-classes"
OUTPUT = ["invoice 1: paid", "invoice 2: paid", "invoice 3: declined"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example, and a virtual environment with only the wheel and its requirements."""
    folder: Path = tmp_path_factory.mktemp("toolkit")
    wheel = build_wheel(folder)
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    pip(str(folder / "venv/bin/python"), "install", str(wheel))
    shutil.copytree(ROOT / "camunda7/example", folder / "example")
    return folder


@pytest.fixture(scope="module")
def unmodified_camunda() -> Iterator[str]:
    """The URL of Camunda's Spring Boot starters without our code, on H2 in memory."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    class_path = os.pathsep.join([str(TEST_CLASSES), *(each for each in CLASS_PATH.split(os.pathsep) if "lib" in each)])
    command = ["java", "-Xmx600m", "-cp", class_path, "org.stock.StockEngine", f"--server.port={port}"]
    with running(command):
        eventually(lambda: answers(f"{url}/engine-rest/version"))
        yield url


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False


@contextmanager
def running(command: list[str]) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def test_the_example_runs_on_an_unmodified_camunda(installed: Path, unmodified_camunda: str) -> None:
    assert run_example(installed, unmodified_camunda) == OUTPUT


def test_the_example_runs_on_our_engine(installed: Path, state: dict[str, Any]) -> None:
    account = state["accounts"]["admin"]
    try:
        assert run_example(installed, state["engine"], account["username"], account["password"]) == OUTPUT
    finally:
        engine = Engine(state["engine"], **account)
        for deployment in engine.get("/deployment", name="invoice"):
            engine.delete(f"/deployment/{deployment['id']}?cascade=true")


def run_example(installed: Path, *engine: str) -> list[str]:
    python, example = str(installed / "venv/bin/python"), installed / "example"
    with running([python, str(example / "worker.py"), *engine]):
        command = [python, str(example / "start.py"), *engine]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout.splitlines()
