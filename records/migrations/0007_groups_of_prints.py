"""A print has the groups of the person who printed: the engine doesn't know them for ever."""

import peewee
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:
    migrator.migrate(migrator.add_column("paper_print", "groups", peewee.TextField(null=True)))
