"""Release 3 contracts: release 2 writes `name` and `language`, and release 1 no longer runs."""

import peewee
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:
    db.execute_sql("UPDATE person SET name = full_name WHERE name IS NULL")
    db.execute_sql("UPDATE person SET language = 'en' WHERE language IS NULL")
    migrator.migrate(
        migrator.add_not_null("person", "name"),
        migrator.add_not_null("person", "language"),
        # no longer written
        migrator.drop_not_null("person", "full_name"),
    )
