"""Metrics of laboratories' messages, for Prometheus."""

from __future__ import annotations

import time
from collections.abc import Iterable

import peewee
from peewee import fn
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from hosting.databases import DATABASE_ERRORS
from services.lab.gateway.matching import Outcome
from services.lab.models import Decided, Transmission


class InboxCollector(Collector):
    """Collects the sizes and ages of what waits, at each scrape; nothing while the database can't be reached."""

    def __init__(self, database: peewee.Database):
        self._database = database

    def collect(self) -> Iterable[Metric]:
        try:
            with self._database.connection_context():
                items = _measure(Decided.decided_at, Decided.outcome == Outcome.INBOX)
                unread = _measure(Transmission.received_at, ~Transmission.is_processed)
        except DATABASE_ERRORS:
            return
        yield GaugeMetricFamily("lab_inbox_items", "Results on which staff must decide", items[0])
        yield GaugeMetricFamily("lab_inbox_oldest_seconds", "Age of the oldest of them", items[1])
        yield GaugeMetricFamily("lab_messages_unread", "Stored messages that aren't read yet", unread[0])
        yield GaugeMetricFamily("lab_messages_unread_oldest_seconds", "Age of the oldest of them", unread[1])


def _measure(since: peewee.DoubleField, condition: object) -> tuple[int, float]:
    query = since.model.select(fn.COUNT(since), fn.MIN(since)).where(condition)
    number, oldest = query.scalar(as_tuple=True)
    return number, max(time.time() - oldest, 0.0) if oldest else 0.0
