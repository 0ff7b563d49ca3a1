"""Metrics of the KPIs, targets, the records' queues, the lab's stock and the doctors on duty, for Prometheus.

Metrics whose source is unavailable are left out of the scrape.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from camunda7.outages import Outage
from hosting.clients.lab import Lab
from hosting.clients.service import ServiceError
from hosting.databases import DATABASE_ERRORS
from kpi.indicators import compute_kpis
from records.health import describe
from records.queue_metrics import count_held_messages, count_undelivered_messages, measure_queues
from records.roster import Roster
from webapp.staff.waits import TARGETS

log = logging.getLogger("webapp.metrics")


class WebappCollector(Collector):
    """Collects the metrics at each scrape.

    Args:
        suppress_below: minimum number of people of a KPI; smaller ones are suppressed.
        targets: by name in the settings.
    """

    def __init__(self, lab: Lab, suppress_below: int = 0, targets: Mapping[str, Any] | None = None):
        self._lab = lab
        self._targets = targets or {}
        self._suppress_below = suppress_below
        self._records_outage = Outage("figures of the records", log)
        self._lab_outage = Outage("stock of the lab", log)

    def collect(self) -> Iterator[Metric]:
        yield self._collect_targets()
        try:
            yield from self._collect_records()
        except DATABASE_ERRORS as error:
            self._records_outage.record_failure(error, describe(error))
        else:
            self._records_outage.record_success()
        try:
            stock = self._lab.stock()
        except ServiceError as error:
            self._lab_outage.record_failure(error)
        else:
            self._lab_outage.record_success()
            yield GaugeMetricFamily("coronacare_kits_in_stock", "Test kits at the lab", stock.kits)

    def _collect_targets(self) -> Metric:
        family = GaugeMetricFamily(
            "coronacare_wait_target_seconds", "Target of the longest wait at a step", labels=["step"]
        )
        for step, name in TARGETS.items():
            if (target := self._targets.get(name)) is not None:
                family.add_metric([step], target.total_seconds())
        return family

    def _collect_records(self) -> Iterator[Metric]:
        family = GaugeMetricFamily("coronacare_kpi", "KPIs over all closed cases", labels=["kpi", "unit"])
        for figure in compute_kpis(below=self._suppress_below):
            if figure.value is not None:
                family.add_metric([figure.key, figure.unit], figure.value)
        yield family
        doctors = len(Roster().doctors_on_duty())
        yield GaugeMetricFamily("coronacare_doctors_on_duty", "Doctors on duty, by the roster", doctors)
        yield from self._collect_queues()

    def _collect_queues(self) -> Iterator[Metric]:
        waiting = GaugeMetricFamily(
            "coronacare_queue_waiting", "Rows of the records that wait to be processed", labels=["queue"]
        )
        oldest = GaugeMetricFamily(
            "coronacare_queue_oldest_seconds", "Age of the oldest row that waits", labels=["queue"]
        )
        for queue, figures in measure_queues().items():
            waiting.add_metric([queue], figures.waiting)
            oldest.add_metric([queue], figures.oldest_s)
        yield from (waiting, oldest)
        yield GaugeMetricFamily(
            "coronacare_messages_undelivered",
            "Messages given up in the last day that no call replaces",
            count_undelivered_messages(),
        )
        yield GaugeMetricFamily(
            "coronacare_messages_held",
            "Messages that an operator must send or discard after a restore",
            count_held_messages(),
        )
