"""What can't be reached for a while: how long to wait before the next attempt, and when to log it."""

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
# without a failure for so long, the next begins a new outage
FORGOTTEN_AFTER_S = 120.0
JITTER = (0.8, 1.2)


class SafeToLog(Exception):
    """An error whose text has no patient's data."""


class CredentialsRefused(SafeToLog):
    """A server refuses our account, password or API key: only an operator can correct that."""


class Outage:
    """One thing that may be away. May be used from several threads.

    The pause is as long as the outage has lasted: one loop's attempts double it each time, and those of many at once
    don't make it longer.

    Args:
        name: of what is away, for log and metrics.
        first_s: the shortest pause.
        max_s: the longest.
    """

    def __init__(self, name: str, log: logging.Logger, first_s: float = 1.0, max_s: float = 60.0):
        self.name = name
        self._log = log
        self._first_s = first_s
        self._max_s = max_s
        self._guard = threading.Lock()
        self._ended_at = 0.0
        self._start_anew()
        self._start_log_anew()

    def _start_anew(self) -> None:
        self._failures = 0
        self._since = self._last_failure_at = self._retry_at = 0.0
        self._is_logged = False

    def _start_log_anew(self) -> None:
        """Not after each outage: where one of two servers is away, calls fail and succeed by turns."""
        self._log_at = 0.0
        self._log_gap_s = FIRST_LOG_GAP_S
        self._logged: set[type] = set()

    @property
    def is_pausing(self) -> bool:
        """Whether the next attempt isn't due yet."""
        return time.monotonic() < self._retry_at

    def failed(self, error: BaseException, reason: str = "") -> float:
        """Count a failure; returns how long to wait, in seconds.

        Args:
            reason: for the log; without one, the error's text if that is safe, or else its class.
        """
        now = time.monotonic()
        with self._guard:
            if self._failures and now - self._last_failure_at > max(FORGOTTEN_AFTER_S, 2 * self._max_s):
                self._start_anew()
                self._start_log_anew()
            elif not self._failures and now - self._ended_at > FORGOTTEN_AFTER_S:
                self._start_log_anew()
            self._failures += 1
            self._since = self._since or now
            self._last_failure_at = now
            pause_s = min(self._max_s, max(self._first_s, now - self._since)) * random.uniform(*JITTER)
            self._retry_at = now + pause_s
            if self._is_worth_a_line(error, now):
                self._is_logged = True
                self._log.warning("%s: %s; attempts: %d", self.name, reason or describe(error), self._failures)
            return pause_s

    def recovered(self) -> None:
        """End the outage, if there was one."""
        with self._guard:
            if self._failures:
                self._ended_at = time.monotonic()
            if self._is_logged:
                duration_s = self._ended_at - self._since
                self._log.info("%s: works again after %.0f s; attempts: %d", self.name, duration_s, self._failures)
            self._start_anew()

    @property
    def duration_s(self) -> float:
        """How long it has lasted, in seconds; 0 if there is none."""
        with self._guard:
            return time.monotonic() - self._since if self._failures else 0.0

    def _is_worth_a_line(self, error: BaseException, now: float) -> bool:
        """The first of each class of error, and then ever fewer."""
        if type(error) in self._logged and now < self._log_at:
            return False
        if now >= self._log_at:
            self._log_at = now + self._log_gap_s
            self._log_gap_s = min(MAX_LOG_GAP_S, 2 * self._log_gap_s)
        self._logged.add(type(error))
        return True


class OutageMetrics(Collector):
    """How long each of these outages has lasted, for Prometheus; 0 while there is none."""

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
    """An error for the log: its text if that is safe, or else its class."""
    return str(error) if isinstance(error, SafeToLog) else type(error).__name__
