"""Concurrent cases, four for each test kit: 40 cases in `make test`, 200 in `make rush`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from services.lab.models import FeedItem, Reservation, Stock, Waiting
from tests.support.case import MEDICAL, NO_SYMPTOMS, REQUEST, WITH_COUGH, CaseUnderTest, eventually
from tests.support.days import days_ago

KITS = int(os.environ.get("RUSH_KITS", "10"))
CASES, THREADS = 4 * KITS, 8
EXPOSED = {**NO_SYMPTOMS, "recent_exposure": "yes", "last_exposure_date": days_ago(8)}
# by priority: 80, 50, 40 and 20
ANSWERS = ({**WITH_COUGH, "diabetes": True}, {**EXPOSED, "cough": True}, WITH_COUGH, EXPOSED)


class CaseGroup:
    """Concurrent cases, whose tasks are queried together to spare the engine."""

    def __init__(self, cases: list[CaseUnderTest]):
        self.cases = cases
        self.references = [case.reference for case in cases]
        self._admin = cases[0].admin

    def start(self) -> None:
        for number, case in enumerate(self.cases):
            # the lab announces kits; with the tests' policy of two seconds the cases would ask 75 times a second
            case.policy["kit_asked_again_after"] = "PT1H"
            case.answers = ANSWERS[number % len(ANSWERS)]
        self._for_each(lambda case: case.start(case.answers), self.cases)

    def submit(self, step: str, values: dict[str, Any]) -> None:
        """Submit a form in each case, as soon as its task is open."""
        submitted: set[str] = set()

        def submit_new() -> bool:
            new = [task["id"] for task in self.tasks(step) if task["id"] not in submitted]
            self._for_each(lambda task: self._admin.submit(task, values), new)
            submitted.update(new)
            return len(submitted) == len(self.cases)

        eventually(submit_new, f"not all cases reached {step}")

    def tasks(self, step: str) -> list[dict[str, Any]]:
        query = {"taskDefinitionKey": step, "processInstanceBusinessKeyIn": self.references}
        return self._admin.post("/task", query)

    def delete(self) -> None:
        """Delete the running instances, so that the task lists of other tests have only their own tasks."""
        query = {"processDefinitionKey": "corona_care", "active": True}
        running = self._admin.post("/process-instance", query)
        ids = [instance["id"] for instance in running if instance["businessKey"] in self.references]
        self._admin.post("/process-instance/delete", {"processInstanceIds": ids, "deleteReason": "end of the test"})
        eventually(lambda: not self.tasks("Task_VisitPatient"))

    @property
    def reserved_kits(self) -> int:
        return Reservation.select().where(Reservation.case_reference.in_(self.references)).count()

    @staticmethod
    def _for_each(action: Any, items: list[Any]) -> None:
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(action, items))


@pytest.fixture
def short_stock(lab_database: None) -> Iterator[None]:
    kits_before = Stock.get().kits
    Stock.update(kits=KITS).execute()
    yield
    Stock.update(kits=Stock.kits + kits_before).execute()


@pytest.mark.serial
@pytest.mark.usefixtures("short_stock")
def test_no_kit_is_granted_twice_and_waiting_cases_are_served_by_priority_and_age(state: dict[str, Any]) -> None:
    # given four patients for each kit
    group = CaseGroup([CaseUnderTest(state) for _ in range(CASES)])
    group.start()
    group.submit("Task_RequestEvaluation", REQUEST)
    group.submit("Task_FillInMedicalForm", MEDICAL)
    # then as many cases have a kit as are in stock, and the others wait
    lab = group.cases[0]
    eventually(lambda: stock(lab) == {"kits": 0, "waiting": CASES - KITS}, "not all cases have a kit or wait for one")
    assert group.reserved_kits == KITS
    waiting_list = [
        sample.case_reference for sample in Waiting.select().order_by(Waiting.priority.desc(), Waiting.since)
    ]

    # when some patients withdraw and some refuse, waiting cases get their kits
    eventually(lambda: len(group.tasks("Task_VisitPatient")) == KITS)
    served = [case for case in group.cases if case.reference not in waiting_list]
    for case in served[:3]:
        case.withdraw()
    for case in served[3:6]:
        case.record_visit_without_sample("refused")
    eventually(
        lambda: stock(lab) == {"kits": 0, "waiting": CASES - KITS - 6}, "6 kits weren't granted to waiting cases"
    )
    assert group.reserved_kits == KITS

    # when the lab gets two deliveries, kits are granted by priority and then by age
    lab.call_lab("POST", "/v1/stock", {"kits": KITS + 2})
    lab.call_lab("POST", "/v1/stock", {"kits": CASES})
    grants = FeedItem.select().where(FeedItem.kind == "grant", FeedItem.case_reference.in_(group.references))
    assert [grant.case_reference for grant in grants.order_by(FeedItem.id)] == waiting_list
    # and each remaining case has a kit and a visit
    eventually(lambda: len(group.tasks("Task_VisitPatient")) == CASES - 6)
    assert group.reserved_kits == CASES - 6
    after = stock(lab)
    group.delete()
    assert after == {"kits": KITS + 2 + CASES - (CASES - KITS - 6), "waiting": 0}


def stock(case: CaseUnderTest) -> dict[str, int]:
    return case.call_lab("GET", "/v1/stock")
