"""Physical backups of a PostgreSQL server: all its databases at one point in time, at the end of the backup.

pg_dump reads each database at a point of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

import psycopg2

from backup.errors import BackupError
from backup.programs import read_from, require

# fetch: the log is part of the one stream. gzip: of the programs on all machines, and 1 as faster than most disks
BASE_BACKUP = [
    "pg_basebackup", "--pgdata=-", "--format=tar", "--wal-method=fetch", "--compress=client-gzip:1",
    "--checkpoint=fast", "--no-password",
]  # fmt: skip
# exit status of pg_isready: no response
NO_RESPONSE = 2
SERVER, CLIENT = "PostgreSQL's server (postgresql)", "PostgreSQL's client (postgresql-client)"


class Server:
    """A PostgreSQL server, and its data directory for a restore.

    Args:
        url: postgresql://user:password@host:port/database; the user has the attribute REPLICATION.
    """

    # last of a restore's files: without it, the server doesn't start
    last_file = "PG_VERSION"

    def __init__(self, url: str):
        self._url = url

    @contextmanager
    def stream(self) -> Iterator[IO[bytes]]:
        """Yield a compressed tar archive of the data directory.

        Raises:
            BackupError: the server can't be reached, or pg_basebackup failed.
        """
        require("pg_basebackup", CLIENT)
        command = [*BASE_BACKUP, *(["--progress"] if sys.stderr.isatty() else [])]
        with self._keep_log(), read_from(command, self._environment) as output:
            yield output

    def is_running(self) -> bool:
        require("pg_isready", CLIENT)
        checked = subprocess.run(
            ["pg_isready", "--quiet"],  # noqa: S607
            env={**os.environ, **self._environment},
            check=False,
        )
        return checked.returncode < NO_RESPONSE

    def check(self, folder: Path) -> None:
        """Check a data directory against the manifest of its backup, and that its log is complete.

        Raises:
            BackupError: it isn't one, or a file lacks or differs.
        """
        if not (folder / self.last_file).exists():
            raise BackupError("this backup isn't one of a PostgreSQL server: backup.database_url must be empty for it")
        require("pg_verifybackup", SERVER)
        if subprocess.run(["pg_verifybackup", "--quiet", str(folder)], check=False).returncode:  # noqa: S607
            raise BackupError("pg_verifybackup refuses this backup: restore another one")

    @contextmanager
    def _keep_log(self) -> Iterator[None]:
        """Keep the server from removing the write-ahead log of this backup; a temporary slot ends with its session."""
        try:
            connection = psycopg2.connect(self._url)
        except psycopg2.OperationalError as error:
            raise BackupError(f"the server of backup.database_url can't be reached: {error}".strip()) from None
        # no transaction that stays open
        connection.autocommit = True
        with closing(connection), connection.cursor() as cursor:
            cursor.execute("SELECT pg_create_physical_replication_slot(%s, true, true)", [f"backup_{os.getpid()}"])
            yield

    @property
    def _environment(self) -> dict[str, str]:
        """Variables of libpq: a password on the command line would be visible to others."""
        url = urlsplit(self._url)
        values = {
            "PGHOST": url.hostname,
            "PGPORT": str(url.port or ""),
            "PGUSER": url.username,
            "PGPASSWORD": url.password,
        }
        return {name: unquote(value) for name, value in values.items() if value}
