"""Release 4 contracts: no running version reads `full_name`."""

import peewee
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:
    migrator.migrate(migrator.drop_column("person", "full_name"))
