"""KPI rows have the patient's age group; rows of before have none."""

import peewee
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:
    migrator.migrate(migrator.add_column("case_row", "age_group", peewee.TextField(null=True)))
