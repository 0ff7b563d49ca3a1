"""Runs cases during faults, and reports their outcome.

FAULTS=long (`make faults`) has more cases and faults than `make verify`.
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
from tests.faults.report import Messages, Report, completion_times, contacts_of, effects_of, find_repeated_calls
from tests.support.case import describe_case, eventually

T = TypeVar("T")

LONG = bool(os.environ.get("FAULTS"))


def scaled(short: T, long: T) -> T:
    """Return `short` in `make verify` and `long` in `make faults`."""
    return long if LONG else short


CASES = scaled(10, 500)
# longer than any outage of these tests
IDLE_S = scaled(150, 600)


@dataclass(frozen=True)
class Interruption:
    """The time of a fault, and the activity instances of the external tasks that it interrupted."""

    at: float
    tasks: list[str]


class Run:
    """Counts the faults of a run, and compares its cases with what was acknowledged.

    Args:
        state: URLs, accounts and keys of the platform, as in .run/state.json.
        ledgers: folder of the services' ledgers.
    """

    def __init__(self, state: Mapping[str, Any], ledgers: Path):
        self._state = state
        self._ledgers = ledgers
        self._interruptions: list[Interruption] = []
        self._recoveries: list[float] = []
        self._faults = 0
        self._resubmissions = 0
        self._withdrawn: set[str] = set()
        self.driver = Driver(state, Ledger(ledgers / f"driver-{time.time_ns()}.jsonl"))

    def add_interruption(self, tasks: list[str]) -> None:
        """Count a fault that interrupts these tasks now; the report measures how long each takes to be completed."""
        self._faults += 1
        self._interruptions.append(Interruption(time.time(), tasks))

    def add_faults(self, times: int = 1) -> None:
        """Count faults whose interrupted tasks aren't known."""
        self._faults += times

    def add_resubmissions(self, times: int) -> None:
        """Count pages that patients sent again, and forms that the web application forwarded later."""
        self._resubmissions += times

    def add_recovery(self, after_s: float) -> None:
        self._recoveries.append(after_s)

    def expect_withdrawn(self, references: Iterable[str]) -> None:
        """Expect these cases to end as withdrawn."""
        self._withdrawn |= set(references)

    def report(self) -> Report:
        """Create the report, and print it."""
        self._await_messages()
        doubled, again = effects_of(
            [Ledger(self._ledgers / f"{name}.jsonl") for name in ("lab", "government", "sms")], self.driver.began_at
        )
        completed, messages = self._completed(), Messages(self._state)
        for reference in set(completed) - self._withdrawn:
            doubled |= self._doubled_in(reference, messages)
        doubled |= find_repeated_calls(self.driver.engine, completed)
        taken_over = [took for each in self._interruptions for took in _recoveries(self.driver.engine, each)]
        report = Report(
            self._faults,
            self.driver.attempted,
            len(self.driver.acknowledged),
            len(completed),
            [describe_case(self.driver.engine, each) for each in self.driver.acknowledged if each not in completed],
            doubled,
            again + len(taken_over) + len(self.driver.retried) + self._resubmissions,
            taken_over + self._recoveries,
        )
        print(report)
        return report

    def _await_messages(self) -> None:
        with contextlib.suppress(AssertionError):
            references = set(self.driver.acknowledged) - self._withdrawn
            eventually(lambda: all(map(Messages(self._state).count_messages_to_contact, references)))

    def _completed(self) -> list[str]:
        ended = self.driver.ended()
        return [each for each in self.driver.acknowledged if ended.get(each) == [self._outcome_of(each)]]

    def _outcome_of(self, reference: str) -> str:
        return "withdrawn" if reference in self._withdrawn else "care_completed"

    def _doubled_in(self, reference: str, messages: Messages) -> dict[str, int]:
        """Counts that differ from one, of what there must be one of in each completed case."""
        counts = {
            "contacts": contacts_of(self._state, reference),
            "messages to contact": messages.count_messages_to_contact(reference),
        }
        found = {what: times for what, times in counts.items() if times != 1} | messages.find_several_ids(reference)
        return {f"{reference}: {what}": times for what, times in found.items()}


@contextmanager
def running_cases(state: Mapping[str, Any], ledgers: Path, cases: int = CASES) -> Iterator[Run]:
    """Start cases and fill in their forms within the context, then wait until all have ended or none continues.

    If the test fails, the open cases are deleted instead: they would delay those of the next test.
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


def _recoveries(engine: Engine, interruption: Interruption) -> list[float]:
    completed = completion_times(engine, interruption.tasks)
    assert completed.keys() == set(interruption.tasks), "an interrupted task has never been completed"
    took = [datetime.strptime(at, ENGINE_TIME).timestamp() - interruption.at for at in completed.values()]
    # negative if the engine already had the result at the time of the fault
    return [seconds for seconds in took if seconds > 0]
