"""Generates docs/reference/metrics.md: each Prometheus metric of our parts, with type, labels and meaning.

Metrics are collected from the parts' collectors; those of the engine are read from EngineMetrics.java.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.registry import Collector

from camunda7.outages import OutageMetrics
from camunda7.worker.metrics import Metrics
from camunda7.worker.threads import DEFECTS
from config.settings import ROOT
from hosting import metrics as hosting
from hosting.certificates import CertificateCollector, Validity
from hosting.clients.lab import Lab, Stock
from hosting.databases import connect_to
from hosting.periodic import METRICS as PERIODIC
from records import database
from services.database import schema_of
from services.lab.gateway import transmissions
from services.lab.metrics import InboxCollector
from services.lab.models import MODELS
from tools.reference.markdown import code, table
from webapp import unusable_forms
from webapp.metrics import WebappCollector

INTRODUCTION = """# Metrics

Written by `make reference` from the code, so change that, not this page; a test compares them. Where each part
answers: [monitor.md](../how-to/monitor.md). What the alerts mean: [alerts.md](alerts.md). Histograms have
the suffixes `_bucket`, `_sum` and `_count`. No label names a person or a case.

Libraries add metrics of their own: `haproxy_…` of the front; `executor_…`, `hikaricp_…`, `http_server_requests_…`,
`tasks_scheduled_…`, `jvm_…` and others of the engine.
"""
HEADER = ("metric", "type", "labels", "meaning")
ENGINE = ROOT / "engine/src/main/java/org/coronacare/engine/EngineMetrics.java"
# new Figures(registry, "external.tasks", "topic", …)
FIGURES = re.compile(r'new Figures\(registry, "([\w.]+)", "(\w+)",')
MEANINGS = {
    "external.tasks": "External tasks that wait or are locked, without those that have an incident",
    "user.tasks": "User tasks that are open",
    "messages.awaited": "Cases that wait for a message",
    "jobs.due": "Jobs that are due: timers and asynchronous continuations",
    "incidents": "Incidents that are open",
}

Row = tuple[str, str, str, str]


class StubLab(Lab):
    """Stub of the laboratory."""

    def __init__(self) -> None:
        super().__init__("", "")

    def stock(self) -> Stock:
        return Stock(kits=0, waiting=0)


def render_page() -> str:
    """Render the page."""
    parts: dict[str, Iterable[Row]] = {
        "engine": _engine_rows(),
        "workers": _collector_rows([*_worker_metrics(), DEFECTS]),
        "webapp": _webapp_rows(),
        "webapp and workers": _collector_rows([OutageMetrics([])]),
        "webapp, lab, government and sms": _collector_rows([hosting.REQUESTS, hosting.SECONDS]),
        "lab": _lab_rows(),
        "webapp, lab and workers: tasks in the background": _collector_rows(PERIODIC),
    }
    texts = [INTRODUCTION]
    for name, rows in parts.items():
        rows = sorted(rows, key=_name)
        texts.append(f"## {name}\n\n{table(HEADER, rows)}")
    return "\n".join(texts)


def _name(row: Row) -> str:
    return row[0].strip("`")


def _engine_rows() -> Iterator[Row]:
    for what, label in FIGURES.findall(ENGINE.read_text(encoding="utf-8")):
        name, meaning = "engine_" + what.replace(".", "_"), MEANINGS[what]
        yield code(name), "gauge", code(label), meaning
        yield code(f"{name}_oldest_seconds"), "gauge", code(label), f"{meaning}: age of the oldest"


def _worker_metrics() -> list[MetricWrapperBase]:
    return [each for each in vars(Metrics()).values() if isinstance(each, MetricWrapperBase)]


def _webapp_rows() -> list[Row]:
    """Return the rows of the webapp, collected with an empty database of the records."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/records.db"
        database.upgrade(url)
        database.open(url)
        try:
            certificate = CertificateCollector(lambda: Validity(datetime.now(UTC), datetime.now(UTC)))
            return [*_collector_rows([WebappCollector(StubLab()), certificate, unusable_forms.LAST_SHOWN])]
        finally:
            database.database.close()


def _lab_rows() -> list[Row]:
    """Return the rows of the lab, collected with an empty database."""
    with tempfile.TemporaryDirectory() as folder:
        lab_database = connect_to(f"sqlite:///{folder}/lab.db")
        schema_of(lab_database, "lab").upgrade()
        lab_database.bind(MODELS)
        return [*_collector_rows([transmissions.RECEIVED, InboxCollector(lab_database)])]


def _collector_rows(collectors: Iterable[Collector]) -> Iterator[Row]:
    for collector in collectors:
        for metric in collector.collect():
            source = collector if isinstance(collector, MetricWrapperBase) else metric
            labels: Iterable[str] = getattr(source, "_labelnames", ())
            name = f"{metric.name}_total" if metric.type == "counter" else metric.name
            yield code(name), metric.type, ", ".join(map(code, labels)), metric.documentation
