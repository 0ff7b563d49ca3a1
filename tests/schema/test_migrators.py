"""Concurrent migrators, a killed migrator, a lock timeout, and a failed migration."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import peewee
import pytest

from config.settings import ROOT
from hosting import schema
from hosting.schema import Schema, UpgradeFailed
from records.database import connect_to
from tests.support.case import eventually
from tests.support.schemas import read_schema
from tests.support.tier import rounds

FIRST = """
import peewee

def up(migrator, db):
    db.execute_sql("CREATE TABLE patient (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")
    db.execute_sql("CREATE TABLE visit (id INTEGER PRIMARY KEY, patient_id INTEGER NOT NULL "
                   "REFERENCES patient (id) ON DELETE CASCADE)")
    db.execute_sql("INSERT INTO patient VALUES (1, 'Ada')")
    db.execute_sql("INSERT INTO visit VALUES (1, 1)")
"""
# creates a file when it is halfway, and waits
SLOW = """
import time
from pathlib import Path

def up(migrator, db):
    db.execute_sql("ALTER TABLE patient ADD COLUMN phone TEXT")
    db.execute_sql("UPDATE patient SET phone = '123'")
    Path({halfway!r}).touch()
    time.sleep({seconds})
    db.execute_sql("ALTER TABLE patient ADD COLUMN email TEXT")
"""
MIGRATOR = """
import sys
from pathlib import Path
from records.database import connect_to
from hosting.schema import Schema

print(*Schema(connect_to(sys.argv[1]), Path(sys.argv[2]), "upgrade").upgrade())
"""


# SQLite has one writer at a time, and no concurrent index
postgresql_only = pytest.mark.parametrize("kind", ["postgresql"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of migrations, with the first one."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_patient.py").write_text(FIRST)
    return folder


@pytest.fixture
def database(url: str) -> Iterator[peewee.Database]:
    connected = connect_to(url)
    yield connected
    connected.close()


def start_migrator(url: str, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", "-c", MIGRATOR, url, str(folder)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def columns(database: peewee.Database, table: str) -> set[str]:
    return set(read_schema(database)[table].columns)


def test_one_of_several_migrators_applies_a_migration_and_the_others_wait(
    url: str, folder: Path, database: peewee.Database
) -> None:
    halfway = folder / "halfway"
    (folder / "0002_slow.py").write_text(SLOW.format(halfway=str(halfway), seconds=1))
    migrators = [start_migrator(url, folder) for _ in range(rounds(test=3, verify=6))]
    applied = " ".join(migrator.communicate(timeout=60)[0] for migrator in migrators)
    assert [migrator.returncode for migrator in migrators] == [0] * len(migrators)
    assert sorted(applied.split()) == ["0001_patient", "0002_slow"]
    assert columns(database, "patient") == {"id", "name", "phone", "email"}


def test_a_migration_is_rolled_back_if_its_migrator_is_killed_and_applied_by_the_next_one(
    url: str, folder: Path, database: peewee.Database
) -> None:
    Schema(database, folder, "upgrade").upgrade()
    halfway = folder / "halfway"
    slow = folder / "0002_slow.py"
    slow.write_text(SLOW.format(halfway=str(halfway), seconds=60))
    migrator = start_migrator(url, folder)
    eventually(halfway.exists, "the migration did not begin")
    migrator.kill()
    migrator.communicate()
    assert columns(database, "patient") == {"id", "name"}
    slow.write_text(SLOW.format(halfway=str(halfway), seconds=0))
    assert Schema(database, folder, "upgrade").upgrade() == ["0002_slow"]
    assert columns(database, "patient") == {"id", "name", "phone", "email"}


@postgresql_only
def test_a_migration_that_waits_for_a_lock_times_out_and_blocks_no_reader_or_writer(
    url: str, folder: Path, database: peewee.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "POSTGRESQL_LOCK_TIMEOUT", "300ms")
    Schema(database, folder, "upgrade").upgrade()
    (folder / "0002_email.py").write_text(SLOW.format(halfway=str(folder / "halfway"), seconds=0))
    reader, other = connect_to(url), connect_to(url)
    with reader.atomic():
        reader.execute_sql("SELECT * FROM patient")
        with pytest.raises(UpgradeFailed, match=r"^0002_email failed and was rolled back: OperationalError 55P03$"):
            Schema(database, folder, "upgrade").upgrade()
        other.execute_sql("UPDATE patient SET name = 'Grace'")
    assert Schema(database, folder, "upgrade").upgrade() == ["0002_email"]
    reader.close()
    other.close()


def test_a_failed_migration_is_rolled_back_and_its_message_has_no_data(folder: Path, database: peewee.Database) -> None:
    (folder / "0002_unique.py").write_text(
        "def up(migrator, db):\n"
        "    db.execute_sql('ALTER TABLE patient ADD COLUMN phone TEXT')\n"
        "    db.execute_sql(\"INSERT INTO patient (id, name) VALUES (2, 'Ada')\")\n"
        "    db.execute_sql('CREATE UNIQUE INDEX patient_name ON patient (name)')\n"
    )
    (folder / "0003_more.py").write_text("def up(migrator, db):\n    pass\n")
    with pytest.raises(UpgradeFailed) as failed:
        Schema(database, folder, "upgrade").upgrade()
    assert str(failed.value).startswith("0002_unique failed and was rolled back: IntegrityError")
    assert "Ada" not in str(failed.value)
    assert columns(database, "patient") == {"id", "name"}
    assert [row.name for row in Schema(database, folder, "upgrade")._runner.status() if row.applied] == ["0001_patient"]


def test_a_referenced_table_is_changed_without_deleting_the_referencing_rows(
    folder: Path, database: peewee.Database
) -> None:
    """SQLite changes a column by copying the table and dropping the old one, which cascades."""
    (folder / "0002_nullable.py").write_text(
        "def up(migrator, db):\n    migrator.migrate(migrator.drop_not_null('patient', 'name'))\n"
    )
    Schema(database, folder, "upgrade").upgrade()
    assert read_schema(database)["patient"].columns["name"].null
    with database.connection_context():
        assert list(database.execute_sql("SELECT id, patient_id FROM visit")) == [(1, 1)]
        # and foreign keys are enforced again
        with pytest.raises(peewee.IntegrityError):
            database.execute_sql("INSERT INTO visit VALUES (2, 7)")


@postgresql_only
def test_waiting_migrators_do_not_block_a_concurrent_index(url: str, folder: Path, database: peewee.Database) -> None:
    (folder / "0002_index.py").write_text(
        "atomic = False\n\n"
        "def up(migrator, db):\n"
        "    db.execute_sql('CREATE INDEX CONCURRENTLY IF NOT EXISTS patient_name ON patient (name)')\n"
    )
    migrators = [start_migrator(url, folder) for _ in range(3)]
    for migrator in migrators:
        migrator.communicate(timeout=60)
    assert [migrator.returncode for migrator in migrators] == [0] * 3
    assert "patient_name" in read_schema(database)["patient"].indexes
