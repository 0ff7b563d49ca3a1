import json
from pathlib import Path

from stack.secrets import KEYS, load_or_generate


def test_secrets_are_generated_once_and_readable_by_their_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "secrets.json"
    first = load_or_generate(file, ["doctor"])
    assert set(first) == {*KEYS, "doctor"}
    assert len(set(first.values())) == len(first)
    assert file.stat().st_mode & 0o777 == 0o600
    assert load_or_generate(file, ["doctor"]) == first == json.loads(file.read_text())


def test_an_account_that_is_added_again_gets_a_new_password(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    before = load_or_generate(file, ["doctor", "medic"])
    assert "medic" not in load_or_generate(file, ["doctor"])
    after = load_or_generate(file, ["doctor", "medic"])
    assert after["medic"] != before["medic"]
    assert after["doctor"] == before["doctor"]
