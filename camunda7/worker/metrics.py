"""What a worker process counts and times, for Prometheus. Labels are topics and methods, never anything of a case."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from camunda7.worker.threads import DEFECTS

HANDLER_BUCKETS = (0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300)
CALL_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2, 10)
POLL_BUCKETS = (0.005, 0.02, 0.1, 0.5, 2, 10, 30)


class Metrics:
    """The figures of one runtime, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(DEFECTS)
        self.fetched = self._count("fetched", "Tasks fetched and locked", "topic")
        self.reported = self._count("reported", "Reports that the engine has taken", "topic", "report")
        self.dropped = self._count("dropped", "Reports of tasks that were gone or another worker's", "topic")
        self.lost_locks = self._count("lost_locks", "Tasks whose lock went to another worker, or that ended", "topic")
        self.call_errors = self._count("call_errors", "Calls that the engine did not answer well", "call")
        self.in_flight = Gauge(
            "worker_tasks_in_flight",
            "Tasks in hand: waiting for a slot, running, or being reported",
            ["state"],
            registry=self.registry,
        )
        self.poll = self._time("poll", "A poll for tasks, waiting included", POLL_BUCKETS)
        self.handler = self._time("handler", "A handler's run", HANDLER_BUCKETS, "topic")
        self.report = self._time("report", "One call that reports a task's end", CALL_BUCKETS, "report")

    def _count(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"worker_{name}", text, labels, registry=self.registry)

    def _time(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"worker_{name}_seconds", text, labels, registry=self.registry, buckets=buckets)
