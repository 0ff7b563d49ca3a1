"""Figures of everything that waits to be processed, for Prometheus."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from peewee import fn

from records.database import database
from records.erasures import Erasure
from records.feed_items import FeedItem
from records.outbox import REPLACEMENT, UNDELIVERED, Message
from records.queue import OPEN, WAITING, Queued, timestamp
from records.submissions import Submission

QUEUES: dict[str, type[Queued]] = {
    "outbox": Message,
    "submissions": Submission,
    "lab_feed": FeedItem,
    "erasures": Erasure,
}
UNDELIVERED_FOR = timedelta(days=1)


@dataclass(frozen=True)
class QueueFigures:
    """How many rows wait, and for how long the oldest has, in seconds."""

    waiting: int
    oldest_s: float


def queue_figures() -> dict[str, QueueFigures]:
    """Figures by name of the queue."""
    with database.connection_context():
        return {name: _figures_of(model) for name, model in QUEUES.items()}


def undelivered_messages() -> int:
    """Messages that became undeliverable within a day, and that no call replaces."""
    call = Message.alias()
    calls = call.select().where(call.key == Message.key.concat(REPLACEMENT))
    recent = Message.state.in_(UNDELIVERED) & (Message.changed_at > timestamp(-UNDELIVERED_FOR))
    with database.connection_context():
        return Message.select().where(recent, ~fn.EXISTS(calls)).count()


def retry_now() -> int:
    """Make everything that waits due at once; returns how many rows that are."""
    with database.connection_context():
        return sum(
            model.update(due_at=timestamp()).where(model.state == WAITING).execute() for model in QUEUES.values()
        )


def _figures_of(model: type[Queued]) -> QueueFigures:
    query = model.select(fn.COUNT(model.id), fn.MIN(model.waiting_since)).where(model.state.in_(OPEN))
    waiting, since = query.scalar(as_tuple=True)
    age_s = (datetime.now(UTC) - datetime.fromisoformat(since)).total_seconds() if since else 0.0
    return QueueFigures(waiting, max(age_s, 0.0))
