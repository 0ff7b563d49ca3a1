"""Schema migrations of a database: applied by the deployment, and checked by each process at its start."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import peewee
from playhouse.migrations import Runner

# `0004_contract_0003_drop_name` removes what versions without migration 0003 still use
CONTRACT = re.compile(r"\d{4}_contract_(?P<needed>\d{4})_")
# key of PostgreSQL's advisory lock; no other program uses it in this database
ADVISORY_LOCK = 20200311
LOCK_POLL_S = 0.2
# every other statement on a table queues behind a migration that waits for a lock on it
POSTGRESQL_LOCK_TIMEOUT = "10s"


class SchemaMismatch(Exception):
    """The database doesn't match this version; the message says which of them is older, and the remedy."""


class UpgradeFailed(Exception):
    """A migration failed and was rolled back; unlike the database's message, this one has no values of rows."""


class Schema:
    """The migrations of one database.

    Args:
        migrations: folder of the files `NNNN_name.py`.
        upgrade_command: applies them; named in messages.
    """

    def __init__(self, database: peewee.Database, migrations: Path, upgrade_command: str):
        self._database = database
        self._runner = Runner(database, migrations)
        self._upgrade_command = upgrade_command

    def check(self) -> None:
        """Check that this version can use the database.

        Migrations of newer versions are accepted unless they are contracts that remove what this version uses.

        Raises:
            SchemaMismatch: the database is older than this version, or too new for it.
        """
        with self._database.connection_context():
            status = self._runner.status()
        pending = [migration.name for migration in status if not migration.applied]
        if pending:
            raise SchemaMismatch(
                f"the database is older than this version and lacks {', '.join(pending)}: run `{self._upgrade_command}`"
            )
        newest = max(migration.idx for migration in status if migration.path)
        newer = [migration.name for migration in status if not migration.path]
        contracts = [match for match in map(CONTRACT.match, newer) if match and int(match["needed"]) > newest]
        if contracts:
            raise SchemaMismatch(
                f"the database is too new for this version, which has migrations up to {newest:04}, and "
                f"{contracts[0].string} needs {contracts[0]['needed']}: start a newer version"
            )

    def upgrade(self) -> list[str]:
        """Apply the pending migrations, each in a transaction of its own, and return their names.

        Of several processes that call this at once, one applies a migration and the others wait.

        Raises:
            UpgradeFailed: a migration failed; those before it stay applied.
        """
        applied = []
        with self._database.connection_context():
            for migration in self._runner.status():
                if not migration.applied:
                    applied += self._apply(migration.name)
        return applied

    def _apply(self, name: str) -> list[str]:
        """Apply a migration; returns its name, or nothing if another process has applied it in the meantime."""
        try:
            with self._lock():
                return self._runner.up(name)
        except peewee.PeeweeException as error:
            code = getattr(error.__context__, "pgcode", None) or ""
            raise UpgradeFailed(f"{name} failed and was rolled back: {type(error).__name__} {code}".strip()) from error

    def _lock(self) -> AbstractContextManager[None]:
        """Return the lock against concurrent upgrades; the database releases it if the process dies."""
        if isinstance(self._database, peewee.SqliteDatabase):
            return _sqlite_lock(self._database)
        return self._postgresql_lock()

    @contextmanager
    def _postgresql_lock(self) -> Iterator[None]:
        # polled: CREATE INDEX CONCURRENTLY waits for all running statements, so also for a blocking pg_advisory_lock()
        while not self._fetch("SELECT pg_try_advisory_lock(%s)", ADVISORY_LOCK):
            time.sleep(LOCK_POLL_S)
        try:
            self._fetch("SELECT set_config('lock_timeout', %s, false)", POSTGRESQL_LOCK_TIMEOUT)
            yield
        finally:
            self._fetch("SELECT set_config('lock_timeout', '0', false)")
            self._fetch("SELECT pg_advisory_unlock(%s)", ADVISORY_LOCK)

    def _fetch(self, sql: str, *parameters: object) -> object:
        return self._database.execute_sql(sql, parameters).fetchone()[0]


@contextmanager
def _sqlite_lock(database: peewee.SqliteDatabase) -> Iterator[None]:
    # SQLite alters a table by copying and dropping it, which would cascade to referencing rows; the pragma has no
    # effect within a transaction
    enforced = database.pragma("foreign_keys")
    database.pragma("foreign_keys", 0)
    try:
        with database.atomic("IMMEDIATE"):
            yield
    finally:
        database.pragma("foreign_keys", enforced)
