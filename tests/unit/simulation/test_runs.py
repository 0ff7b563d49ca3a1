"""Runs that a page starts."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from simulation import runs

WAIT_S = 5
SETTINGS = {
    "CORONACARE_RECORDS__DATABASE_URL": "postgresql://records@db/records",
    "CORONACARE_SIGN_IN__SERVICES": "{}",
    "ENGINE_ADMIN_PASSWORD": "hidden",
}
# added by the shell or by Python
ADDED = {"PWD", "OLDPWD", "SHLVL", "_", "LC_CTYPE"}


def test_the_process_of_a_run_gets_no_setting_and_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    written = tmp_path / "environment"
    script = f"import os, pathlib; pathlib.Path({str(written)!r}).write_text(' '.join(os.environ))"
    with (tmp_path / "lock").open("w") as lock:
        runs._spawn([sys.executable, "-c", script], lock.fileno())
    deadline = time.monotonic() + WAIT_S
    while not (written.exists() and written.read_text()) and time.monotonic() < deadline:
        time.sleep(0.01)
    names = set(written.read_text().split())
    assert "PATH" in names
    assert names <= {*runs.ENVIRONMENT, *ADDED}
