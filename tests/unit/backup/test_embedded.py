"""The files of `make up` are copied in the state of one moment, while they are written."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from backup.embedded import ENGINE, SQLITE, Files, file_of, is_locked
from backup.errors import BackupError

LOCK = """
import fcntl, sys
file = open(sys.argv[1], "r+b")
fcntl.lockf(file, fcntl.LOCK_EX)
print("locked", flush=True)
sys.stdin.read()
"""


class Parts:
    """The files of the parts, of which each has the same numbers, and of the engine, which has a count."""

    def __init__(self, folder: Path):
        self.files = {part: folder / f"{part}.db" for part in SQLITE}
        self.engine = folder / ENGINE
        self.engine.write_text("0")
        self._stopping, self._commit = threading.Event(), threading.Lock()
        self.written = 0
        self.failures: list[Exception] = []
        for file in self.files.values():
            with closing(sqlite3.connect(file)) as connection:
                connection.execute("PRAGMA journal_mode = wal")
                connection.execute("CREATE TABLE numbers (number INTEGER PRIMARY KEY)")

    def write(self) -> None:
        """Write each number to the first part, then the engine, then the other parts."""
        first, *others = [sqlite3.connect(file, isolation_level=None, timeout=10) for file in self.files.values()]
        try:
            while not self._stopping.is_set():
                first.execute("INSERT INTO numbers VALUES (NULL)")
                with self._commit:
                    self.engine.write_text(str(self.written + 1))
                for other in others:
                    other.execute("INSERT INTO numbers VALUES (NULL)")
                self.written += 1
        except sqlite3.OperationalError as error:
            self.failures.append(error)
        finally:
            for connection in (first, *others):
                connection.close()

    def stop(self) -> None:
        self._stopping.set()

    def copy_engine(self) -> Path:
        archive = self.engine.with_suffix(".zip")
        with self._commit, zipfile.ZipFile(archive, "w") as file:
            file.write(self.engine, self.engine.name)
        # parts that aren't locked would go on
        time.sleep(0.1)
        return archive


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    return Parts(tmp_path)


@pytest.fixture
def running_engine(parts: Parts) -> Iterator[None]:
    """A process that locks the engine's file, as H2 does."""
    command = [sys.executable, "-c", LOCK, str(parts.engine)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        yield
        process.terminate()


def extract(database: Files, folder: Path) -> Path:
    folder.mkdir()
    with database.stream() as archive:
        subprocess.run(["tar", "-xz", "-C", str(folder)], stdin=archive, check=True)
    return folder


def count(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute("SELECT count(*) FROM numbers").fetchone()[0]


@pytest.mark.usefixtures("running_engine")
def test_all_files_are_of_one_moment(parts: Parts, tmp_path: Path) -> None:
    database = Files(parts.engine, parts.files, tmp_path / "snapshot", parts.copy_engine)
    writer = threading.Thread(target=parts.write)
    writer.start()
    while parts.written < 20:
        pass
    before = parts.written
    copies = extract(database, tmp_path / "copies")
    parts.stop()
    writer.join()
    database.check(copies)
    counts = [count(copies / f"{part}.db") for part in SQLITE]
    # in the order of writing
    in_order = [counts[0], int((copies / ENGINE).read_text()), *counts[1:]]
    assert in_order == sorted(in_order, reverse=True)
    assert in_order[0] - in_order[-1] <= 1
    assert before <= in_order[0] <= parts.written
    assert parts.failures == []
    assert 0 < database.pause_s < 1
    assert not (tmp_path / "snapshot").exists()
    assert not parts.engine.with_suffix(".zip").exists()


def test_a_stopped_platform_is_backed_up_too(parts: Parts, tmp_path: Path) -> None:
    def refuse() -> Path:
        raise AssertionError("the engine doesn't run")

    copies = extract(Files(parts.engine, parts.files, tmp_path / "snapshot", refuse), tmp_path / "copies")
    assert {path.name for path in copies.iterdir()} == {ENGINE, *(f"{part}.db" for part in SQLITE)}


def test_a_database_that_stays_locked_fails_the_backup_and_leaves_the_others(parts: Parts, tmp_path: Path) -> None:
    with closing(sqlite3.connect(parts.files["lab"], isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        database = Files(parts.engine, parts.files, tmp_path / "snapshot", parts.copy_engine, lock_timeout_s=0.01)
        with pytest.raises(BackupError, match="lab can't be locked"), database.stream():
            pass
    with closing(sqlite3.connect(parts.files["records"], isolation_level=None, timeout=0)) as other:
        other.execute("BEGIN IMMEDIATE")


@pytest.mark.usefixtures("running_engine")
def test_a_running_engine_is_noticed(parts: Parts) -> None:
    assert is_locked(parts.engine)


def test_a_damaged_database_is_refused(parts: Parts, tmp_path: Path) -> None:
    database = Files(parts.engine, parts.files, tmp_path / "snapshot", parts.copy_engine)
    copies = extract(database, tmp_path / "copies")
    content = bytearray((copies / "lab.db").read_bytes())
    content[4096:8192] = bytes(range(256)) * 16
    (copies / "lab.db").write_bytes(content)
    with pytest.raises(BackupError, match="lab is damaged"):
        database.check(copies)


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:///.run/data/records.db", ".run/data/records.db"),
        ("sqlite:////data/records.db", "/data/records.db"),
        ("jdbc:h2:file:/data/engine;WRITE_DELAY=0", "/data/engine.mv.db"),
    ],
)
def test_the_file_of_a_url(url: str, file: str) -> None:
    assert file_of(url) == Path(file)


def test_databases_on_a_server_need_its_url() -> None:
    with pytest.raises(BackupError, match=r"set backup\.database_url"):
        file_of("postgresql://coronacare@db/records")
