"""KPI rows have the watch at home: its start, its end, how it ended, and whether the release was on time."""

import peewee
from playhouse.migrate import SchemaMigrator

TABLE = "case_row"


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:
    texts = ("watch_started_at", "watch_ended_at", "watch_outcome")
    migrator.migrate(
        *(migrator.add_column(TABLE, name, peewee.TextField(null=True)) for name in texts),
        migrator.add_column(TABLE, "released_on_time", peewee.BooleanField(null=True)),
    )
