"""Allocated bytes and CPU samples of a recording."""

from __future__ import annotations

from typing import Any

from bench.profile import EXECUTION, HEAP, count_allocated, count_samples


def heap(gc: int, when: str, used: int) -> dict[str, Any]:
    return {"type": HEAP, "values": {"gcId": gc, "when": when, "heapUsed": used}}


def sample(*classes: str) -> dict[str, Any]:
    """A sample with the innermost frame first."""
    frames = [{"method": {"type": {"name": name}}} for name in classes]
    return {"type": EXECUTION, "values": {"stackTrace": {"frames": frames}}}


def test_allocated_is_what_the_heap_grew_by_between_collections() -> None:
    events = [
        heap(8, "After GC", 30),
        heap(8, "Before GC", 80),
        heap(7, "Before GC", 900),
        heap(7, "After GC", 20),
        heap(9, "Before GC", 70),
        heap(9, "After GC", 10),
    ]
    assert count_allocated(events) == (80 - 20) + (70 - 30)


def test_a_sample_belongs_to_the_innermost_part() -> None:
    events = [
        sample("java/lang/String", "org/apache/ibatis/ognl/Ognl", "org/camunda/bpm/engine/impl/cmd/A"),
        sample("org/camunda/bpm/engine/impl/cmd/A", "org/glassfish/jersey/B"),
        sample("java/lang/Thread"),
        {"type": EXECUTION, "values": {"stackTrace": None}},
    ]
    assert count_samples(events) == {"MyBatis": 1, "engine": 1, "other": 2}
