"""Response times and errors of the visitors of the pages."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass, field

import requests

BUSY = 503


@dataclass
class LoadResult:
    """Response times in seconds, and errors.

    Attributes:
        sent: references of the cases whose pre-screening was accepted.
        pages_s: response times of the pre-screening's pages, without refused requests.
        refused_s: response times of the 503s.
        advice_s: response times of the pages of advice.
        wrong: number of errors by kind: other statuses, no answer, a 503 without Retry-After, advice that was refused.
        lasted_s: from the first request to the last response.
        late_s: maximum delay of a visitor behind the schedule, because the load generator itself was busy.
    """

    sent: list[str] = field(default_factory=list)
    pages_s: list[float] = field(default_factory=list)
    refused_s: list[float] = field(default_factory=list)
    advice_s: list[float] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)
    lasted_s: float = 0
    late_s: float = 0

    def page(self, answer: requests.Response) -> None:
        """Record a response of a pre-screening."""
        if answer.status_code == BUSY:
            self.refused_s.append(answer.elapsed.total_seconds())
            self.wrong["no Retry-After"] += "Retry-After" not in answer.headers
        else:
            self.pages_s.append(answer.elapsed.total_seconds())
            self.wrong[f"page: {answer.status_code}"] += answer.status_code >= 400

    def advice(self, answer: requests.Response) -> None:
        """Record a response of a page of advice."""
        self.advice_s.append(answer.elapsed.total_seconds())
        self.wrong[f"advice: {answer.status_code}"] += answer.status_code != requests.codes.ok

    @property
    def sent_per_s(self) -> float:
        return len(self.sent) / self.lasted_s

    def __str__(self) -> str:
        text = f"{len(self.sent)} sent, {self.sent_per_s:.2f} a second"
        for name, values in (("pages", self.pages_s), ("503s", self.refused_s), ("of advice", self.advice_s)):
            text += f"; {len(values)} {name} {_format_times(values)}" if len(values) > 1 else ""
        return text


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


def _format_times(values: list[float]) -> str:
    median, high, longest = (1000 * value for value in (statistics.median(values), p95(values), max(values)))
    return f"(median {median:.0f} ms, 95 % {high:.0f}, longest {longest:.0f})"
