"""A platform in Docker is upgraded from 0.1.0 with open cases, and goes back: `make docker-test`.

0.1.0 is the only release so far, so it is what installations have.
"""

from __future__ import annotations

import io
import json
import os
import re
import secrets
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from config.settings import ROOT
from stack.demo import Demo
from stack.pilot import Pilot
from stack.replay import Journey, Replay
from tests.docker.compose import ANSWER_TIMEOUT_S, START_TIMEOUT_S, Compose, temporary_project
from tests.support.case import eventually
from tests.support.ports import free_port

# last commit of 0.1.0, which has no tag
COMMIT = "9bb293e"
PROJECT = "coronacare-upgrade"
# .env of 0.1.0 has these, and passwords.json those accounts
SECRETS = (
    "ADMIN_PASSWORD",
    "WEBAPP_PASSWORD",
    "WORKERS_PASSWORD",
    "POSTGRES_PASSWORD",
    "LAB_API_KEY",
    "GOVERNMENT_API_KEY",
    "GOVERNMENT_ARCHIVE_KEY",
    "SMS_API_KEY",
    "SECRET_KEY",
    "RECORDS_SECRET_KEY",
    "GRAFANA_PASSWORD",
)
ACCOUNTS = ("doctor", "doctor2", "medical_team", "contact_tracer", "process_manager", "webapp", "workers", "deployer")
PARTS = ("front", "workers", "lab", "government", "sms", "mail")
# forms that are due in the open cases
VISIT, REPORT, CONTACTS = "medical_visit", "doctor_report", "close_contacts"
# folders by database
MIGRATIONS = {
    "records": "records/migrations",
    **{name: f"services/{name}/migrations" for name in ("lab", "government", "sms")},
}
# docs/how-to/upgrade.md
KEEP_PASSWORDS = r"""printf "STAFF_PASSWORDS='%s'\n" "$(tr -d ' \n' < passwords.json)" >> .env"""
TODAY = datetime.now(UTC).date()
# the pilot's first patient with a positive result, as in drive_0_1_0.py
POSITIVE = next(
    each
    for each in Pilot.read(Demo.PILOT, TODAY).patients
    if each.get("lab_result") == "positive" and "lab_correction" not in each
)
# 0.1.0's patient fell ill in 2020: contacts before the day of the sample would be refused
CONTACT = {
    "name": "Kim Reyes",
    "email": "kim@contacts.example",
    "relation": "household",
    "last_exposure_date": str(TODAY),
    "exposure": "close",
}
PATIENT = {**POSITIVE, "close_contacts": [{"had_contacts": "yes", "close_contacts": [CONTACT]}]}


class ResumedJourney(Journey):
    """Continues the case of a patient who signs in with the access code."""

    def __init__(self, replay: Replay, number: int, case: str, access_code: str):
        self._case, self._access_code = case, access_code
        super().__init__(replay, PATIENT, number)

    def _start(self) -> str:
        filled = {"access_code": self._access_code, "date_of_birth": self.date_of_birth}
        page = self._browser.send(self._browser.open("/sign-in"), filled)
        assert not page.errors, page.errors
        return self._case


class Installation:
    """One project in Docker, by turns as 0.1.0 and as this version, with the same data, ports and secrets.

    Attributes:
        old, new: the project as 0.1.0, and as this version.
        state: as .run/state.json.
    """

    def __init__(self, folder: Path, checkout: Path):
        self._checkout = folder / "0.1.0"
        for name in ("0.1.0", "old", "new"):
            (folder / name).mkdir()
        unpack(self._checkout)
        passwords = write_secrets(folder)
        ports = {name: str(free_port()) for name in ("FRONT_PUBLISHED", "ENGINE_PORT", "LAB_PORT")}
        options: dict[str, Any] = {"files": [str(ROOT / "tests/docker/upgrade.yml")], "project": PROJECT, **ports}
        secrets, passwords_file = folder / ".env", str(folder / "passwords.json")
        self.old = Compose(folder / "old", self._checkout, secrets=secrets, PASSWORDS_FILE=passwords_file, **options)
        subprocess.run(["sh", "-c", KEEP_PASSWORDS], cwd=folder, check=True)
        self.new = Compose(folder / "new", checkout, secrets=secrets, **options)
        self.state = {
            "webapp": self.new.url,
            "engine": f"http://127.0.0.1:{ports['ENGINE_PORT']}",
            "lab": f"http://127.0.0.1:{ports['LAB_PORT']}",
            "lab_api_key": self.new.secrets["LAB_API_KEY"],
            "accounts": {name: {"username": name, "password": password} for name, password in passwords.items()},
        }

    def start_old(self) -> None:
        self.old("up", "--build", "--detach", *PARTS)
        eventually(self._serves_pages, lambda: self.old("ps", "--all"), START_TIMEOUT_S)

    def open_cases(self, *forms: str) -> dict[str, list[str]]:
        """Take a patient to each of these forms with 0.1.0's code; returns case references and access codes by form."""
        driven = subprocess.run(
            [sys.executable, str(ROOT / "tests/docker/drive_0_1_0.py"), *forms],
            cwd=self._checkout,
            env={**os.environ, "PYTHONPATH": str(self._checkout)},
            input=json.dumps(self.state),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return json.loads(driven.stdout)

    def finish(self, *cases: list[str]) -> None:
        """Have the patients of these cases and staff continue until they end."""
        replay = Replay(self.state)
        for number, case in enumerate(cases, 1):
            assert ResumedJourney(replay, number, *case).run_to_end().values["case_outcome"] == PATIENT["outcome"]

    def query(self, database: str, sql: str) -> list[str]:
        return self.new("exec", "-T", "postgres", "psql", "-U", "coronacare", "-tAc", sql, database).split()

    def _serves_pages(self) -> bool:
        try:
            return requests.get(self.old.url, timeout=ANSWER_TIMEOUT_S).status_code == 200
        except requests.RequestException:
            return False


def unpack(folder: Path) -> None:
    """Write the files of 0.1.0 to the folder."""
    archive = subprocess.run(["git", "archive", COMMIT], cwd=ROOT, capture_output=True, check=False)
    assert archive.returncode == 0, f"the history is missing: git fetch --unshallow; {archive.stderr.decode()}"
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")


def write_secrets(folder: Path) -> dict[str, str]:
    """Write .env and passwords.json as 0.1.0's docs say; returns the passwords by account."""
    values = {name: secrets.token_hex(12) for name in SECRETS}
    accounts = {name: values.get(f"{name.upper()}_PASSWORD") or secrets.token_hex(12) for name in ACCOUNTS}
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    (folder / "passwords.json").write_text(json.dumps(accounts, indent=2))
    return {"admin": values["ADMIN_PASSWORD"], **accounts}


@pytest.fixture
def installation(tmp_path: Path, checkout: Path) -> Iterator[Installation]:
    installation = Installation(tmp_path, checkout)
    with temporary_project(installation.new):
        yield installation


def test_open_cases_outlive_an_upgrade_and_the_way_back(installation: Installation) -> None:
    new = installation.new
    # given 0.1.0 with open cases, and a backup by this version's program
    installation.start_old()
    cases = installation.open_cases(VISIT, REPORT, CONTACTS)
    new("--profile=backup", "build")
    key = new("run", "--rm", "--no-deps", "-T", "backup", "key")
    [public] = set(re.findall(r"\bage1[0-9a-z]{50,}", key))
    new("stop", "front", "webapp", "workers")
    written = new("run", "--rm", "--no-deps", "backup", BACKUP_RECIPIENT=public)
    # when it is upgraded
    began = time.monotonic()
    new("down")
    new("up", "--detach")
    new.wait_until_healthy()
    print(f"upgraded, and healthy after {time.monotonic() - began:.0f} s")
    # then each database has all migrations, and staff have their passwords
    for database, folder in MIGRATIONS.items():
        applied = installation.query(database, "SELECT name FROM schema_migration")
        assert sorted(applied) == sorted(path.stem for path in (ROOT / folder).glob("[0-9]*.py"))
    new.sign_in("doctor")
    # and cases go on in the version of the process that they have, and in the latest one
    installation.finish(cases[REPORT])
    migrated = new("run", "--rm", "deployment", "python", "-m", "deployment", "migrate")
    assert "0 cases on an older version" in migrated
    installation.finish(cases[VISIT], cases[CONTACTS])
    # when the backup is restored, and 0.1.0 is started again
    new("down")
    [file] = re.findall(r"[^/\s]+\.age", written)
    assert f"restored {file}" in new("run", "--rm", "-T", "restore", file, "overwrite", stdin=key)
    installation.start_old()
    # then the cases are open again, and go on
    installation.finish(*cases.values())
