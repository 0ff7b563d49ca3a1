"""Backups of the files of `make up`: SQLite's of the records and the services, and H2's of the engine."""

from __future__ import annotations

import fcntl
import shutil
import sqlite3
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import IO

from backup.errors import BackupError
from backup.programs import read_from

ENGINE = "engine.mv.db"
# parts with an SQLite file. One that calls another comes before it: a transaction may call the other, whose database
# must not be locked before
SQLITE = ("records", "government", "lab", "sms")
SQLITE_URL, H2_URL = "sqlite:///", "jdbc:h2:file:"
# of each database; a transaction of a part takes milliseconds, and the parts themselves wait 10 s for a lock
LOCK_TIMEOUT_S = 1.5
LOCK_ATTEMPTS = 5


class Files:
    """The database files, and the folder of their copies.

    Args:
        engine: the engine's file.
        parts: the SQLite file of each part of SQLITE.
        snapshot: folder for the copies, deleted afterwards.
        copy_engine: has the running engine write a copy of its file, and returns a ZIP file with it.
        lock_timeout_s: of each database.

    Attributes:
        pause_s: how long the databases stood still.
    """

    last_file = ENGINE

    def __init__(
        self,
        engine: Path,
        parts: dict[str, Path],
        snapshot: Path,
        copy_engine: Callable[[], Path],
        lock_timeout_s: float = LOCK_TIMEOUT_S,
    ):
        self._engine = engine
        self._parts = parts
        self._snapshot = snapshot
        self._copy_engine = copy_engine
        self._lock_timeout_s = lock_timeout_s
        self.pause_s = 0.0

    @contextmanager
    def stream(self) -> Iterator[IO[bytes]]:
        """Yield a compressed tar archive of a copy of all files, in the state of one moment.

        Raises:
            BackupError: a database can't be locked or read, or the engine doesn't answer.
        """
        shutil.rmtree(self._snapshot, ignore_errors=True)
        self._snapshot.mkdir(parents=True, mode=0o700)
        try:
            self._copy()
            with read_from(["tar", "--create", "--gzip", "--directory", str(self._snapshot), "."]) as archive:
                yield archive
        finally:
            shutil.rmtree(self._snapshot, ignore_errors=True)

    def is_running(self) -> bool:
        return is_locked(self._engine)

    def check(self, folder: Path) -> None:
        """Check the files of a backup.

        Raises:
            BackupError: one lacks or is damaged.
        """
        if not (folder / ENGINE).exists():
            raise BackupError("this backup isn't one of the files of `make up`: set backup.database_url for it")
        for part in SQLITE:
            if not _is_intact(folder / f"{part}.db"):
                raise BackupError(f"the backup's database {part} is damaged: restore another one")

    def _copy(self) -> None:
        """Copy the databases: SQLite's stand still while the engine's is copied, and are then read as they were."""
        with ExitStack() as readers:
            with ExitStack() as locks:
                self._lock(locks)
                began = time.monotonic()
                engine = self._copy_of_engine()
                open_readers = {part: readers.enter_context(_reading(path)) for part, path in self._parts.items()}
                self.pause_s = time.monotonic() - began
            for part, reader in open_readers.items():
                with closing(sqlite3.connect(self._snapshot / f"{part}.db")) as copy:
                    reader.backup(copy)
        _unpack(engine, self._snapshot)

    def _lock(self, locks: ExitStack) -> None:
        """Lock all SQLite databases against writes, or none: a part must not wait for long."""
        for attempt in range(1, LOCK_ATTEMPTS + 1):
            try:
                for part in SQLITE:
                    locks.enter_context(_locked(self._parts[part], self._lock_timeout_s))
            except sqlite3.OperationalError as error:
                locks.close()
                if attempt == LOCK_ATTEMPTS:
                    raise BackupError(f"the database {part} can't be locked: {error}; try again") from None
            else:
                return

    def _copy_of_engine(self) -> Path:
        if self.is_running():
            return self._copy_engine()
        return Path(shutil.copyfile(self._engine, self._snapshot / ENGINE))


def is_locked(file: Path) -> bool:
    """Whether a process has locked the file, as H2 does while the engine runs."""
    if not file.exists():
        return False
    with file.open("r+b") as opened:
        try:
            fcntl.lockf(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def file_of(url: str) -> Path:
    """Return the file of a URL of SQLite or H2.

    Raises:
        BackupError: it is another database's.
    """
    if url.startswith(SQLITE_URL):
        return Path(url.removeprefix(SQLITE_URL))
    if url.startswith(H2_URL):
        return Path(url.removeprefix(H2_URL).partition(";")[0] + ".mv.db")
    raise BackupError("a database is on a server: set backup.database_url to the one that has all of them")


@contextmanager
def _locked(file: Path, timeout_s: float) -> Iterator[None]:
    with closing(_open(file, timeout_s)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.rollback()


@contextmanager
def _reading(file: Path) -> Iterator[sqlite3.Connection]:
    """Yield a connection that reads the state of now, whatever is written later (SQLite's WAL)."""
    with closing(_open(file)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield connection


def _open(file: Path, timeout_s: float = LOCK_TIMEOUT_S) -> sqlite3.Connection:
    """Open an existing database, without transactions of Python's own."""
    if not file.exists():
        raise BackupError(f"{file} is missing")
    return sqlite3.connect(file, timeout=timeout_s, isolation_level=None)


def _is_intact(file: Path) -> bool:
    with closing(_open(file)) as connection:
        try:
            return connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
        except sqlite3.DatabaseError:
            return False


def _unpack(engine: Path, folder: Path) -> None:
    """Extract the engine's file from a ZIP file, and delete that."""
    if engine.parent == folder:
        return
    with zipfile.ZipFile(engine) as archive:
        [name] = archive.namelist()
        Path(archive.extract(name, folder)).rename(folder / ENGINE)
    engine.unlink()
