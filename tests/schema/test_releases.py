"""Four releases of a small program that rename a column, add a required one, and add an index.

Each release works beside the next one, on its schema and with the rows of both; and again after a rollback.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import peewee
import pytest

from hosting.schema import Schema, SchemaMismatch
from records.database import connect_to
from tests.support.schemas import breaking_changes, read_schema

MIGRATIONS = sorted((Path(__file__).parent / "releases").glob("*.py"))
LATEST = len(MIGRATIONS)

# the statements by which each release writes and reads a person
WRITES = {
    1: "INSERT INTO person (full_name, phone) VALUES ({name}, '123')",
    2: "INSERT INTO person (full_name, name, phone, language) VALUES ({name}, {name}, '123', 'fr')",
    3: "INSERT INTO person (name, phone, language) VALUES ({name}, '123', 'fr')",
    4: "INSERT INTO person (name, phone, language) VALUES ({name}, '123', 'fr')",
}
READS = {
    1: "SELECT full_name FROM person",
    2: "SELECT COALESCE(name, full_name), COALESCE(language, 'en') FROM person",
    3: "SELECT name, language FROM person",
    4: "SELECT name, language FROM person",
}


class Release:
    """A release of the program, with the migrations up to its number."""

    def __init__(self, number: int, url: str, folder: Path):
        self._number = number
        self.database = connect_to(url)
        migrations = folder / f"release-{number}"
        migrations.mkdir(exist_ok=True)
        for path in MIGRATIONS[:number]:
            shutil.copy(path, migrations)
        self.schema = Schema(self.database, migrations, "upgrade")

    def write(self, name: str) -> None:
        self.database.execute_sql(WRITES[self._number].format(name=f"'{name}'"))

    def names(self) -> set[str]:
        return {row[0] for row in self.database.execute_sql(READS[self._number])}


@pytest.fixture
def release(url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[int], Release]:
    """A function that starts a release on the database, without checking the schema."""

    def start(number: int) -> Release:
        started = Release(number, url, tmp_path)
        request.addfinalizer(started.database.close)
        return started

    return start


@pytest.mark.parametrize("number", range(1, LATEST))
def test_two_releases_work_at_once_after_the_upgrade_and_after_a_rollback(
    release: Callable[[int], Release], number: int
) -> None:
    # given a running release, with rows written by it and by those before it
    for each in range(1, number + 1):
        release(each).schema.upgrade()
        old = release(each)
        old.write(f"of {each}")
    old.schema.check()
    known = {f"of {each}" for each in range(1, number + 1)}
    # when the next one is deployed beside it
    new = release(number + 1)
    new.schema.upgrade()
    new.schema.check()
    new.write("new")
    old.write("old, beside the new one")
    known |= {"new", "old, beside the new one"}
    assert old.names() == new.names() == known
    # and rolled back
    again = release(number)
    assert again.schema.upgrade() == []
    again.schema.check()
    again.write("after the rollback")
    # and deployed again
    forward = release(number + 1)
    assert forward.schema.upgrade() == []
    forward.schema.check()
    # then both read all rows
    assert again.names() == forward.names() == known | {"after the rollback"}


@pytest.mark.parametrize(("number", "latest"), [(1, 3), (1, 4), (2, 4)])
def test_a_release_that_uses_a_removed_column_refuses_the_schema(
    release: Callable[[int], Release], number: int, latest: int
) -> None:
    release(latest).schema.upgrade()
    with pytest.raises(SchemaMismatch, match="too new for this version"):
        release(number).schema.check()


def test_a_release_refuses_an_older_schema_and_names_the_command(release: Callable[[int], Release]) -> None:
    release(1).schema.upgrade()
    with pytest.raises(SchemaMismatch, match="lacks 0002_name_and_language: run `upgrade`"):
        release(2).schema.check()


def test_the_last_release_has_the_required_columns_and_the_index(release: Callable[[int], Release]) -> None:
    release(1).schema.upgrade()
    release(1).write("of release 1")
    newest = release(LATEST)
    newest.schema.upgrade()
    person = read_schema(newest.database)["person"]
    assert {name for name, column in person.columns.items() if not column.null} == {"id", "name", "phone", "language"}
    assert "full_name" not in person.columns
    assert (("phone",), False) in person.indexes.values()
    assert list(newest.database.execute_sql(READS[4])) == [("of release 1", "en")]
    with pytest.raises(peewee.IntegrityError):
        newest.database.execute_sql("INSERT INTO person (name, phone) VALUES ('no language', '123')")


def test_only_contracts_break_the_previous_version(release: Callable[[int], Release]) -> None:
    schemas = []
    for number in range(1, LATEST + 1):
        release(number).schema.upgrade()
        schemas.append(read_schema(release(number).database))
    found = [breaking_changes(before, after) for before, after in pairwise(schemas)]
    assert found == [
        [],
        ["person.name may no longer be null", "person.language may no longer be null"],
        ["person.full_name is missing"],
    ]
