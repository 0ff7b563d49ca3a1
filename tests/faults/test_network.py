"""The network between the parts: replies lost, black holes, slow bytes, resets, answers that nobody understands."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Mapping

import pytest

from tests.faults.fleet import Fleet
from tests.faults.ground import Ground
from tests.faults.link import Hole, Instead, Link, Reset, Slow, Trouble
from tests.faults.onlookers import looking_on
from tests.faults.patients import coming
from tests.faults.run import LONG, Run, scaled, under_way
from tests.support.platform import QUICK

pytestmark = [pytest.mark.engine, pytest.mark.verify]

Way = tuple[str, str]

# longer than anybody waits for an answer
HOLE_S = scaled(11.0, 30.0)
SHORT_S = scaled(2.0, 5.0)
BYTES_PER_S = 200
CASES_FOR_EACH = scaled(2, 7)
PAUSE_S = scaled(1.0, 5.0)
CAUGHT_UP_WITHIN_S = float(QUICK["workers", "lock_s"]) + 5
SEED = 20201126

HTTP = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
MALFORMED = {
    "nothing": HTTP % (0, b""),
    "a page": HTTP % (26, b"<h1>Sign in to our Wi-Fi</h1>"[:26]),
    "half of it": HTTP % (500, b'{"items": [{"id": 1, '),
    "a list": HTTP % (2, b"[]"),
    "no HTTP": b"\x15\x03\x01\x00\x02\x02\x16",
    "a gateway's": b"HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
}


TROUBLES: dict[str, Callable[[], dict[str, Trouble]]] = {
    "the reply is lost": lambda: {"to_client": Reset()},
    "reset": lambda: {"to_server": Reset()},
    "slow to it": lambda: {"to_server": Slow(BYTES_PER_S)},
    "slow from it": lambda: {"to_client": Slow(BYTES_PER_S)},
    "black hole to it": lambda: {"to_server": Hole()},
    "black hole from it": lambda: {"to_client": Hole()},
}
TROUBLES_OF_SERVICES: dict[str, Callable[[], dict[str, Trouble]]] = {
    f"answered by {what}": lambda answer=answer: {"to_client": Instead(answer)} for what, answer in MALFORMED.items()
}
SOME: list[tuple[Way, str]] = [
    (("workers", "lab"), "the reply is lost"),
    (("workers", "government"), "black hole from it"),
    (("workers", "engine"), "the reply is lost"),
    (("webapp", "engine"), "reset"),
    (("government", "mail"), "slow to it"),
    (("workers", "lab"), "answered by half of it"),
    (("webapp", "government"), "answered by nothing"),
]


def all_troubles(links: Mapping[Way, Link]) -> list[tuple[Way, str]]:
    """Each link with each trouble that it may have, in an order that the seed says."""
    found = list(itertools.product(links, TROUBLES))
    found += itertools.product([way for way in links if way[1] in ("lab", "government")], TROUBLES_OF_SERVICES)
    random.Random(SEED).shuffle(found)
    return found


def wait_for_traffic(link: Link, met: int, run: Run) -> None:
    """Until something meets with the trouble; cases are started for it."""
    for _ in range(180):
        if link.met > met:
            return
        run.driver.start(1)
        time.sleep(1)
    raise AssertionError("nothing comes this way")


def troubled(ground: Ground, run: Run, way: Way, what: str) -> None:
    """Make trouble; what had to wait for its end goes on soon after."""
    link = ground.links[way]
    met = link.met
    with link.trouble(**(TROUBLES | TROUBLES_OF_SERVICES)[what]()):
        wait_for_traffic(link, met, run)
        time.sleep(HOLE_S if "hole" in what else SHORT_S)
    ended = time.monotonic()
    waiting = run.driver.external_tasks()
    run.broke(link.met - met)
    while run.driver.external_tasks() & waiting:
        assert time.monotonic() - ended < 120, f"{way}, {what}: nothing goes on"
        time.sleep(0.1)
    took = time.monotonic() - ended
    run.recovered(took)
    print(f"{' → '.join(way)}: {what}: met {link.met - met}, {len(waiting)} tasks waited, done {took:.1f} s later")
    if LONG:
        assert took < CAUGHT_UP_WITHIN_S


def test_the_network_fails_in_every_way(ground: Ground) -> None:
    workers, looking = Fleet(ground.parts["workers"], 2, ground.logs), looking_on(ground.state)
    with workers, under_way(ground.state, ground.ledgers, cases=0) as run, coming(ground, run), looking:
        for way, what in scaled(SOME, all_troubles(ground.links)):
            run.driver.start(CASES_FOR_EACH)
            time.sleep(PAUSE_S)
            troubled(ground, run, way, what)
    run.report().is_sound()
