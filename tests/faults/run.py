"""Cases on their way while things break, and what became of them.

FAULTS=long (`make faults`) breaks more of everything.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from camunda7.variables import ENGINE_TIME
from processes.engine import Engine
from tests.faults.driver import Driver
from tests.faults.ledger import Ledger
from tests.faults.report import Messages, Report, calls_twice, contacts_of, done_after, effects_of
from tests.support.case import described, eventually

T = TypeVar("T")

LONG = bool(os.environ.get("FAULTS"))


def scaled(short: T, long: T) -> T:
    """How much of something there is in `make verify`, and how much in `make faults`."""
    return long if LONG else short


CASES = scaled(10, 500)
# longer than any outage of these tests
IDLE_S = scaled(150, 600)


@dataclass(frozen=True)
class Hit:
    """A fault, and the external tasks that it hit."""

    at: float
    tasks: list[str]


class Run:
    """What happens to the cases.

    Args:
        state: where everything is, as .run/state.json says.
        ledgers: folder of the servers' ledgers.
    """

    def __init__(self, state: Mapping[str, Any], ledgers: Path):
        self._state = state
        self._ledgers = ledgers
        self._hits: list[Hit] = []
        self._recoveries: list[float] = []
        self._faults = 0
        self._sent_again = 0
        self._withdrawn: set[str] = set()
        self.driver = Driver(state, Ledger(ledgers / f"driver-{time.time_ns()}.jsonl"))

    def hit(self, tasks: list[str]) -> None:
        """Something broke just now, and these tasks were in hand; how long each takes to be done is looked up later."""
        self._faults += 1
        self._hits.append(Hit(time.time(), tasks))

    def broke(self, times: int = 1) -> None:
        """So many things broke, of which nobody knows what they hit."""
        self._faults += times

    def sent_again(self, times: int) -> None:
        """So many pages were sent again by patients, and forms by the web application."""
        self._sent_again += times

    def recovered(self, after_s: float) -> None:
        self._recoveries.append(after_s)

    def withdraw(self, references: Iterable[str]) -> None:
        """These are to end as withdrawn, wherever on their road."""
        self._withdrawn |= set(references)

    def report(self) -> Report:
        """What became of the cases; is printed too."""
        self._await_messages()
        doubled, again = effects_of(
            [Ledger(self._ledgers / f"{name}.jsonl") for name in ("lab", "government", "sms")], self.driver.began_at
        )
        completed, messages = self._completed(), Messages(self._state)
        for reference in set(completed) - self._withdrawn:
            doubled |= self._doubled_in(reference, messages)
        doubled |= calls_twice(self.driver.engine, completed)
        taken_over = [took for hit in self._hits for took in _recoveries(self.driver.engine, hit)]
        report = Report(
            self._faults,
            self.driver.attempted,
            len(self.driver.acknowledged),
            len(completed),
            [described(self.driver.engine, each) for each in self.driver.acknowledged if each not in completed],
            doubled,
            again + len(taken_over) + len(self.driver.asked_again) + self._sent_again,
            taken_over + self._recoveries,
        )
        print(report)
        return report

    def _await_messages(self) -> None:
        with contextlib.suppress(AssertionError):
            whole = set(self.driver.acknowledged) - self._withdrawn
            eventually(lambda: all(map(Messages(self._state).to_contact_of, whole)))

    def _completed(self) -> list[str]:
        ended = self.driver.ended()
        return [each for each in self.driver.acknowledged if ended.get(each) == [self._outcome_of(each)]]

    def _outcome_of(self, reference: str) -> str:
        return "withdrawn" if reference in self._withdrawn else "care_completed"

    def _doubled_in(self, reference: str, messages: Messages) -> dict[str, int]:
        """What there should be one of on the whole road, and isn't."""
        told = messages.to_contact_of(reference)
        counted = {"contacts": contacts_of(self._state, reference), "messages to contact": told}
        found = {what: times for what, times in counted.items() if times != 1} | messages.with_other_ids(reference)
        return {f"{reference}: {what}": times for what, times in found.items()}


@contextmanager
def under_way(state: Mapping[str, Any], ledgers: Path, cases: int = CASES) -> Iterator[Run]:
    """Cases on their way, and more if the test starts some; all have ended afterwards, or nothing goes on.

    A test that fails doesn't wait for its cases, and leaves none open: those of the next test would wait for them.
    """
    run, no_more = Run(state, ledgers), threading.Event()
    run.driver.start(cases)
    with ThreadPoolExecutor(1) as pool, closing(run.driver) as driver:
        driving = pool.submit(driver.drive, no_more, IDLE_S)
        try:
            yield run
            no_more.set()
            driving.result()
        except BaseException as error:
            driver.stop()
            if cause := driving.exception():
                error.add_note(f"the driver ended by {cause!r}")
            driver.delete_open()
            raise


def _recoveries(engine: Engine, hit: Hit) -> list[float]:
    done = done_after(engine, hit.tasks)
    assert done.keys() == set(hit.tasks), "a task that was hit has never been done"
    took = [datetime.strptime(at, ENGINE_TIME).timestamp() - hit.at for at in done.values()]
    # of some the engine had the result already
    return [seconds for seconds in took if seconds > 0]
