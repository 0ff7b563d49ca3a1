"""How long a paper takes, and how much memory, when 20 people ask for one at the same time."""

from __future__ import annotations

import resource
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from papers.letter import render
from tests.support.letters import write_letter

pytestmark = pytest.mark.verify

CONCURRENT, PAPERS = 20, 400
MAX_P95_S = 5.0
MAX_GROWTH_KB = 120_000


def timed_render(number: int) -> tuple[float, int]:
    """Seconds and bytes of one paper; each has another name and another code."""
    letter = write_letter("ar")
    texts = tuple(replace(text, rows=(("Name", f"Ada {number}"), *text.rows[1:])) for text in letter.texts)
    start = time.perf_counter()
    content = render(replace(letter, texts=texts, url=f"{letter.url}{number}"))
    return time.perf_counter() - start, len(content)


def memory_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def test_papers_are_made_in_seconds_under_load() -> None:
    start = time.perf_counter()
    timed_render(0)
    first_s, before = time.perf_counter() - start, memory_kb()
    alone = [timed_render(number)[0] for number in range(20)]
    start = time.perf_counter()
    with ThreadPoolExecutor(CONCURRENT) as pool:
        rendered = list(pool.map(timed_render, range(PAPERS)))
    total_s, growth = time.perf_counter() - start, memory_kb() - before
    percentiles = statistics.quantiles((seconds for seconds, _ in rendered), n=100)
    print(f"first: {first_s:.2f} s, alone: {statistics.median(alone) * 1000:.0f} ms, {PAPERS / total_s:.0f} per second")
    print(f"{CONCURRENT} at once: median {percentiles[49]:.2f} s, p95 {percentiles[94]:.2f} s")
    print(
        f"bytes: {max(size for _, size in rendered)}, memory: {growth / 1024:.0f} MB more than {before / 1024:.0f} MB"
    )
    assert percentiles[94] < MAX_P95_S
    assert growth < MAX_GROWTH_KB
