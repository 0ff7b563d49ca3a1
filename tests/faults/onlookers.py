"""Those who only look while things break: whoever measures, which asks the lab, and a contact, for whom the
government is asked.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests

EVERY_S = 0.5
# a link that the government doesn't know, and one that it can't be asked for
ANSWERS = {"/metrics": {200}, "/contact/unknown": {404, 503}}


@contextmanager
def looking_on(state: Mapping[str, Any]) -> Iterator[None]:
    """They look all the while; each is answered, and never by an error that nobody foresaw."""
    seen: Counter[tuple[str, int]] = Counter()
    stopping = threading.Event()
    looking = [threading.Thread(target=_look, args=[state["webapp"], path, seen, stopping]) for path in ANSWERS]
    for thread in looking:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in looking:
            thread.join()
    print(f"looked at: {', '.join(f'{path} {times} times {status}' for (path, status), times in sorted(seen.items()))}")
    assert {(path, status) for path, status in seen if status not in ANSWERS[path]} == set()
    assert {path for path, _ in seen} == ANSWERS.keys()


def _look(url: str, path: str, seen: Counter[tuple[str, int]], stopping: threading.Event) -> None:
    while not stopping.wait(EVERY_S):
        seen[path, requests.get(url + path, timeout=60).status_code] += 1
