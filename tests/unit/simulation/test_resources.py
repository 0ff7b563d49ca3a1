"""Queues by priority and age, shifts, and the stock of kits."""

from datetime import UTC, datetime

import pytest

from simulation.resources import HOUR_MS, KitStock, Pool, Queue, Request
from simulation.scenario import Shift


def request(name: str, priority: int = 40, ready_ms: int = 0) -> Request:
    return Request(name, "step", "S-1", priority, 0, lambda: None, ready_ms)


def test_the_highest_priority_is_first_and_then_the_oldest() -> None:
    queue = Queue()
    for each in (request("young", 40, 2), request("urgent", 90, 3), request("old", 40, 1)):
        queue.add(each)
    assert [queue.pop().id for _ in range(3)] == ["urgent", "old", "young"]


def test_a_raised_priority_counts_and_a_removed_request_is_skipped() -> None:
    queue = Queue()
    for each in (request("first"), request("second"), request("third")):
        queue.add(each)
    queue.raise_priority("third", 100)
    queue.remove("first")
    assert [queue.pop().id, queue.pop().id] == ["third", "second"]
    assert len(queue) == 0


@pytest.mark.parametrize(("hour", "places"), [(7, 1), (8, 3), (19, 3), (20, 1), (0, 1)])
def test_a_shift_may_cross_midnight(hour: int, places: int) -> None:
    day = Shift(number=3, since="08:00", until="20:00")
    night = Shift(number=1, since="20:00", until="08:00")
    pool = Pool("doctors", (day, night))
    assert pool.count_places(datetime(2026, 3, 2, hour, tzinfo=UTC)) == places
    assert pool.available_ms_per_day() == (3 * 12 + 12) * HOUR_MS


def test_kits_are_granted_by_priority_when_they_are_delivered() -> None:
    stock = KitStock(1)
    assert stock.reserve(request("S-1/1", ready_ms=5))
    assert not stock.reserve(request("S-2/1", 40, 6))
    assert not stock.reserve(request("S-3/1", 90, 7))
    assert [each.id for each in stock.add(1)] == ["S-3/1"]
    assert stock.first_empty_ms == 6
    assert stock.reserved == {"S-1/1", "S-3/1"}
    # the engine asks again after an hour
    assert not stock.reserve(request("S-2/1", 40, 9))
    assert (len(stock.queue), stock.requested, stock.granted) == (1, 3, 2)
