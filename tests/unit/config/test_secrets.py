"""No part starts with a missing or weak secret."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from config.secrets import find_weakness, load_with_secrets
from config.settings import PREFIX, ROOT, SettingsError
from stack import secrets

STRONG_SECRET = "u3TsfY0aQw8xNnEr2Lbk"
SECRETS_BY_MODULE = {
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
def test_a_weak_secret_is_found(secret: str) -> None:
    assert find_weakness(secret)


def test_generated_secrets_are_strong(tmp_path: os.PathLike) -> None:
    generated = secrets.load_or_generate(tmp_path / "secrets.json", ["webapp", "doctor"])
    assert [name for name, secret in generated.items() if find_weakness(secret)] == []


def test_the_error_names_each_missing_secret_and_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CORONACARE_LAB__API_KEY", STRONG_SECRET)
    monkeypatch.setenv("CORONACARE_SMS__API_KEY", "demo")
    with pytest.raises(SettingsError) as raised:
        load_with_secrets("lab.api_key", "sms.api_key", "engine.password")
    assert str(raised.value).splitlines() == [
        "sms.api_key is shorter than 12 characters: set CORONACARE_SMS__API_KEY to 12 random characters or more",
        "engine.password is empty: set CORONACARE_ENGINE__PASSWORD to 12 random characters or more",
    ]


def test_each_laboratory_needs_a_strong_key_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, key in (("NORTH", STRONG_SECRET), ("SOUTH", STRONG_SECRET), ("WEST", "short")):
        monkeypatch.setenv(f"CORONACARE_LAB__LABORATORY_KEYS__{name}", key)
    with pytest.raises(SettingsError) as raised:
        load_with_secrets("lab.laboratory_keys")
    variable = "CORONACARE_LAB__LABORATORY_KEYS__WEST"
    assert str(raised.value).splitlines() == [
        f"lab.laboratory_keys.west is shorter than 12 characters: set {variable} to 12 random characters or more",
        "lab.laboratory_keys has the same key twice: each needs its own",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("module", SECRETS_BY_MODULE)
def test_no_part_starts_without_its_secrets(module: str) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    process = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", module], cwd=ROOT, env=clean, capture_output=True, text=True, check=False
    )
    assert process.returncode == 1
    assert [name for name in SECRETS_BY_MODULE[module] if f"{name} is empty" not in process.stderr] == []
