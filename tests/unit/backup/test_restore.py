"""A restore changes nothing before the whole backup is decrypted and checked."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pytest

from backup.encryption import create_key, encrypt, parse_private_key, parse_public_key
from backup.errors import BackupError
from backup.restore import restore

PRIVATE, PUBLIC = create_key()


class FakeDatabase:
    """A database of one file."""

    last_file = "last"

    def __init__(self, runs: bool = False):
        self._runs = runs

    def is_running(self) -> bool:
        return self._runs

    def check(self, folder: Path) -> None:
        if not (folder / "last").exists():
            raise BackupError("this backup is of another kind")


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "last").write_bytes(bytes(range(256)) * 4000)
    (tmp_path / "files" / "other").write_text("other")
    return pack(tmp_path / "files")


def pack(folder: Path) -> Path:
    plain = subprocess.run(["tar", "-C", str(folder), "-cz", "."], capture_output=True, check=True).stdout
    path = folder.with_suffix(".age")
    with path.open("wb") as file:
        encrypt(io.BytesIO(plain), file, parse_public_key(PUBLIC))
    return path


def restore_to(folder: Path, backup: Path, overwrite: bool = False, runs: bool = False) -> None:
    restore(backup, parse_private_key(PRIVATE), folder, FakeDatabase(runs), overwrite)


def content_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_an_empty_folder_is_filled(tmp_path: Path, backup: Path) -> None:
    restore_to(tmp_path / "data", backup)
    assert content_of(tmp_path / "data") == content_of(tmp_path / "files")


@pytest.fixture
def occupied(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "old").write_text("old")
    return tmp_path / "data"


def test_data_are_overwritten_only_if_that_is_said(occupied: Path, backup: Path) -> None:
    with pytest.raises(BackupError, match="has data"):
        restore_to(occupied, backup)
    assert content_of(occupied) == {"old": b"old"}
    restore_to(occupied, backup, overwrite=True)
    assert set(content_of(occupied)) == {"last", "other"}


def test_a_running_platform_is_refused(occupied: Path, backup: Path) -> None:
    with pytest.raises(BackupError, match="the platform runs"):
        restore_to(occupied, backup, overwrite=True, runs=True)
    assert content_of(occupied) == {"old": b"old"}


@pytest.mark.parametrize("size", [-1, -20_000, 0.5, 200])
def test_a_damaged_backup_changes_nothing(occupied: Path, backup: Path, size: float) -> None:
    content = backup.read_bytes()
    backup.write_bytes(content[: int(size if size > 1 or size < 0 else len(content) * size)])
    with pytest.raises(BackupError):
        restore_to(occupied, backup, overwrite=True)
    assert content_of(occupied) == {"old": b"old"}


def test_a_full_disk_changes_nothing(occupied: Path, backup: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (occupied.parent / "tar").write_text("#!/bin/sh\necho No space left on device >&2\nexit 2\n")
    (occupied.parent / "tar").chmod(0o755)
    monkeypatch.setenv("PATH", str(occupied.parent), prepend=":")
    with pytest.raises(BackupError, match=r"tar failed \(exit status 2\)"):
        restore_to(occupied, backup, overwrite=True)
    assert content_of(occupied) == {"old": b"old"}


def test_a_backup_of_another_kind_changes_nothing(tmp_path: Path, occupied: Path) -> None:
    (tmp_path / "wrong").mkdir()
    with pytest.raises(BackupError, match="another kind"):
        restore_to(occupied, pack(tmp_path / "wrong"), overwrite=True)
    assert content_of(occupied) == {"old": b"old"}
