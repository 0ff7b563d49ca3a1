"""The KPIs, the kits and the doctors on duty, for Prometheus. A figure that isn't known now isn't told."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from records import database
from records.figures import kpis
from records.roster import Roster
from webapp.lab import Lab, LabUnavailable

log = logging.getLogger("webapp.figures")


class Figures(Collector):
    """
    Args:
        below: of fewer people nothing is told.
    """

    def __init__(self, lab: Lab, below: int = 0):
        self._lab = lab
        self._below = below

    def collect(self) -> Iterator[Metric]:
        try:
            yield from self._of_records()
        except database.AWAY as error:
            log.warning("the records can't be asked for figures: %s", type(error).__name__)
        try:
            stock = self._lab.stock()
        except LabUnavailable as error:
            log.warning("the lab can't be asked for its stock: %s", error)
        else:
            yield GaugeMetricFamily("coronacare_kits_in_stock", "Test kits at the lab", stock.kits)

    def _of_records(self) -> Iterator[Metric]:
        family = GaugeMetricFamily("coronacare_kpi", "Over all closed cases", labels=["kpi", "unit"])
        for figure in kpis(below=self._below):
            if figure.value is not None:
                family.add_metric([figure.key, figure.unit], figure.value)
        yield family
        doctors = len(Roster().doctors_on_duty())
        yield GaugeMetricFamily("coronacare_doctors_on_duty", "Doctors on the roster", doctors)
