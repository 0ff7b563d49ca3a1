"""Whatever happens to a case, in any order: forms come, and come again, workers die, the patient tells something,
withdraws, wants all erased, the lab corrects its result. In the end it is as what was acknowledged says.
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
from config import settings as config
from config.settings import environment_name
from processes.cases import is_running
from records import database
from records.erasures import ERASED, PATIENT, Erasures
from tests.faults.fleet import Fleet
from tests.faults.ground import Ground
from tests.faults.ledger import Ledger, doubled
from tests.faults.patients import starts_of
from tests.faults.people import answers_to
from tests.faults.report import contacts_of
from tests.faults.run import scaled
from tests.support.case import SYMPTOMS, WITH_COUGH, CaseUnderTest, eventually, instances_of

pytestmark = [pytest.mark.engine, pytest.mark.verify]

EXAMPLES = scaled(10, 1000)
STEPS = 14
FINDINGS = ("positive", "negative")
ENDS_WITHIN_S = 90
# a worker that died while it erased has claimed it for 20 s, as tests/faults/ground.py says
ERASED_WITHIN_S = 60
# for the next form to be asked for
SOON_S = 1.5
# the same as before: the case goes on where it stands
TODAY = {name: value for name, value in WITH_COUGH.items() if name in SYMPTOMS}


class AnyOrder(RuleBasedStateMachine):
    """One case, and what is known of it from what was acknowledged.

    Attributes:
        happened: how often what happened, in all examples.
    """

    ground: Ground
    workers: Fleet
    happened: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self._case = CaseUnderTest(self.ground.state)
        self._barcode = f"B-{self._case.reference}"
        self._sent: list[tuple[str, str]] = []
        self._withdrawn = self._to_be_erased = False
        self._results: list[str] = []

    @initialize(finding=st.sampled_from(FINDINGS), forms=st.integers(0, 6))
    def starts(self, finding: str, forms: int) -> None:
        """A case, from wherever on its road all this happens."""
        self._case.at_lab("PUT", f"/v1/simulation/results/{self._barcode}", {"result": finding, "after_s": 0.1})
        self._results.append(finding)
        self._case.starts(WITH_COUGH)
        for _ in range(forms):
            self.sends_form()

    @rule()
    def sends_form(self) -> None:
        """Whoever is asked for a form fills it in."""
        until = time.monotonic() + SOON_S
        while not self._fill_in() and time.monotonic() < until:
            time.sleep(0.1)

    @rule(number=st.integers(0, 9))
    def sends_form_again(self, number: int) -> None:
        """As after an answer that was lost."""
        if not self._sent:
            return
        form, task = self._sent[number % len(self._sent)]
        with pytest.raises(EngineRefused):
            self._case.admin.submit(task, answers_to(form, self._case.reference))
        self.happened["sent again"] += 1

    @precondition(lambda self: not self._to_be_erased)
    @rule()
    def starts_again(self) -> None:
        self._case.starts(WITH_COUGH)

    @rule(number=st.sampled_from((1, 2)))
    def kills_worker(self, number: int) -> None:
        self.workers.signal(number, signal.SIGKILL)
        self.happened["killed"] += 1

    @rule()
    def feels_worse(self) -> None:
        self._tells("symptoms_worsened", TODAY)

    @rule()
    def withdraws(self) -> None:
        self._withdrawn |= self._tells("case_withdrawn", {"withdrawn": True})

    @rule()
    def wants_all_erased(self) -> None:
        Erasures().request(self._case.reference, PATIENT)
        self._to_be_erased = True
        self.happened["to be erased"] += 1

    @rule(result=st.sampled_from(FINDINGS))
    def lab_corrects(self, result: str) -> None:
        try:
            self._case.at_lab("POST", f"/v1/simulation/corrections/{self._barcode}", {"result": result})
        except requests.HTTPError as error:
            if error.response.status_code != requests.codes.not_found:
                raise
            # it has no such sample yet, or no longer
            return
        self._results.append(result)
        self.happened["corrected"] += 1

    def teardown(self) -> None:
        if self._results:
            eventually(
                self._is_over, lambda: f"{self._case.reference} doesn't end: {self._case.describe()}", ENDS_WITHIN_S
            )
            self._is_as_expected()

    def _is_as_expected(self) -> None:
        reference, engine = self._case.reference, self._case.admin
        entries = [entry for name in ("lab", "government", "sms") for entry in self._entries(name)]
        assert doubled(entries) == {}
        if self._to_be_erased:
            eventually(lambda: Erasures().find(reference).state == ERASED, f"{reference} isn't erased", ERASED_WITHIN_S)
            assert instances_of(engine, reference) == []
            return
        assert self._case.incidents() == []
        # tracing that a correction cuts off begins again, and the list is filled in again
        named = {
            "taskDefinitionKey": "Task_FillInCloseContacts",
            "processInstanceBusinessKey": reference,
            "taskDeleteReason": "completed",
        }
        assert contacts_of(self.ground.state, reference) <= engine.get("/history/task/count", **named)["count"]
        assert self._case.case().values["case_outcome"] == ("withdrawn" if self._withdrawn else "care_completed")
        [starts] = starts_of(engine, [reference])
        assert 1 <= starts <= len(self._results)
        for _, task in self._sent:
            [kept] = engine.get("/history/task", taskId=task)
            assert kept["deleteReason"] == "completed"
        if not self._withdrawn:
            assert self._case.value("lab_result") == self._results[-1]

    def _entries(self, name: str) -> list[dict[str, Any]]:
        entries = Ledger(self.ground.ledgers / f"{name}.jsonl").entries()
        return [entry for entry in entries if self._case.reference in entry["key"]]

    def _is_over(self) -> bool:
        """Whether all has ended; fills in what is asked for until then."""
        self._fill_in()
        feed = self._case.at_lab("GET", "/v1/feed")["items"]
        is_over = not is_running(self._case.admin, self._case.reference)
        return is_over and all(item["case_reference"] != self._case.reference for item in feed)

    def _fill_in(self) -> bool:
        for form, task in self._asked_for():
            try:
                self._case.admin.submit(task, answers_to(form, self._case.reference))
            except EngineRefused:
                assert not self._case.admin.has_task(task), f"{form} is refused"
                continue
            self._sent.append((form, task))
            self.happened[form] += 1
            return True
        return False

    def _asked_for(self) -> list[tuple[str, str]]:
        """Forms and their tasks: the case's, and those of calls to its patient."""
        found = self._case.admin.post("/task", {"processInstanceBusinessKey": self._case.reference})
        return [(task["camundaFormRef"]["key"], task["id"]) for task in found if task.get("camundaFormRef")]

    def _tells(self, message: str, values: dict[str, Any]) -> bool:
        """Returns whether somebody waited for it."""
        try:
            self._case.admin.correlate(message, self._case.reference, values)
        except EngineRefused as error:
            if error.status != 400:
                raise
            return False
        self.happened[message] += 1
        return True


def test_whatever_happens_in_any_order(ground: Ground) -> None:
    soon = {environment_name("workers", "erasure_interval_s"): "0.5"}
    database.open(config.load().records.database_url)
    with Fleet(ground.parts["workers"], 2, ground.logs, **soon) as workers:
        AnyOrder.ground, AnyOrder.workers = ground, workers
        run_state_machine_as_test(
            AnyOrder,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                derandomize=True,
                database=None,
                # each takes seconds: what is found is told as it was found
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )
    print(f"{EXAMPLES} examples: {dict(AnyOrder.happened)}")
