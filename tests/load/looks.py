"""How long a manager's page takes."""

from __future__ import annotations

import statistics
import time

from camunda7.forms.browser import Browser

LOOKS = 15


def opened_in_s(manager: Browser, path: str, looks: int = LOOKS) -> float:
    """The median of some looks at a page."""
    took = []
    for _ in range(looks):
        began = time.perf_counter()
        assert manager.open(path).status == 200
        took.append(time.perf_counter() - began)
    return statistics.median(took)
