"""Release 1: people have a full name."""

import peewee
from playhouse.migrate import SchemaMigrator


class Person(peewee.Model):
    full_name = peewee.TextField()
    phone = peewee.TextField()


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:
    with db.bind_ctx([Person]):
        db.create_tables([Person])
