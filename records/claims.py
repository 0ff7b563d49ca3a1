"""Claims: whoever takes a key may act on it alone, until the claim runs out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import peewee

from records.database import Table, database


class Claim(Table):
    key = peewee.TextField(unique=True)
    until = peewee.TextField()


class Claims:
    def take(self, key: str, for_s: float) -> bool:
        """Take a key for so many seconds; False when somebody else has it."""
        now = datetime.now(UTC)
        until = (now + timedelta(seconds=for_s)).isoformat(timespec="microseconds")
        with database.connection_context():
            taken = Claim.insert(key=key, until=until).on_conflict(
                conflict_target=[Claim.key],
                update={Claim.until: until},
                where=Claim.until < now.isoformat(timespec="microseconds"),
            )
            return taken.as_rowcount().execute() == 1

    def give_back(self, key: str) -> None:
        with database.connection_context():
            Claim.delete().where(Claim.key == key).execute()
