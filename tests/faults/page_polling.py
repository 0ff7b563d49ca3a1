"""Polls pages during faults: the metrics, which call the lab, and a contact's page, which calls the government."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests

POLL_INTERVAL_S = 0.5
# 404 for a link that the government doesn't know, 503 while it is unreachable
ALLOWED_STATUSES = {"/metrics": {200}, "/contact/unknown": {404, 503}}


@contextmanager
def polling_pages(state: Mapping[str, Any]) -> Iterator[None]:
    """Poll the pages within the context; then check that each was answered, and with allowed statuses only."""
    counts: Counter[tuple[str, int]] = Counter()
    stopping = threading.Event()
    url = state["webapp"]
    threads = [threading.Thread(target=_poll, args=[url, path, counts, stopping]) for path in ALLOWED_STATUSES]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join()
    print(f"polled: {', '.join(f'{path} {times} times {status}' for (path, status), times in sorted(counts.items()))}")
    assert {(path, status) for path, status in counts if status not in ALLOWED_STATUSES[path]} == set()
    assert {path for path, _ in counts} == ALLOWED_STATUSES.keys()


def _poll(url: str, path: str, counts: Counter[tuple[str, int]], stopping: threading.Event) -> None:
    while not stopping.wait(POLL_INTERVAL_S):
        counts[path, requests.get(url + path, timeout=60).status_code] += 1
