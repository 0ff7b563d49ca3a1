"""Schemathesis sends the lab and the government what their descriptions allow, and what they don't."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import yaml

from config.settings import PREFIX, ROOT, environment_name
from tests.support.case import eventually
from tests.support.platform import secrets_of_run
from tests.support.ports import free_port

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("state")]

EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "20")
SEED = "1"
KEY = "u3TsfY0aQw8x" + "NnEr2Lbk"
SERVERS = ("lab", "government")


@contextmanager
def served(name: str, folder: Path) -> Iterator[str]:
    """One of the servers, with data of its own; its URL."""
    url = f"http://127.0.0.1:{free_port()}"
    clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    own = {environment_name(server, "api_key"): KEY for server in SERVERS}
    # the government's messages go where those of the run go
    beside = [environment_name("mail", "port"), environment_name("sms", "url")]
    own |= {name: os.environ[name] for name in beside}
    own[environment_name("sms", "api_key")] = secrets_of_run()["sms_api_key"]
    own[environment_name(name, "database_url")] = f"sqlite:///{folder}/{name}.db"
    command = [sys.executable, "-m", "gunicorn", "--bind", url.removeprefix("http://"), "--no-control-socket"]
    command += [
        "--threads",
        "8",
        "--worker-class",
        "gthread",
        "--log-level",
        "error",
        f"services.{name}.wsgi:application",
    ]
    process = subprocess.Popen(command, cwd=ROOT, env=clean | own)
    try:
        eventually(lambda: answers(url))
        yield url
    finally:
        process.terminate()
        process.wait(20)


def answers(url: str) -> bool:
    try:
        return requests.get(url + "/healthz", timeout=5).ok
    except requests.ConnectionError:
        return False


def fuzzed(url: str, description: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "schemathesis.cli", "run", description, "--url", url, "-H", f"X-API-Key: {KEY}"]
    command += ["--max-examples", EXAMPLES, "--seed", SEED, "--no-color", "--suppress-health-check", "all"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_does_what_its_description_says(name: str, tmp_path: Path) -> None:
    with served(name, tmp_path) as url:
        done = fuzzed(url, f"services/{name}/openapi.yaml")
        assert done.returncode == 0, done.stdout[-6000:]
        passed = re.findall(r"(\d+) passed", done.stdout)[-1]
        print(f"{name}: {passed} of Schemathesis' requests answered as described, 0 failures")
        assert int(passed) > 200


def test_a_description_that_lies_is_found(tmp_path: Path) -> None:
    description = yaml.safe_load((ROOT / "services/lab/openapi.yaml").read_text())
    stock = description["paths"]["/v1/stock"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    stock["properties"]["kits"]["type"] = "string"
    (tmp_path / "lying.yaml").write_text(yaml.safe_dump(description))
    with served("lab", tmp_path) as url:
        done = fuzzed(url, str(tmp_path / "lying.yaml"))
    assert done.returncode == 1
    assert "Response violates schema" in done.stdout
