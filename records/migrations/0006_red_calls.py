"""KPI rows have the longest time from a red day to the doctor's call, in seconds."""

import peewee
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:
    migrator.migrate(migrator.add_column("case_row", "red_to_call_s", peewee.IntegerField(null=True)))
