"""The laboratory whose key a message was sent with."""

import peewee
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:
    migrator.migrate(migrator.add_column("lab_transmission", "laboratory", peewee.TextField(null=True)))
