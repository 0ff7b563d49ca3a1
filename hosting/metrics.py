"""Counts and times what an application answers, for Prometheus at /metrics: over all processes that serve it.

Nothing of a request is told but its method and what became of it.
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

# names the folder in which the processes of a server share their figures; hosting/gunicorn_worker.py makes it
SHARED = "PROMETHEUS_MULTIPROC_DIR"
PATH = "/metrics"
TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
REQUESTS = Counter("http_requests", "Requests that were answered", ["method", "status"])
SECONDS = Histogram("http_request_seconds", "Time until a request was answered", buckets=BUCKETS)
# known from the beginning: of what wasn't there before, Prometheus sees no increase
for _method in ("GET", "POST"):
    for _status in ("500", "503"):
        REQUESTS.labels(_method, _status)
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def measured(application: WSGIApplication, own: Iterable[Collector] = ()) -> WSGIApplication:
    """The application, with its figures beside it.

    Args:
        own: figures of the application's own, collected as they are asked for.
    """

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == PATH:
            start_response("200 OK", [("Content-Type", TYPE), ("Cache-Control", "no-store")])
            return [_figures(own)]
        began = time.perf_counter()

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Callable[[bytes], object]:
            method = environ["REQUEST_METHOD"]
            REQUESTS.labels(method if method in METHODS else "other", status[:3]).inc()
            SECONDS.observe(time.perf_counter() - began)
            return start_response(status, headers, *more)

        return application(environ, start)

    return answer


def _figures(own: Iterable[Collector]) -> bytes:
    registry = CollectorRegistry()
    if SHARED in os.environ:
        MultiProcessCollector(registry)
    else:
        own = (REQUESTS, SECONDS, *METRICS, *own)
    for collector in own:
        registry.register(collector)
    return generate_latest(registry)
