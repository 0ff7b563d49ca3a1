"""The folder of backups, and their encryption."""

from __future__ import annotations

import io
import stat
from pathlib import Path

import pytest

from backup.encryption import HashedWriter, create_key, decrypt, encrypt, parse_private_key, parse_public_key
from backup.errors import BackupError
from backup.store import Store, verify

PRIVATE, PUBLIC = create_key()
# several chunks of age
CONTENT = bytes(range(256)) * 1000


def write(path: Path, content: bytes = CONTENT) -> str:
    with path.open("wb") as file:
        output = HashedWriter(file)
        encrypt(io.BytesIO(content), output, parse_public_key(PUBLIC))
    return output.digest


def read(path: Path, private: str = PRIVATE) -> bytes:
    output = io.BytesIO()
    decrypt(path, output, parse_private_key(private))
    return output.getvalue()


def test_only_the_private_key_decrypts(tmp_path: Path) -> None:
    write(tmp_path / "backup")
    assert CONTENT[:64] not in (tmp_path / "backup").read_bytes()
    assert read(tmp_path / "backup") == CONTENT
    with pytest.raises(BackupError, match="can't be decrypted with this key"):
        read(tmp_path / "backup", create_key()[0])


@pytest.mark.parametrize("size", [0, 10, 200, 65_536, 3 * 65_552 + 184, -1])
def test_a_truncated_file_is_refused(tmp_path: Path, size: int) -> None:
    write(tmp_path / "backup")
    (tmp_path / "backup").write_bytes((tmp_path / "backup").read_bytes()[:size])
    with pytest.raises(BackupError, match="damaged"):
        read(tmp_path / "backup")


@pytest.mark.parametrize("position", [30, 150, 300, 100_000, -1])
def test_an_altered_file_is_refused(tmp_path: Path, position: int) -> None:
    write(tmp_path / "backup")
    altered = bytearray((tmp_path / "backup").read_bytes())
    altered[position] ^= 1
    (tmp_path / "backup").write_bytes(altered)
    with pytest.raises(BackupError, match="damaged"):
        read(tmp_path / "backup")


@pytest.mark.parametrize("text", ["", "age1", PRIVATE], ids=["empty", "cut", "private"])
def test_a_wrong_public_key_is_refused(text: str) -> None:
    with pytest.raises(BackupError, match=r"backup\.recipient is no public key"):
        parse_public_key(text)


@pytest.mark.parametrize("text", ["", PUBLIC, "AGE-SECRET-KEY-1QQ"], ids=["empty", "public", "cut"])
def test_a_wrong_private_key_is_refused(text: str) -> None:
    with pytest.raises(BackupError, match="has no private key"):
        parse_private_key(text)


def test_a_key_file_may_have_comments() -> None:
    assert str(parse_private_key(f"# public key: {PUBLIC}\n{PRIVATE}\n")) == PRIVATE


def test_a_complete_backup_has_its_name_and_mode(tmp_path: Path) -> None:
    store = Store(tmp_path / "backups")
    with store.locked(), store.new_file() as path:
        verify(path, write(path))
        assert store.files() == []
    [file] = store.files()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert read(file) == CONTENT


def test_a_failed_backup_leaves_no_file_and_deletes_none(tmp_path: Path) -> None:
    store = Store(tmp_path)
    (tmp_path / "coronacare-20200101T000000Z.tar.gz.age").touch()

    def fail() -> None:
        with store.new_file() as path:
            write(path)
            raise BackupError("pg_basebackup failed")

    with store.locked(), pytest.raises(BackupError):
        fail()
    assert [path.name for path in store.files()] == ["coronacare-20200101T000000Z.tar.gz.age"]
    assert list(tmp_path.glob("*.partial")) == []


def test_what_the_disk_has_changed_is_noticed(tmp_path: Path) -> None:
    digest = write(tmp_path / "backup")
    with (tmp_path / "backup").open("r+b") as file:
        file.write(b"x")
    with pytest.raises(BackupError, match="check the disk"):
        verify(tmp_path / "backup", digest)


def test_the_part_of_a_killed_backup_is_deleted_by_the_next(tmp_path: Path) -> None:
    store = Store(tmp_path)
    killed = tmp_path / "coronacare-20200101T000000Z.tar.gz.age.partial"
    killed.touch()
    with store.locked(), store.new_file() as path:
        write(path)
    assert not killed.exists()


def test_two_backups_at_once_are_refused(tmp_path: Path) -> None:
    with Store(tmp_path).locked(), pytest.raises(BackupError, match="another backup"), Store(tmp_path).locked():
        pass


def test_expired_backups_and_nothing_else_are_deleted(tmp_path: Path) -> None:
    for day in range(1, 10):
        (tmp_path / f"coronacare-2026110{day}T000000Z.tar.gz.age").touch()
    (tmp_path / "notes.txt").touch()
    deleted = Store(tmp_path).delete_expired(keep_daily=2, keep_weekly=1)
    assert len(deleted) == 7
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "coronacare-20261108T000000Z.tar.gz.age",
        "coronacare-20261109T000000Z.tar.gz.age",
        "notes.txt",
    ]


def test_a_backup_is_found_by_name_or_path(tmp_path: Path) -> None:
    name = "coronacare-20261109T000000Z.tar.gz.age"
    (tmp_path / name).touch()
    assert Store(tmp_path).find(name) == Store(tmp_path / "other").find(str(tmp_path / name)) == tmp_path / name
    with pytest.raises(BackupError, match=f"in {tmp_path}: {name}"):
        Store(tmp_path).find("none")
