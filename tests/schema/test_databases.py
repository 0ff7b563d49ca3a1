"""The migrations of the records, the lab, the government and the SMS gateway, and databases from before them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import peewee
import pytest

from config.settings import ROOT
from hosting.databases import connect_to
from hosting.schema import CONTRACT, Schema, SchemaMismatch
from records import database as records
from records.outbox import Outbox
from services.database import schema_of
from services.government.models import MODELS as GOVERNMENT
from services.http import IdempotencyKeys
from services.lab.models import MODELS as LAB
from services.sms.app import create_app as create_sms
from services.sms.models import Sms
from tests.support.case import eventually
from tests.support.schemas import HISTORY, breaking_changes, read_schema
from tests.support.tier import rounds
from tools.tables import MODELS as RECORDS

# a process of this version, which sends messages
SENDS = """
import sys
import time
from pathlib import Path
from records import database
from records.outbox import Outbox

url, name, count, halfway, upgraded = sys.argv[1:]
database.open(url)
for number in range(int(count)):
    Outbox().add(f"C-{name}/{number}", "email", "a@patients.example", "report", "en")
    if number == int(count) // 4:
        Path(halfway).touch()
    # some messages are sent before the upgrade, some while it runs, and some after it
    while number == 3 * int(count) // 4 and not Path(upgraded).exists():
        time.sleep(0.01)
"""
# the next version's migration
REPLY_TO = """
import peewee

def up(migrator, db):
    reply_to = peewee.TextField(constraints=[peewee.SQL("DEFAULT 'no one'")])
    migrator.migrate(
        migrator.add_column("message", "reply_to", reply_to, allow_not_null=True),
        migrator.add_index("message", ["reply_to"]),
    )
    db.execute_sql("UPDATE message SET reply_to = 'the doctor'")
"""
BEFORE = Path(__file__).parent / "before_migrations"
SERVICES = {"lab": LAB, "government": GOVERNMENT, "sms": [Sms]}
NAMES = ("records", *SERVICES)
names = pytest.mark.parametrize("name", NAMES)


def schema(database: peewee.Database, name: str) -> Schema:
    return records.schema_of(database) if name == "records" else schema_of(database, name)


def folder(name: str) -> Path:
    return records.MIGRATIONS if name == "records" else Path(f"services/{name}/migrations")


def models(database: peewee.Database, name: str) -> list[type[peewee.Model]]:
    return RECORDS if name == "records" else [*SERVICES[name], IdempotencyKeys(database).table]


@names
def test_the_migrations_lead_to_the_tables_of_the_models(new_url: Callable[[], str], name: str) -> None:
    migrated, created = connect_to(new_url()), connect_to(new_url())
    schema(migrated, name).upgrade()
    tables = models(created, name)
    with created.bind_ctx(tables), created.connection_context():
        created.create_tables(tables)
    assert read_schema(migrated) == read_schema(created)


def test_the_comparison_sees_a_model_that_was_changed(url: str) -> None:
    opened = connect_to(url)
    schema(opened, "sms").upgrade()
    before = read_schema(opened)
    with opened.connection_context():
        for change in (
            "ALTER TABLE sms ADD COLUMN reply_to TEXT",
            "CREATE INDEX sms_text ON sms (text)",
            "CREATE TABLE reply (id INTEGER NOT NULL CHECK (id > 0))",
        ):
            opened.execute_sql(change)
            assert read_schema(opened) != before
            before = read_schema(opened)


@names
def test_migrations_are_numbered_from_1_without_gaps(name: str) -> None:
    numbers = sorted(int(path.name[:4]) for path in folder(name).glob("*.py"))
    assert numbers == list(range(1, len(numbers) + 1))


@names
def test_every_migration_that_breaks_the_version_before_is_a_contract(url: str, name: str, tmp_path: Path) -> None:
    opened = connect_to(url)
    wrong = {}
    before: dict[str, Any] = {}
    for path in sorted(folder(name).glob("*.py")):
        (tmp_path / path.name).write_text(path.read_text())
        Schema(opened, tmp_path, "upgrade").upgrade()
        after = read_schema(opened)
        if not CONTRACT.match(path.name) and (breaks := breaking_changes(before, after)):
            wrong[path.name] = breaks
        before = after
    assert wrong == {}


def test_what_breaks_the_version_before_is_found(url: str) -> None:
    opened = connect_to(url)
    schema(opened, "government").upgrade()
    before = read_schema(opened)
    with opened.connection_context():
        for change in (
            "CREATE UNIQUE INDEX contact_name ON contact (name)",
            "ALTER TABLE contact ADD COLUMN agreed INTEGER NOT NULL DEFAULT 0",
            "ALTER TABLE contact DROP COLUMN released",
            "DROP TABLE effect",
        ):
            opened.execute_sql(change)
    assert sorted(breaking_changes(before, read_schema(opened))) == [
        "contact.name must be unique",
        "contact.released is gone",
        "effect is gone",
    ]


@names
def test_a_database_of_the_version_without_migrations_is_adopted_with_its_data(url: str, kind: str, name: str) -> None:
    opened = connect_to(url)
    with opened.connection_context():
        for statement in (BEFORE / f"{name}.{kind}.sql").read_text().splitlines():
            opened.execute_sql(statement)
        fill(opened)
    before, rows = read_schema(opened), all_rows(opened)
    with pytest.raises(SchemaMismatch, match="lacks 0001_baseline"):
        schema(opened, name).check()
    schema(opened, name).upgrade()
    schema(opened, name).check()
    # later migrations add columns behind those of that version
    after = all_rows(opened)
    kept = {name: [new[: len(old)] for new, old in zip(after[name], rows[name], strict=True)] for name in rows}
    assert kept == rows
    assert sorted(breaking_changes(before, read_schema(opened))) == []


def test_a_database_of_a_still_earlier_version_gets_what_it_lacks_and_loses_nothing(url: str, kind: str) -> None:
    opened = connect_to(url)
    with opened.connection_context():
        for statement in (BEFORE / f"records.{kind}.sql").read_text().splitlines():
            if "case_row_sample_taken_at" not in statement and "invented_tally" not in statement:
                opened.execute_sql(statement)
        for column in ("came_as_contact", "sample_taken_at", "invented"):
            opened.execute_sql(f"ALTER TABLE case_row DROP COLUMN {column}")
        opened.execute_sql("ALTER TABLE submission ADD COLUMN tried BOOLEAN NOT NULL DEFAULT FALSE")
        fill(opened)
        if kind == "postgresql":
            opened.execute_sql("ALTER TABLE submission ALTER COLUMN tried DROP DEFAULT")
    schema(opened, "records").upgrade()
    upgraded = read_schema(opened)
    assert {"came_as_contact", "sample_taken_at", "invented"} <= upgraded["case_row"].columns.keys()
    assert "case_row_sample_taken_at" in upgraded["case_row"].indexes
    assert "invented_tally" in upgraded
    assert upgraded["submission"].columns["tried"].null
    with opened.connection_context():
        assert opened.execute_sql("SELECT tried FROM submission").fetchone()[0]


def test_the_version_before_keeps_a_column_that_only_the_next_one_knows(url: str, tmp_path: Path) -> None:
    """The older version used to drop it, and all that was in it."""
    # given a database of the next version, in which something was written
    records.upgrade(url)
    next_version = records.connect_to(url)
    next_schema(next_version, tmp_path).upgrade()
    records.open(url)
    Outbox().add("C-1/report", "email", "a@patients.example", "report", "en")
    with next_version.connection_context():
        next_version.execute_sql("UPDATE message SET reply_to = 'the nurse'")
    # when this version upgrades, starts and writes
    assert records.upgrade(url) == []
    records.open(url)
    for message in Outbox().claim("email"):
        Outbox().mark_sent(message)
    Outbox().add("C-2/report", "email", "b@patients.example", "report", "en")
    records.database.close()
    # then nothing is lost
    with next_version.connection_context():
        rows = next_version.execute_sql("SELECT key, state, reply_to FROM message ORDER BY id")
        assert list(rows) == [("C-1/report", "sent", "the nurse"), ("C-2/report", "waiting", "no one")]


def test_processes_of_the_version_before_go_on_while_the_database_is_upgraded(url: str, tmp_path: Path) -> None:
    records.upgrade(url)
    count = rounds(test=100, verify=1000)
    halfway, upgraded = [tmp_path / name for name in ("first", "second")], tmp_path / "upgraded"
    command = [sys.executable, "-W", "error", "-c", SENDS, url]
    senders = [subprocess.Popen([*command, path.name, str(count), path, upgraded], cwd=ROOT) for path in halfway]
    eventually(lambda: all(path.exists() for path in halfway), "no message was sent")
    next_version = records.connect_to(url)
    try:
        assert next_schema(next_version, tmp_path).upgrade() == ["9999_reply_to"]
    finally:
        upgraded.touch()
    assert [sender.wait(60) for sender in senders] == [0, 0]
    with next_version.connection_context():
        sent = dict(next_version.execute_sql("SELECT reply_to, COUNT(*) FROM message GROUP BY reply_to"))
    assert sum(sent.values()) == 2 * count
    assert sent.keys() == {"the doctor", "no one"}


def next_schema(database: peewee.Database, folder: Path) -> Schema:
    """The migrations of a version after this one."""
    shutil.copytree(records.MIGRATIONS, folder / "migrations")
    (folder / "migrations" / "9999_reply_to.py").write_text(REPLY_TO)
    return Schema(database, folder / "migrations", "upgrade")


def test_a_service_refuses_an_older_database_and_works_with_a_newer_one(url: str) -> None:
    opened = connect_to(url)
    with pytest.raises(SchemaMismatch, match="run `python -m services upgrade sms`"):
        create_sms(opened, "key")
    schema(opened, "sms").upgrade()
    with opened.connection_context():
        opened.execute_sql("ALTER TABLE sms ADD COLUMN sender TEXT")
        opened.execute_sql(f"INSERT INTO {HISTORY} (name, applied) VALUES ('9999_sender', '2026-01-01')")
    create_sms(opened, "key")
    assert "sender" in read_schema(opened)["sms"].columns


def fill(database: peewee.Database) -> None:
    """Insert two rows into each table."""
    # registered_case before contact, which refers to it
    for table in sorted(database.get_tables(), reverse=True):
        values = [column for column in database.get_columns(table) if column.name != "id"]
        for number in (1, 2):
            row = [value_of(column, number) for column in values]
            columns = ", ".join(f'"{column.name}"' for column in values)
            database.execute_sql(f'INSERT INTO "{table}" ({columns}) VALUES ({", ".join(row)})')


def value_of(column: peewee.ColumnMetadata, number: int) -> str:
    kind = column.data_type.lower()
    if kind == "boolean":
        return "TRUE"
    if kind == "text":
        return f"'{column.name} {number}'"
    return str(number)


def all_rows(database: peewee.Database) -> dict[str, list[tuple[Any, ...]]]:
    with database.connection_context():
        return {
            table: sorted(database.execute_sql(f'SELECT * FROM "{table}"'), key=repr)
            for table in database.get_tables()
            if table != HISTORY
        }
