"""Measures the response time of a manager's page."""

from __future__ import annotations

import statistics
import time

from camunda7.forms.browser import Browser

REQUESTS = 15


def measure_page_s(manager: Browser, path: str, requests: int = REQUESTS) -> float:
    """The median response time of a page, in seconds."""
    took = []
    for _ in range(requests):
        began = time.perf_counter()
        assert manager.open(path).status == 200
        took.append(time.perf_counter() - began)
    return statistics.median(took)
