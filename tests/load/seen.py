"""What visitors of the pages met with, and its figures."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass, field

import requests

BUSY = 503


@dataclass
class Seen:
    """Times in seconds.

    Attributes:
        sent: references of the cases whose pre-screening was taken.
        pages_s: how long each page took of those who were let in.
        refused_s: how long each 503 took.
        advice_s: how long each page of advice took.
        wrong: what should not have been, and how often: other errors, no answer, a 503 that doesn't say when to come
            back, advice that was refused.
        lasted_s: from the first visitor's coming to the last one's leaving.
        late_s: how much later than planned one came, at most: for so long the load itself had something else to do.
    """

    sent: list[str] = field(default_factory=list)
    pages_s: list[float] = field(default_factory=list)
    refused_s: list[float] = field(default_factory=list)
    advice_s: list[float] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)
    lasted_s: float = 0
    late_s: float = 0

    def page(self, answer: requests.Response) -> None:
        """A page of whoever wants to be screened."""
        if answer.status_code == BUSY:
            self.refused_s.append(answer.elapsed.total_seconds())
            self.wrong["no Retry-After"] += "Retry-After" not in answer.headers
        else:
            self.pages_s.append(answer.elapsed.total_seconds())
            self.wrong[f"page: {answer.status_code}"] += answer.status_code >= 400

    def advice(self, answer: requests.Response) -> None:
        """A page of advice."""
        self.advice_s.append(answer.elapsed.total_seconds())
        self.wrong[f"advice: {answer.status_code}"] += answer.status_code != requests.codes.ok

    @property
    def sent_per_s(self) -> float:
        return len(self.sent) / self.lasted_s

    def __str__(self) -> str:
        told = f"{len(self.sent)} sent, {self.sent_per_s:.2f} a second"
        for name, values in (("pages", self.pages_s), ("503s", self.refused_s), ("of advice", self.advice_s)):
            told += f"; {len(values)} {name} {_in_words(values)}" if len(values) > 1 else ""
        return told


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


def _in_words(values: list[float]) -> str:
    median, most, longest = (1000 * value for value in (statistics.median(values), p95(values), max(values)))
    return f"(median {median:.0f} ms, 95 % {most:.0f}, longest {longest:.0f})"
