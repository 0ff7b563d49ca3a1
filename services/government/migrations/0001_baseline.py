"""The tables of the last version without migrations, which are adopted with their data where they exist."""

from __future__ import annotations

import peewee
from playhouse.migrate import SchemaMigrator


class Effect(peewee.Model):
    key = peewee.TextField(unique=True)
    request_hash = peewee.TextField()
    answer = peewee.TextField(null=True)


class Case(peewee.Model):
    case_reference = peewee.TextField(unique=True)
    given_name = peewee.TextField(default="")
    family_name = peewee.TextField(default="")
    date_of_birth = peewee.TextField(default="")
    email = peewee.TextField(null=True)
    phone = peewee.TextField(null=True)
    exposed_to = peewee.TextField(null=True)
    result = peewee.TextField(null=True)
    erased = peewee.BooleanField(default=False)
    sealed = peewee.TextField(null=True)

    class Meta:
        table_name = "registered_case"


class Contact(peewee.Model):
    case = peewee.ForeignKeyField(Case)
    person = peewee.TextField(index=True)
    name = peewee.TextField()
    email = peewee.TextField(null=True)
    phone = peewee.TextField(null=True)
    language = peewee.TextField()
    relation = peewee.TextField()
    exposure = peewee.TextField()
    last_exposure_date = peewee.TextField()
    health_worker = peewee.BooleanField()
    token = peewee.TextField(unique=True)
    outcome = peewee.TextField(null=True)
    told_at = peewee.DoubleField(null=True)
    call = peewee.TextField(null=True)
    released = peewee.BooleanField(default=False)


TABLES = [Effect, Case, Contact]


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:
    with db.bind_ctx(TABLES):
        db.create_tables(TABLES)
