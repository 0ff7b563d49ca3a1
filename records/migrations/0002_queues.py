"""Rows of the queues count attempts, have a due time and an age; items of the lab's feed that wait have a table."""

import peewee
from playhouse.migrate import SchemaMigrator

QUEUES = {
    "message": "UPDATE message SET waiting_since = changed_at",
    "submission": "UPDATE submission SET waiting_since = changed_at",
    "erasure": "UPDATE erasure SET waiting_since = changed_at",
}


class FeedItem(peewee.Model):
    key = peewee.TextField(unique=True)
    state = peewee.TextField(default="waiting", index=True)
    changed_at = peewee.TextField()
    attempts = peewee.IntegerField(constraints=[peewee.SQL("DEFAULT 0")])
    due_at = peewee.TextField(constraints=[peewee.SQL("DEFAULT ''")])
    waiting_since = peewee.TextField(null=True)

    class Meta:
        legacy_table_names = False


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:
    for table, backfill in QUEUES.items():
        for name in ("attempts", "due_at"):
            migrator.migrate(migrator.add_column(table, name, getattr(FeedItem, name), allow_not_null=True))
        migrator.migrate(migrator.add_column(table, "waiting_since", FeedItem.waiting_since))
        db.execute_sql(backfill)
    with db.bind_ctx([FeedItem]):
        db.create_tables([FeedItem])
