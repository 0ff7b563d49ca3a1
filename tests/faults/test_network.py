"""The network between the parts: replies lost, black holes, slow bytes, resets, answers that nobody understands."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Mapping

import pytest

from tests.faults.fleet import Fleet
from tests.faults.ground import Ground
from tests.faults.link import Hole, Link, instead, reset, slow
from tests.faults.patients import coming
from tests.faults.run import LONG, Run, scaled, under_way
from tests.support.platform import QUICK

pytestmark = pytest.mark.engine

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


def hole(link: Link, to_server: bool) -> None:
    """Nothing comes through in this direction for a while; then it comes late."""
    held = Hole()
    with link.trouble(**{"to_server" if to_server else "to_client": held}):
        time.sleep(HOLE_S)
    held.fill()


def for_a_while(**trouble: Callable) -> Callable[[Link], None]:
    def make(link: Link) -> None:
        with link.trouble(**trouble):
            time.sleep(SHORT_S)

    return make


TROUBLES: dict[str, Callable[[Link], None]] = {
    "the reply is lost": for_a_while(to_client=reset),
    "reset": for_a_while(to_server=reset),
    "slow to it": for_a_while(to_server=slow(BYTES_PER_S)),
    "slow from it": for_a_while(to_client=slow(BYTES_PER_S)),
    "black hole to it": lambda link: hole(link, to_server=True),
    "black hole from it": lambda link: hole(link, to_server=False),
}
TROUBLES_OF_SERVICES = {
    f"answered by {what}": for_a_while(to_client=instead(answer)) for what, answer in MALFORMED.items()
}


SOME: list[tuple[Way, str]] = [
    (("workers", "lab"), "the reply is lost"),
    (("workers", "government"), "black hole from it"),
    (("workers", "engine"), "the reply is lost"),
    (("webapp", "engine"), "reset"),
    (("government", "mail"), "slow to it"),
    (("workers", "lab"), "answered by half of it"),
]


def all_troubles(links: Mapping[Way, Link]) -> list[tuple[Way, str]]:
    """Each link with each trouble that it may have, in an order that the seed says."""
    found = list(itertools.product(links, TROUBLES))
    found += itertools.product([way for way in links if way[1] in ("lab", "government")], TROUBLES_OF_SERVICES)
    random.Random(SEED).shuffle(found)
    return found


def troubled(ground: Ground, run: Run, way: Way, what: str) -> None:
    """Make trouble; what had to wait for its end goes on soon after."""
    link = ground.links[way]
    met = link.met
    (TROUBLES | TROUBLES_OF_SERVICES)[what](link)
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
    workers = Fleet(ground.parts["workers"], 2, ground.logs)
    with workers, under_way(ground.state, ground.ledgers, cases=0) as run, coming(ground, run):
        for way, what in scaled(SOME, all_troubles(ground.links)):
            run.driver.start(CASES_FOR_EACH)
            time.sleep(PAUSE_S)
            troubled(ground, run, way, what)
    run.report().is_sound()
