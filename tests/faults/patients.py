"""Patients who send pre-screenings by the web pages, one after another, whatever breaks meanwhile."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests

from camunda7.forms.browser import Browser, Page
from config.settings import environment_name
from processes.elements import Process
from processes.engine import Engine
from records import database
from records.submissions import Submission
from tests.faults.ground import Ground
from tests.faults.ledger import Ledger
from tests.faults.run import Run
from tests.support.case import NO_SYMPTOMS

FORM = "/forms/pre_screening"
# longer than any outage of these tests
PAGE_WITHIN_S = 180
# an emergency: their case ends at once
FILLED = {**NO_SYMPTOMS, "breathless": True}


class Patients:
    """So many at once, each a new one as soon as the last one's form is acknowledged.

    Args:
        state: where everything is, as .run/state.json says.

    Attributes:
        acknowledged: references of the cases whose form the web application has taken.
        kept: how many forms were kept because the engine couldn't be reached, and forwarded later.
        refused: statuses of the answers that weren't pages, and 0 for none at all.
    """

    def __init__(self, state: Mapping[str, Any], ledger: Ledger, count: int):
        self._url = state["webapp"]
        self._ledger = ledger
        self._stopping = threading.Event()
        self._count = count
        self._threads: list[threading.Thread] = []
        self.acknowledged: list[str] = []
        self.kept = 0
        self.refused: list[int] = []

    def __enter__(self) -> Patients:
        for _ in range(self._count):
            self.another_comes()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def another_comes(self) -> None:
        self._threads.append(threading.Thread(target=self._come))
        self._threads[-1].start()

    def _come(self) -> None:
        while not self._stopping.is_set():
            reference = self._sends()
            self._ledger.note(kind="submission", reference=reference)
            self.acknowledged.append(reference)

    def _sends(self) -> str:
        """Send a form, page by page; whoever gets no page tries again. Returns the case's reference."""
        browser = Browser(self._url)
        page = self._answer(lambda: browser.open(FORM))
        while page.form is not None:
            page = self._answer(lambda page=page: browser.send(page, FILLED), lambda: browser.open(FORM))
        page = self._answer(lambda: browser.open("/case?all=yes"))
        self.kept += page.heading == "We have your answers"
        return page.text("strong.reference")

    def _answer(self, ask: Callable[[], Page], ask_again: Callable[[], Page] | None = None) -> Page:
        """The page that is answered in the end.

        Raises:
            AssertionError: no page within PAGE_WITHIN_S.
        """
        deadline = time.monotonic() + PAGE_WITHIN_S
        while time.monotonic() < deadline:
            try:
                page = ask()
                if page.status < 500:
                    return page
                self.refused.append(page.status)
            except requests.RequestException:
                self.refused.append(0)
            ask = ask_again or ask
            time.sleep(0.2)
        raise AssertionError(f"no page within {PAGE_WITHIN_S} s; answers so far: {Counter(self.refused)}")


@contextmanager
def coming(ground: Ground, run: Run, count: int = 2) -> Iterator[Patients]:
    """Patients who come all the while; what they were told is true in the end."""
    ledger = Ledger(ground.ledgers / f"patients-{time.time_ns()}.jsonl")
    with Patients(ground.state, ledger, count) as patients:
        yield patients
    run.sent_again(len(patients.refused) + patients.kept)
    came = patients.acknowledged
    ground.engine_after()
    _arrive(run.driver.engine, came)
    assert set(starts_of(run.driver.engine, came)) == {1}
    told = f"{len(came)} forms acknowledged, each is there once, {patients.kept} of them were kept for later"
    print(f"{told}; answers without a page: {len(patients.refused)}")


def _arrive(engine: Engine, came: list[str]) -> None:
    """What was kept while the engine was away is forwarded, one after another: as long as more come, none is lost."""
    missing = came
    while missing:
        before, deadline = len(missing), time.monotonic() + 60
        while len(missing) == before:
            assert time.monotonic() < deadline, f"forms are lost: {kept_of(missing)}"
            time.sleep(0.2)
            missing = [each for each, starts in zip(missing, starts_of(engine, missing), strict=True) if not starts]


def kept_of(references: list[str]) -> dict[str, list[str]]:
    """What the records have of the forms of cases that never began: their states."""
    database.open(os.environ[environment_name("records", "database_url")])
    with database.database.connection_context():
        rows = list(Submission.select().where(Submission.case_reference.in_(references)))
    database.database.close()
    return {each: [row.state for row in rows if row.case_reference == each] for each in references}


def starts_of(engine: Engine, references: list[str]) -> list[int]:
    """How many cases there are of each reference: one, had nothing been lost or done twice."""
    query = {"processDefinitionKey": Process.CORONA_CARE}
    return [
        engine.post("/history/process-instance/count", {**query, "processInstanceBusinessKey": reference})["count"]
        for reference in references
    ]
