"""Outages of a server: back-off between attempts, and rate-limited log lines."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Iterable, Iterator

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

# gaps between log lines of one outage double from the first to the last
FIRST_LOG_GAP_S, MAX_LOG_GAP_S = 10.0, 600.0
# a failure after this time without one starts a new outage
RESET_AFTER_S = 120.0
JITTER = (0.8, 1.2)


class SafeToLog(Exception):
    """An error whose text has no patient's data."""


class CredentialsRefused(SafeToLog):
    """A server refuses our account, password or API key: only an operator can correct that."""


class Outage:
    """State of a server or other dependency that may be unavailable. Thread-safe.

    The pause is the duration of the outage so far: it doubles with each attempt of one loop, and concurrent attempts
    don't increase it.

    Args:
        name: of the dependency, for log and metrics.
        first_s: minimum pause in seconds.
        max_s: maximum pause in seconds.
    """

    def __init__(self, name: str, log: logging.Logger, first_s: float = 1.0, max_s: float = 60.0):
        self.name = name
        self._log = log
        self._first_s = first_s
        self._max_s = max_s
        self._guard = threading.Lock()
        self._ended_at = 0.0
        self._reset()
        self._reset_log()

    def _reset(self) -> None:
        self._failures = 0
        self._since = self._last_failure_at = self._retry_at = 0.0
        self._is_logged = False

    def _reset_log(self) -> None:
        """Reset the log's rate limit; not after each outage: with one of two servers down, failures alternate."""
        self._log_at = 0.0
        self._log_gap_s = FIRST_LOG_GAP_S
        self._logged: set[type] = set()

    @property
    def is_pausing(self) -> bool:
        """Whether the pause before the next attempt lasts."""
        return time.monotonic() < self._retry_at

    def record_failure(self, error: BaseException, reason: str = "") -> float:
        """Record a failure; returns the pause before the next attempt, in seconds.

        Args:
            reason: for the log; by default the error's text if it is safe to log, or its class.
        """
        now = time.monotonic()
        with self._guard:
            if self._failures and now - self._last_failure_at > max(RESET_AFTER_S, 2 * self._max_s):
                self._reset()
                self._reset_log()
            elif not self._failures and now - self._ended_at > RESET_AFTER_S:
                self._reset_log()
            self._failures += 1
            self._since = self._since or now
            self._last_failure_at = now
            pause_s = min(self._max_s, max(self._first_s, now - self._since)) * random.uniform(*JITTER)
            self._retry_at = now + pause_s
            if self._should_log(error, now):
                self._is_logged = True
                self._log.warning("%s: %s; attempts: %d", self.name, reason or describe(error), self._failures)
            return pause_s

    def record_success(self) -> None:
        """End the outage, if there was one."""
        with self._guard:
            if self._failures:
                self._ended_at = time.monotonic()
            if self._is_logged:
                duration_s = self._ended_at - self._since
                self._log.info("%s: works again after %.0f s; attempts: %d", self.name, duration_s, self._failures)
            self._reset()

    @property
    def duration_s(self) -> float:
        """Duration of the current outage, in seconds; 0 if there is none."""
        with self._guard:
            return time.monotonic() - self._since if self._failures else 0.0

    def _should_log(self, error: BaseException, now: float) -> bool:
        """Whether to log an error: the first of each class, then at growing intervals."""
        if type(error) in self._logged and now < self._log_at:
            return False
        if now >= self._log_at:
            self._log_at = now + self._log_gap_s
            self._log_gap_s = min(MAX_LOG_GAP_S, 2 * self._log_gap_s)
        self._logged.add(type(error))
        return True


class OutageMetrics(Collector):
    """Prometheus collector of the durations of these outages."""

    def __init__(self, outages: Iterable[Outage]):
        self._outages = list(outages)

    def collect(self) -> Iterator[Metric]:
        family = GaugeMetricFamily(
            "coronacare_outage_seconds", "Duration of the current outage; 0 while there is none", labels=["what"]
        )
        for outage in self._outages:
            family.add_metric([outage.name], outage.duration_s)
        yield family


def describe(error: BaseException) -> str:
    """Describe an error for the log: by its text if that is safe to log, or its class."""
    return str(error) if isinstance(error, SafeToLog) else type(error).__name__
