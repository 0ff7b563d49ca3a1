"""The tables of the last version without migrations, which are adopted with their data where they exist."""

from __future__ import annotations

import peewee
from playhouse.migrate import SchemaMigrator


class Effect(peewee.Model):
    key = peewee.TextField(unique=True)
    request_hash = peewee.TextField()
    answer = peewee.TextField(null=True)


class FeedItem(peewee.Model):
    kind = peewee.TextField()
    case_reference = peewee.TextField()
    sample_number = peewee.IntegerField()
    sample_barcode = peewee.TextField(null=True)
    status = peewee.TextField(null=True)
    result = peewee.TextField(null=True)
    acknowledged = peewee.BooleanField(default=False, index=True)


class Order(peewee.Model):
    case_reference = peewee.TextField()
    sample_number = peewee.IntegerField()
    sample_barcode = peewee.TextField(unique=True)
    specimen_type = peewee.TextField()
    priority = peewee.IntegerField()
    state = peewee.TextField(default="ordered", index=True)
    due_at = peewee.DoubleField(null=True)

    class Meta:
        table_name = "lab_order"


class Plan(peewee.Model):
    sample_barcode = peewee.TextField(unique=True)
    result = peewee.TextField()
    after_s = peewee.DoubleField(null=True)


class Release(peewee.Model):
    case_reference = peewee.TextField(unique=True)
    through_sample = peewee.IntegerField()


class Reservation(peewee.Model):
    case_reference = peewee.TextField()
    sample_number = peewee.IntegerField()

    class Meta:
        indexes = ((("case_reference", "sample_number"), True),)


class Stock(peewee.Model):
    kits = peewee.IntegerField(constraints=[peewee.Check("kits >= 0")])


class Waiting(peewee.Model):
    case_reference = peewee.TextField()
    sample_number = peewee.IntegerField()
    priority = peewee.IntegerField()
    since = peewee.DoubleField()

    class Meta:
        indexes = ((("case_reference", "sample_number"), True),)


TABLES = [Effect, FeedItem, Order, Plan, Release, Reservation, Stock, Waiting]


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:
    with db.bind_ctx(TABLES):
        db.create_tables(TABLES)
