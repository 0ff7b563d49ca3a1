"""Schemathesis sends the lab and the government what their descriptions allow, and what they don't."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests
import yaml

from tests.support.servers import KEY, SERVERS, served

pytestmark = [pytest.mark.engine, pytest.mark.verify, pytest.mark.usefixtures("state")]

EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "20")
SEED = "1"


def fuzzed(url: str, description: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "schemathesis.cli",
        "run",
        str(description),
        "--url",
        url,
        "-H",
        f"X-API-Key: {KEY}",
    ]
    command += ["--max-examples", EXAMPLES, "--seed", SEED, "--no-color", "--suppress-health-check", "all"]
    # what it keeps of earlier failures is of no use to another run
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def described(url: str) -> str:
    """What a server says of itself."""
    return requests.get(url + "/openapi.yaml", timeout=20).text


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_does_what_its_description_says(name: str, tmp_path: Path) -> None:
    with served(name, tmp_path) as (url, _):
        description = tmp_path / "openapi.yaml"
        description.write_text(described(url))
        done = fuzzed(url, description, tmp_path)
        assert done.returncode == 0, done.stdout[-6000:]
        passed = re.findall(r"(\d+) passed", done.stdout)[-1]
        print(f"{name}: {passed} of Schemathesis' requests answered as described, 0 failures")
        assert int(passed) > 200


def test_a_description_that_lies_is_found(tmp_path: Path) -> None:
    with served("lab", tmp_path) as (url, _):
        description = yaml.safe_load(described(url))
        description["components"]["schemas"]["StockAnswer"]["properties"]["kits"]["type"] = "string"
        lying = tmp_path / "lying.yaml"
        lying.write_text(yaml.safe_dump(description))
        done = fuzzed(url, lying, tmp_path)
    assert done.returncode == 1
    assert "Response violates schema" in done.stdout
