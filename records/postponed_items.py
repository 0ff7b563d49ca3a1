"""Due times of items of the laboratory's feed that couldn't be delivered to their case yet."""

from __future__ import annotations

from collections.abc import Iterable

from records.database import database
from records.queue import Queued, timestamp
from records.retries import RetrySchedule


class PostponedItem(Queued):
    """One item; its key is the id in the laboratory's feed. The row is deleted when the item is delivered."""

    class Meta:
        table_name = "feed_item"


class PostponedItems:
    def due_times(self) -> dict[str, str]:
        """Return the due time of each postponed item, by key."""
        with database.connection_context():
            return {item.key: item.due_at for item in PostponedItem.select()}

    def postpone(self, key: str, schedule: RetrySchedule) -> int:
        """Make an item due again after the schedule's next pause; returns how many attempts have failed."""
        with database.connection_context(), database.atomic():
            PostponedItem.insert(key=key, attempts=1).on_conflict(
                conflict_target=[PostponedItem.key],
                update={PostponedItem.attempts: PostponedItem.attempts + 1, PostponedItem.changed_at: timestamp()},
            ).execute()
            attempts = PostponedItem.get(PostponedItem.key == key).attempts
            PostponedItem.update(due_at=timestamp(schedule.pause(attempts))).where(PostponedItem.key == key).execute()
            return attempts

    def delete(self, keys: Iterable[str]) -> None:
        """Delete items that were delivered or are no longer in the feed."""
        with database.connection_context():
            PostponedItem.delete().where(PostponedItem.key.in_(list(keys))).execute()
