"""Release 2 expands: `full_name` is renamed to `name`, `language` will be required, telephones get an index."""

import peewee
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:
    migrator.migrate(
        migrator.add_column("person", "name", peewee.TextField(null=True)),
        migrator.add_column("person", "language", peewee.TextField(null=True)),
        migrator.add_index("person", ["phone"]),
    )
