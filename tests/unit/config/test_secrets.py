"""Nothing starts with a secret that is none."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from config.secrets import find_weakness, load_with_secrets
from config.settings import PREFIX, ROOT, SettingsError
from stack import secrets

GOOD = "u3TsfY0aQw8xNnEr2Lbk"
ENTRIES = {
    "services.lab.wsgi": ["lab.api_key"],
    "services.government.wsgi": ["government.api_key", "sms.api_key"],
    "services.sms.wsgi": ["sms.api_key"],
    "webapp.wsgi": ["engine.password", "webapp.secret_key", "records.secret_key", "government.api_key"],
    "workers": ["engine.password", "lab.api_key", "government.api_key", "sms.api_key", "records.secret_key"],
    "deployment": ["engine.password"],
}


@pytest.mark.parametrize(
    "secret",
    ["", "short", "changemechangeme", "Camunda-Admin-1", "admin1234567890", "aaaaaaaaaaaaaaaaaaaa", "Password123456!"],
)
def test_what_everybody_knows_or_can_guess_is_refused(secret: str) -> None:
    assert find_weakness(secret)


def test_what_is_generated_is_good(tmp_path: os.PathLike) -> None:
    made = secrets.load_or_generate(tmp_path / "secrets.json", ["webapp", "doctor"])
    assert [name for name, secret in made.items() if find_weakness(secret)] == []


def test_each_missing_secret_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CORONACARE_LAB__API_KEY", GOOD)
    monkeypatch.setenv("CORONACARE_SMS__API_KEY", "demo")
    with pytest.raises(SettingsError) as refused:
        load_with_secrets("lab.api_key", "sms.api_key", "engine.password")
    assert str(refused.value).splitlines() == [
        "sms.api_key is shorter than 12 characters: set CORONACARE_SMS__API_KEY to 12 random characters or more",
        "engine.password is empty: set CORONACARE_ENGINE__PASSWORD to 12 random characters or more",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("entry", ENTRIES)
def test_no_part_starts_without_its_secrets(entry: str) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", entry], cwd=ROOT, env=clean, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert [name for name in ENTRIES[entry] if f"{name} is empty" not in done.stderr] == []
