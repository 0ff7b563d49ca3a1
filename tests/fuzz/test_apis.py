"""Schemathesis sends requests to the lab and the government, valid and invalid by their API descriptions."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests
import yaml

from tests.support.servers import KEY, SERVERS, run_server

pytestmark = [pytest.mark.engine, pytest.mark.verify, pytest.mark.usefixtures("state")]

EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "20")
SEED = "1"


def run_schemathesis(url: str, description: Path, folder: Path) -> subprocess.CompletedProcess[str]:
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
    # in an empty folder, because it stores earlier failures in the working directory
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def read_description(url: str) -> str:
    return requests.get(url + "/openapi.yaml", timeout=20).text


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_conforms_to_its_description(name: str, tmp_path: Path) -> None:
    with run_server(name, tmp_path) as (url, _):
        description = tmp_path / "openapi.yaml"
        description.write_text(read_description(url))
        done = run_schemathesis(url, description, tmp_path)
        assert done.returncode == 0, done.stdout[-6000:]
        passed = re.findall(r"(\d+) passed", done.stdout)[-1]
        print(f"{name}: {passed} of Schemathesis' requests answered as described, 0 failures")
        assert int(passed) > 200


def test_a_wrong_description_is_found(tmp_path: Path) -> None:
    with run_server("lab", tmp_path) as (url, _):
        description = yaml.safe_load(read_description(url))
        description["components"]["schemas"]["StockAnswer"]["properties"]["kits"]["type"] = "string"
        wrong = tmp_path / "wrong.yaml"
        wrong.write_text(yaml.safe_dump(description))
        done = run_schemathesis(url, wrong, tmp_path)
    assert done.returncode == 1
    assert "Response violates schema" in done.stdout
