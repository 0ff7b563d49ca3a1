"""Metrics of a WSGI application's requests at /metrics, summed over its processes.

Labels are the method and the status only: paths and addresses may identify a patient.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from hosting.periodic import METRICS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# prometheus_client's variable: folder of the metrics of all processes; hosting/gunicorn_worker.py creates it
MULTIPROCESS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
PATH = "/metrics"
TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
REQUESTS = Counter("http_requests", "Requests that were answered", ["method", "status"])
SECONDS = Histogram("http_request_seconds", "Time until a request was answered", buckets=BUCKETS)
# initialised with 0: Prometheus' increase() ignores the first sample of a series
for _method in ("GET", "POST"):
    for _status in ("500", "503"):
        REQUESTS.labels(_method, _status)
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def with_metrics(application: WSGIApplication, collectors: Iterable[Collector] = ()) -> WSGIApplication:
    """Wrap an application: count and time its requests, and serve /metrics.

    Args:
        collectors: of the application's own metrics, called at each scrape.
    """

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == PATH:
            start_response("200 OK", [("Content-Type", TYPE), ("Cache-Control", "no-store")])
            return [_generate_metrics(collectors)]
        started = time.perf_counter()

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Callable[[bytes], object]:
            method = environ["REQUEST_METHOD"]
            REQUESTS.labels(method if method in METHODS else "other", status[:3]).inc()
            SECONDS.observe(time.perf_counter() - started)
            return start_response(status, headers, *more)

        return application(environ, start)

    return answer


def _generate_metrics(collectors: Iterable[Collector]) -> bytes:
    registry = CollectorRegistry()
    if MULTIPROCESS_FOLDER in os.environ:
        MultiProcessCollector(registry)
    else:
        collectors = (REQUESTS, SECONDS, *METRICS, *collectors)
    for collector in collectors:
        registry.register(collector)
    return generate_latest(registry)
