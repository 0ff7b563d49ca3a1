"""A state machine (Hypothesis) of one case with events in any order: forms are submitted, and submitted again, workers
are killed, the patient reports worse symptoms, withdraws or requests erasure, the lab corrects its result. At the end
the case must match what was acknowledged.
"""

from __future__ import annotations

import signal
import time
from collections import Counter
from typing import Any, ClassVar

import pytest
import requests
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from camunda7.engine import EngineRefused
from camunda7.names import form_key
from config import settings as config
from config.settings import environment_name
from processes.cases import is_running
from records import database
from records.erasures import ERASED, PATIENT, Erasures
from tests.faults.fleet import Fleet
from tests.faults.ledger import Ledger, doubled
from tests.faults.patients import count_starts
from tests.faults.people import form_values
from tests.faults.report import contacts_of
from tests.faults.run import scaled
from tests.faults.system import SystemUnderTest
from tests.support.case import SYMPTOMS, WITH_COUGH, CaseUnderTest, eventually, instances_of

pytestmark = [pytest.mark.engine, pytest.mark.verify]

EXAMPLES = scaled(10, 1000)
STEPS = 14
FINDINGS = ("positive", "negative")
ENDS_WITHIN_S = 90
# longer than the lease of a worker that died during an erasure: 20 s in tests/faults/system.py
ERASED_WITHIN_S = 60
# maximum wait for the next open form
NEXT_FORM_WITHIN_S = 1.5
# the symptoms of the pre-screening, which don't change the case's course
UNCHANGED_SYMPTOMS = {name: value for name, value in WITH_COUGH.items() if name in SYMPTOMS}


class AnyOrder(RuleBasedStateMachine):
    """One case, and its expected state from what was acknowledged.

    Attributes:
        happened: number of events by kind, in all examples.
    """

    system: SystemUnderTest
    workers: Fleet
    happened: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self._case = CaseUnderTest(self.system.state)
        self._barcode = f"B-{self._case.reference}"
        self._sent: list[tuple[str, str]] = []
        self._withdrawn = self._to_be_erased = False
        self._results: list[str] = []

    @initialize(finding=st.sampled_from(FINDINGS), forms=st.integers(0, 6))
    def start(self, finding: str, forms: int) -> None:
        """Start a case, and submit some forms, so that the events begin at different steps."""
        self._case.call_lab("PUT", f"/v1/simulation/results/{self._barcode}", {"result": finding, "after_s": 0.1})
        self._results.append(finding)
        self._case.start(WITH_COUGH)
        for _ in range(forms):
            self.submit_form()

    @rule()
    def submit_form(self) -> None:
        """Fill in an open form, if there is one soon."""
        until = time.monotonic() + NEXT_FORM_WITHIN_S
        while not self._fill_in() and time.monotonic() < until:
            time.sleep(0.1)

    @rule(number=st.integers(0, 9))
    def submit_form_again(self, number: int) -> None:
        """Submit a form again, as a client does after a lost answer."""
        if not self._sent:
            return
        form, task = self._sent[number % len(self._sent)]
        with pytest.raises(EngineRefused):
            self._case.admin.submit(task, form_values(form, self._case.reference))
        self.happened["sent again"] += 1

    @precondition(lambda self: not self._to_be_erased)
    @rule()
    def start_again(self) -> None:
        self._case.start(WITH_COUGH)

    @rule(number=st.sampled_from((1, 2)))
    def kill_worker(self, number: int) -> None:
        self.workers.signal(number, signal.SIGKILL)
        self.happened["killed"] += 1

    @rule()
    def report_worsening(self) -> None:
        self._correlate("symptoms_worsened", UNCHANGED_SYMPTOMS)

    @rule()
    def withdraw(self) -> None:
        self._withdrawn |= self._correlate("case_withdrawn", {"withdrawn": True})

    @rule()
    def request_erasure(self) -> None:
        Erasures().request(self._case.reference, PATIENT)
        self._to_be_erased = True
        self.happened["to be erased"] += 1

    @rule(result=st.sampled_from(FINDINGS))
    def correct_lab_result(self, result: str) -> None:
        try:
            self._case.call_lab("POST", f"/v1/simulation/corrections/{self._barcode}", {"result": result})
        except requests.HTTPError as error:
            if error.response.status_code != requests.codes.not_found:
                raise
            # the lab doesn't have the sample yet, or has erased it
            return
        self._results.append(result)
        self.happened["corrected"] += 1

    def teardown(self) -> None:
        if self._results:
            eventually(
                self._has_ended, lambda: f"{self._case.reference} doesn't end: {self._case.describe()}", ENDS_WITHIN_S
            )
            self._check()

    def _check(self) -> None:
        reference, engine = self._case.reference, self._case.admin
        entries = [entry for name in ("lab", "government", "sms") for entry in self._entries(name)]
        assert doubled(entries) == {}
        if self._to_be_erased:
            eventually(lambda: Erasures().find(reference).state == ERASED, f"{reference} isn't erased", ERASED_WITHIN_S)
            assert instances_of(engine, reference) == []
            return
        assert self._case.incidents() == []
        # a correction cancels the contact tracing and starts it again, with a new list of contacts
        lists = {
            "taskDefinitionKey": "Task_FillInCloseContacts",
            "processInstanceBusinessKey": reference,
            "taskDeleteReason": "completed",
        }
        assert contacts_of(self.system.state, reference) <= engine.get("/history/task/count", **lists)["count"]
        assert self._case.case().values["case_outcome"] == ("withdrawn" if self._withdrawn else "care_completed")
        [starts] = count_starts(engine, [reference])
        assert 1 <= starts <= len(self._results)
        for _, task in self._sent:
            [entry] = engine.get("/history/task", taskId=task)
            assert entry["deleteReason"] == "completed"
        if not self._withdrawn:
            assert self._case.value("lab_result") == self._results[-1]

    def _entries(self, name: str) -> list[dict[str, Any]]:
        entries = Ledger(self.system.ledgers / f"{name}.jsonl").entries()
        return [entry for entry in entries if self._case.reference in entry["key"]]

    def _has_ended(self) -> bool:
        """Whether the case has ended and its results are read from the lab's feed; fills in an open form."""
        self._fill_in()
        feed = self._case.call_lab("GET", "/v1/feed")["items"]
        has_ended = not is_running(self._case.admin, self._case.reference)
        return has_ended and all(item["case_reference"] != self._case.reference for item in feed)

    def _fill_in(self) -> bool:
        for form, task in self._open_forms():
            try:
                self._case.admin.submit(task, form_values(form, self._case.reference))
            except EngineRefused:
                assert not self._case.admin.has_task(task), f"{form} is refused"
                continue
            self._sent.append((form, task))
            self.happened[form] += 1
            return True
        return False

    def _open_forms(self) -> list[tuple[str, str]]:
        """Open forms and their tasks: those of the case, and those of calls to its patient."""
        found = self._case.admin.post("/task", {"processInstanceBusinessKey": self._case.reference})
        return [(form, task["id"]) for task in found if (form := form_key(task))]

    def _correlate(self, message: str, values: dict[str, Any]) -> bool:
        """Correlate a message with the case; returns whether an execution waited for it."""
        try:
            self._case.admin.correlate(message, self._case.reference, values)
        except EngineRefused as error:
            if error.status != 400:
                raise
            return False
        self.happened[message] += 1
        return True


def test_a_case_ends_as_acknowledged_after_events_in_any_order(system: SystemUnderTest) -> None:
    short_interval = {environment_name("workers", "erasure_interval_s"): "0.5"}
    database.open(config.load().records.database_url)
    with Fleet(system.parts["workers"], 2, system.logs, **short_interval) as workers:
        AnyOrder.system, AnyOrder.workers = system, workers
        run_state_machine_as_test(
            AnyOrder,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                derandomize=True,
                database=None,
                # without shrinking, because each example takes seconds
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )
    print(f"{EXAMPLES} examples: {dict(AnyOrder.happened)}")
