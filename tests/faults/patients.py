"""Patients who submit pre-screenings on the web pages, one after another, during faults."""

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
from tests.faults.ledger import Ledger
from tests.faults.run import Run
from tests.faults.system import SystemUnderTest
from tests.support.case import NO_SYMPTOMS

FORM = "/forms/pre_screening"
# longer than any outage of these tests
PAGE_WITHIN_S = 180
# an emergency: their case ends at once
FILLED = {**NO_SYMPTOMS, "breathless": True}


class Patients:
    """Threads that submit pre-screenings; each starts the next one as soon as its form is acknowledged.

    Args:
        state: URLs, accounts and keys of the platform, as in .run/state.json.
        count: number of threads.

    Attributes:
        acknowledged: references of the cases whose form the web application has accepted.
        queued: number of forms that were stored while the engine was unreachable, and forwarded later.
        failed: statuses of the failed requests; 0 for those without an answer.
    """

    def __init__(self, state: Mapping[str, Any], ledger: Ledger, count: int):
        self._url = state["webapp"]
        self._ledger = ledger
        self._stopping = threading.Event()
        self._count = count
        self._threads: list[threading.Thread] = []
        self.acknowledged: list[str] = []
        self.queued = 0
        self.failed: list[int] = []

    def __enter__(self) -> Patients:
        for _ in range(self._count):
            self.add_patient()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def add_patient(self) -> None:
        self._threads.append(threading.Thread(target=self._run))
        self._threads[-1].start()

    def _run(self) -> None:
        while not self._stopping.is_set():
            reference = self._submit_form()
            self._ledger.append(kind="submission", reference=reference)
            self.acknowledged.append(reference)

    def _submit_form(self) -> str:
        """Submit a form page by page, and retry failed requests; returns the case's reference."""
        browser = Browser(self._url)
        page = self._load(lambda: browser.open(FORM))
        while page.form is not None:
            page = self._load(lambda page=page: browser.send(page, FILLED), lambda: browser.open(FORM))
        page = self._load(lambda: browser.open("/case?all=yes"))
        self.queued += page.heading == "We have your answers"
        return page.text("strong.reference")

    def _load(self, request: Callable[[], Page], retry: Callable[[], Page] | None = None) -> Page:
        """Send a request and retry it until a page is returned, with `retry` if it is another request.

        Raises:
            AssertionError: no page within PAGE_WITHIN_S.
        """
        deadline = time.monotonic() + PAGE_WITHIN_S
        while time.monotonic() < deadline:
            try:
                page = request()
                if page.status < 500:
                    return page
                self.failed.append(page.status)
            except requests.RequestException:
                self.failed.append(0)
            request = retry or request
            time.sleep(0.2)
        raise AssertionError(f"no page within {PAGE_WITHIN_S} s; failed requests by status: {Counter(self.failed)}")


@contextmanager
def submitting_patients(system: SystemUnderTest, run: Run, count: int = 2) -> Iterator[Patients]:
    """Submit pre-screenings within the context; then check that each acknowledged form has started one case."""
    ledger = Ledger(system.ledgers / f"patients-{time.time_ns()}.jsonl")
    with Patients(system.state, ledger, count) as patients:
        yield patients
    run.add_resubmissions(len(patients.failed) + patients.queued)
    references = patients.acknowledged
    system.wait_for_engine()
    _wait_for_cases(run.driver.engine, references)
    assert set(count_starts(run.driver.engine, references)) == {1}
    summary = f"{len(references)} forms acknowledged, one case of each, {patients.queued} of them forwarded later"
    print(f"{summary}; failed requests: {len(patients.failed)}")


def _wait_for_cases(engine: Engine, references: list[str]) -> None:
    """Wait until stored forms are forwarded; they are lost if none is forwarded within a minute."""
    missing = references
    while missing:
        before, deadline = len(missing), time.monotonic() + 60
        while len(missing) == before:
            assert time.monotonic() < deadline, f"forms are lost: {submission_states(missing)}"
            time.sleep(0.2)
            missing = [each for each, starts in zip(missing, count_starts(engine, missing), strict=True) if not starts]


def submission_states(references: list[str]) -> dict[str, list[str]]:
    """The states of the submissions in the records, by case."""
    database.open(os.environ[environment_name("records", "database_url")])
    with database.database.connection_context():
        rows = list(Submission.select().where(Submission.case_reference.in_(references)))
    database.database.close()
    return {each: [row.state for row in rows if row.case_reference == each] for each in references}


def count_starts(engine: Engine, references: list[str]) -> list[int]:
    """Number of process instances of each case: one, unless a start was lost or repeated."""
    query = {"processDefinitionKey": Process.CORONA_CARE}
    return [
        engine.post("/history/process-instance/count", {**query, "processInstanceBusinessKey": reference})["count"]
        for reference in references
    ]
