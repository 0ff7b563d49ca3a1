"""The tables of the last version without migrations. Databases of that version and of earlier ones keep their data."""

from __future__ import annotations

from copy import copy

import peewee
from playhouse.migrate import SchemaMigrator


class Table(peewee.Model):
    class Meta:
        legacy_table_names = False


class Queued(Table):
    key = peewee.TextField(unique=True)
    state = peewee.TextField(default="waiting", index=True)
    changed_at = peewee.TextField()


class Attempt(Table):
    key = peewee.TextField(unique=True)
    count = peewee.IntegerField()
    since = peewee.TextField(index=True)


class CaseAccess(Table):
    case_reference = peewee.TextField(unique=True)
    code = peewee.TextField(unique=True)
    birth = peewee.TextField()
    reached_by = peewee.TextField(index=True)
    created_at = peewee.TextField()


class CaseRow(Table):
    case_reference = peewee.TextField(unique=True)
    orientation = peewee.TextField(null=True)
    outcome = peewee.TextField(null=True)
    result = peewee.TextField(null=True)
    classification = peewee.TextField(null=True)
    onset_date = peewee.TextField(null=True)
    evaluation_requested_at = peewee.TextField(null=True)
    sample_taken_at = peewee.TextField(null=True, index=True)
    result_told_at = peewee.TextField(null=True, index=True)
    report_published_at = peewee.TextField(null=True, index=True)
    care_completed_at = peewee.TextField(null=True)
    contacts_named = peewee.IntegerField(null=True)
    contacts_named_at = peewee.TextField(null=True)
    contacts_notified = peewee.IntegerField(null=True)
    contacts_notified_in_24_h = peewee.IntegerField(null=True)
    contacts_notified_at = peewee.TextField(null=True)
    came_as_contact = peewee.BooleanField(null=True)
    rating = peewee.IntegerField(null=True)
    correction_number = peewee.IntegerField(default=0)
    closed_at = peewee.TextField(null=True, index=True)
    recorded_at = peewee.TextField()
    invented = peewee.BooleanField(null=True)

    class Meta:
        indexes = ((("outcome", "closed_at"), False),)


class Claim(Table):
    key = peewee.TextField(unique=True)
    until = peewee.TextField()


class DeployedForm(Table):
    name = peewee.TextField(unique=True)
    schema = peewee.TextField()


class Draft(Table):
    owner = peewee.TextField(unique=True)
    content = peewee.TextField()
    changed_at = peewee.TextField(index=True)


class Duty(Table):
    doctor = peewee.TextField(unique=True)
    email = peewee.TextField(null=True)


class Erasure(Queued):
    asked_by = peewee.TextField()
    asked_at = peewee.TextField()
    kept = peewee.BooleanField(null=True)


class Tally(Table):
    span = peewee.TextField()
    figure = peewee.TextField()
    bucket = peewee.TextField()
    count = peewee.BigIntegerField()
    total = peewee.BigIntegerField()

    class Meta:
        primary_key = peewee.CompositeKey("span", "figure", "bucket")


class InventedTally(Tally):
    pass


class Link(Table):
    token = peewee.TextField(unique=True)
    case_reference = peewee.TextField(index=True)
    expires_at = peewee.TextField()


class Message(Queued):
    channel = peewee.TextField()
    recipient = peewee.TextField()
    template = peewee.TextField()
    language = peewee.TextField()


class Session(Table):
    key = peewee.TextField(unique=True)
    content = peewee.TextField()
    changed_at = peewee.TextField(index=True)


class Submission(Queued):
    case_reference = peewee.TextField(index=True)
    form = peewee.TextField()
    content = peewee.TextField()


TABLES = [
    Attempt,
    CaseAccess,
    CaseRow,
    Claim,
    DeployedForm,
    Draft,
    Duty,
    Erasure,
    InventedTally,
    Link,
    Message,
    Session,
    Submission,
    Tally,
]


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:
    with db.bind_ctx(TABLES):
        for table in TABLES:
            if table.table_exists():
                _adopt(migrator, db, table)
        db.create_tables(TABLES)


def _adopt(migrator: SchemaMigrator, db: peewee.Database, table: type[Table]) -> None:
    """Add the columns that a table of an earlier version lacks, and let those that are no longer filled in be null."""
    name = table._meta.table_name
    columns = {column.name: column for column in db.get_columns(name)}
    fields = {field.column_name: field for field in table._meta.sorted_fields}
    for missing in fields.keys() - columns.keys():
        migrator.migrate(migrator.add_column(name, missing, _without_index(fields[missing])))
    for unknown in columns.keys() - fields.keys():
        if not columns[unknown].null:
            migrator.migrate(migrator.drop_not_null(name, unknown))


def _without_index(field: peewee.Field) -> peewee.Field:
    """A copy of the field; its index is created with those of the table."""
    column = copy(field)
    column.index = False
    return column
