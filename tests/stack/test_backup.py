"""A backup of PostgreSQL has one point for all databases, while they are written; a damaged one is refused."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2

from tests.support.backups import Backups, restored_server
from tests.support.postgresql import Server, postgresql


class Writer:
    """Commits each number to the records, and then to the laboratory.

    Attributes:
        acknowledged: the last number that is in both.
    """

    def __init__(self, server: Server):
        self.acknowledged = 0
        self._connections = [psycopg2.connect(server.url_of(name)) for name in ("records", "lab")]
        self._stopping = threading.Event()
        for connection in self._connections:
            connection.autocommit = True
            connection.cursor().execute("CREATE TABLE numbers (number integer PRIMARY KEY, filler text)")

    def write(self) -> None:
        while not self._stopping.is_set():
            for connection in self._connections:
                number = self.acknowledged + 1
                connection.cursor().execute("INSERT INTO numbers VALUES (%s, repeat('x', 1000))", [number])
            self.acknowledged += 1

    @contextmanager
    def running(self) -> Iterator[None]:
        thread = threading.Thread(target=self.write)
        thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            thread.join()
            for connection in self._connections:
                connection.close()


def numbers_in(server: Server, database: str) -> list[int]:
    with closing(psycopg2.connect(server.url_of(database))) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT number FROM numbers ORDER BY number")
        return [number for (number,) in cursor.fetchall()]


def test_a_backup_has_one_point_for_all_databases(readable_folder: Path) -> None:
    # given two databases that are written in turn, during a backup
    with postgresql() as server:
        backups, writer = Backups(readable_folder / "backups", server.url_of("postgres")), Writer(server)
        with writer.running():
            before = writer.acknowledged
            file = backups.create()
            after = writer.acknowledged
        # a server that runs isn't overwritten
        assert "the platform runs" in backups.restore(file, readable_folder / "data", check=False)
    # when a damaged copy is restored, then nothing is
    damaged = readable_folder / "damaged.age"
    damaged.write_bytes(file.read_bytes()[:-100])
    assert "damaged" in backups.restore(damaged, readable_folder / "data", check=False)
    assert not any((readable_folder / "data").iterdir())
    # when the backup is restored, then it has what was acknowledged before it, and is of one moment
    backups.restore(file, readable_folder / "data")
    with restored_server(readable_folder / "data") as server:
        records, lab = numbers_in(server, "records"), numbers_in(server, "lab")
    assert before < after
    assert before <= len(lab) <= after
    assert records[: len(lab)] == lab == list(range(1, len(lab) + 1))
    assert len(records) - len(lab) in (0, 1)
    # and data are overwritten only if that is said
    assert "has data" in backups.restore(file, readable_folder / "data", check=False)
