"""Papers that were issued to patients, checks of their codes, and who of the staff printed them."""

import peewee
from playhouse.migrate import SchemaMigrator


class Table(peewee.Model):
    class Meta:
        legacy_table_names = False


class IssuedPaper(Table):
    serial = peewee.TextField(unique=True)
    case_reference = peewee.TextField()
    kind = peewee.TextField()
    content = peewee.TextField()
    correction = peewee.IntegerField()
    issued_at = peewee.TextField(index=True)

    class Meta:
        indexes = ((("case_reference", "content", "correction"), True),)


class PaperCheck(Table):
    case_reference = peewee.TextField(index=True)
    serial = peewee.TextField()
    kind = peewee.TextField()
    day = peewee.TextField()
    count = peewee.IntegerField()
    last_at = peewee.TextField(index=True)

    class Meta:
        indexes = ((("serial", "day"), True),)


class PaperPrint(Table):
    case_reference = peewee.TextField(index=True)
    kind = peewee.TextField()
    account = peewee.TextField()
    printed_at = peewee.TextField(index=True)


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:
    models = [IssuedPaper, PaperCheck, PaperPrint]
    with db.bind_ctx(models):
        db.create_tables(models)
