"""Faults of the network between the parts: lost replies, black holes, slow bytes, resets, malformed answers."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Mapping

import pytest

from tests.faults.fleet import Fleet
from tests.faults.link import BlackHole, Fault, Link, ReplacedAnswer, Reset, Slow
from tests.faults.page_polling import polling_pages
from tests.faults.patients import submitting_patients
from tests.faults.run import LONG, Run, running_cases, scaled
from tests.faults.system import SystemUnderTest
from tests.support.platform import FAST_SETTINGS

pytestmark = [pytest.mark.engine, pytest.mark.verify]

Direction = tuple[str, str]

# longer than the clients' timeouts
HOLE_S = scaled(11.0, 30.0)
SHORT_S = scaled(2.0, 5.0)
BYTES_PER_S = 200
CASES_FOR_EACH = scaled(2, 7)
PAUSE_S = scaled(1.0, 5.0)
CAUGHT_UP_WITHIN_S = float(FAST_SETTINGS["workers", "lock_s"]) + 5
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


FAULTS: dict[str, Callable[[], dict[str, Fault]]] = {
    "the reply is lost": lambda: {"to_client": Reset()},
    "reset": lambda: {"to_server": Reset()},
    "slow to it": lambda: {"to_server": Slow(BYTES_PER_S)},
    "slow from it": lambda: {"to_client": Slow(BYTES_PER_S)},
    "black hole to it": lambda: {"to_server": BlackHole()},
    "black hole from it": lambda: {"to_client": BlackHole()},
}
FAULTS_OF_SERVICES: dict[str, Callable[[], dict[str, Fault]]] = {
    f"answered by {what}": lambda answer=answer: {"to_client": ReplacedAnswer(answer)}
    for what, answer in MALFORMED.items()
}
SOME: list[tuple[Direction, str]] = [
    (("workers", "lab"), "the reply is lost"),
    (("workers", "government"), "black hole from it"),
    (("workers", "engine"), "the reply is lost"),
    (("webapp", "engine"), "reset"),
    (("government", "mail"), "slow to it"),
    (("workers", "lab"), "answered by half of it"),
    (("webapp", "government"), "answered by nothing"),
]


def all_faults(links: Mapping[Direction, Link]) -> list[tuple[Direction, str]]:
    """Each link with each fault that it may have, in an order given by the seed."""
    found = list(itertools.product(links, FAULTS))
    to_services = [direction for direction in links if direction[1] in ("lab", "government")]
    found += itertools.product(to_services, FAULTS_OF_SERVICES)
    random.Random(SEED).shuffle(found)
    return found


def wait_for_traffic(link: Link, before: int, run: Run) -> None:
    """Start cases until the fault has affected something."""
    for _ in range(180):
        if link.affected > before:
            return
        run.driver.start(1)
        time.sleep(1)
    raise AssertionError("the link has no traffic")


def inject(system: SystemUnderTest, run: Run, direction: Direction, what: str) -> None:
    """Inject a fault, and wait until the tasks that were open at its end are completed."""
    link = system.links[direction]
    before = link.affected
    with link.inject(**(FAULTS | FAULTS_OF_SERVICES)[what]()):
        wait_for_traffic(link, before, run)
        time.sleep(HOLE_S if "hole" in what else SHORT_S)
    ended = time.monotonic()
    waiting = run.driver.external_tasks()
    affected = link.affected - before
    run.add_faults(affected)
    while run.driver.external_tasks() & waiting:
        assert time.monotonic() - ended < 120, f"{direction}, {what}: tasks aren't completed"
        time.sleep(0.1)
    took = time.monotonic() - ended
    run.add_recovery(took)
    print(f"{' → '.join(direction)}: {what}: {affected} affected, {len(waiting)} tasks completed within {took:.1f} s")
    if LONG:
        assert took < CAUGHT_UP_WITHIN_S


def test_cases_complete_despite_every_network_fault(system: SystemUnderTest) -> None:
    workers, looking = Fleet(system.parts["workers"], 2, system.logs), polling_pages(system.state)
    with (
        workers,
        running_cases(system.state, system.ledgers, cases=0) as run,
        submitting_patients(system, run),
        looking,
    ):
        for direction, what in scaled(SOME, all_faults(system.links)):
            run.driver.start(CASES_FOR_EACH)
            time.sleep(PAUSE_S)
            inject(system, run, direction, what)
    run.report().check()
