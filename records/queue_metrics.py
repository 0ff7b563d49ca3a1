"""Metrics of the queues, for Prometheus."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from peewee import fn

from records.database import database
from records.erasures import Erasure
from records.outbox import HELD, REPLACEMENT, UNDELIVERED, Message
from records.postponed_items import PostponedItem
from records.queue import OPEN, WAITING, Queued, timestamp
from records.submissions import Submission

QUEUES: dict[str, type[Queued]] = {
    "outbox": Message,
    "submissions": Submission,
    "lab_feed": PostponedItem,
    "erasures": Erasure,
}
UNDELIVERED_WINDOW = timedelta(days=1)


@dataclass(frozen=True)
class QueueMetrics:
    """Number of waiting rows, and age of the oldest in seconds."""

    waiting: int
    oldest_s: float


def measure_queues() -> dict[str, QueueMetrics]:
    """Return the metrics of each queue, by name."""
    with database.connection_context():
        return {name: _measure_queue(model) for name, model in QUEUES.items()}


def count_undelivered_messages() -> int:
    """Count messages that became undeliverable within UNDELIVERED_WINDOW and aren't replaced by a call."""
    call = Message.alias()
    calls = call.select().where(call.key == Message.key.concat(REPLACEMENT))
    recent = Message.state.in_(UNDELIVERED) & (Message.changed_at > timestamp(-UNDELIVERED_WINDOW))
    with database.connection_context():
        return Message.select().where(recent, ~fn.EXISTS(calls)).count()


def count_held_messages() -> int:
    """Count messages that an operator must send or discard: records/restoration.py."""
    with database.connection_context():
        return Message.select().where(Message.state == HELD).count()


def retry_now() -> int:
    """Make all waiting rows due now; returns their number."""
    with database.connection_context():
        return sum(
            model.update(due_at=timestamp()).where(model.state == WAITING).execute() for model in QUEUES.values()
        )


def _measure_queue(model: type[Queued]) -> QueueMetrics:
    query = model.select(fn.COUNT(model.id), fn.MIN(model.waiting_since)).where(model.state.in_(OPEN))
    waiting, since = query.scalar(as_tuple=True)
    age_s = (datetime.now(UTC) - datetime.fromisoformat(since)).total_seconds() if since else 0.0
    return QueueMetrics(waiting, max(age_s, 0.0))
