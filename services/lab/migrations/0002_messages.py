"""Laboratories' messages, what became of them, and codes that staff mapped; the date of birth in orders."""

from __future__ import annotations

import peewee
from playhouse.migrate import SchemaMigrator


class Transmission(peewee.Model):
    digest = peewee.TextField(unique=True)
    format = peewee.TextField()
    channel = peewee.TextField()
    content = peewee.BlobField(null=True)
    received_at = peewee.DoubleField(index=True)
    total = peewee.IntegerField(null=True)
    decided = peewee.IntegerField(default=0)
    is_processed = peewee.BooleanField(default=False, index=True)

    class Meta:
        table_name = "lab_transmission"


class Decided(peewee.Model):
    transmission_id = peewee.IntegerField(index=True)
    position = peewee.IntegerField()
    place = peewee.TextField()
    sender = peewee.TextField()
    control_id = peewee.TextField()
    fingerprint = peewee.TextField(index=True)
    outcome = peewee.TextField(index=True)
    reason = peewee.TextField()
    observation = peewee.TextField(null=True)
    case_reference = peewee.TextField(null=True, index=True)
    has_task = peewee.BooleanField(default=False)
    decided_at = peewee.DoubleField()

    class Meta:
        table_name = "lab_decided"
        indexes = ((("transmission_id", "position"), True), (("sender", "control_id"), False))


class CodeMapping(peewee.Model):
    sender = peewee.TextField()
    key = peewee.TextField()
    meaning = peewee.TextField()

    class Meta:
        table_name = "lab_code_mapping"
        indexes = ((("sender", "key"), True),)


TABLES = [Transmission, Decided, CodeMapping]


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:
    with db.bind_ctx(TABLES):
        db.create_tables(TABLES)
    migrator.migrate(migrator.add_column("lab_order", "date_of_birth", peewee.TextField(null=True)))
