"""Prometheus metrics of a worker process. Labels are topics and methods, never data of a case."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from camunda7.worker.threads import DEFECTS

HANDLER_BUCKETS = (0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300)
CALL_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2, 10)
POLL_BUCKETS = (0.005, 0.02, 0.1, 0.5, 2, 10, 30)


class Metrics:
    """Metrics of one runtime, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(DEFECTS)
        self.fetched = self._count("fetched", "Tasks fetched and locked", "topic")
        self.reported = self._count("reported", "Reports that the engine has accepted", "topic", "report")
        self.dropped = self._count("dropped", "Reports of tasks that were deleted or locked by another worker", "topic")
        self.lost_locks = self._count(
            "lost_locks", "Tasks that another worker has locked, or that were deleted", "topic"
        )
        self.call_errors = self._count("call_errors", "Failed calls of the engine", "call")
        self.in_flight = Gauge(
            "worker_tasks_in_flight",
            "Fetched tasks: waiting for a slot, running, or being reported",
            ["state"],
            registry=self.registry,
        )
        self.poll = self._time("poll", "Duration of a poll for tasks, including its wait", POLL_BUCKETS)
        self.handler = self._time("handler", "Duration of a handler's run", HANDLER_BUCKETS, "topic")
        self.report = self._time("report", "Duration of a call that reports a task", CALL_BUCKETS, "report")

    def _count(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"worker_{name}", text, labels, registry=self.registry)

    def _time(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"worker_{name}_seconds", text, labels, registry=self.registry, buckets=buckets)
