"""The tables of the last version without migrations, which are adopted with their data where they exist."""

from __future__ import annotations

import peewee
from playhouse.migrate import SchemaMigrator


class Effect(peewee.Model):
    key = peewee.TextField(unique=True)
    request_hash = peewee.TextField()
    answer = peewee.TextField(null=True)


class Sms(peewee.Model):
    key = peewee.TextField(index=True)
    recipient = peewee.TextField(index=True)
    text = peewee.TextField()


TABLES = [Effect, Sms]


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:
    with db.bind_ctx(TABLES):
        db.create_tables(TABLES)
