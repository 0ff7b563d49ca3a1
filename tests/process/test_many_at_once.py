"""Four patients for each kit, all at once. `make rush` has 200 of them for 50 kits; `make test` fewer."""

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
CASES, AT_ONCE = 4 * KITS, 8
EXPOSED = {**NO_SYMPTOMS, "recent_exposure": "yes", "last_exposure_date": days_ago(8)}
# by priority: 80, 50, 40 and 20
ANSWERS = ({**WITH_COUGH, "diabetes": True}, {**EXPOSED, "cough": True}, WITH_COUGH, EXPOSED)


class Crowd:
    """Many cases at once: asked after together, for the engine has other things to do."""

    def __init__(self, cases: list[CaseUnderTest]):
        self.cases = cases
        self.references = [case.reference for case in cases]
        self._admin = cases[0].admin

    def starts(self) -> None:
        for number, case in enumerate(self.cases):
            # the lab says when there is a kit; the tests' two seconds would be 75 questions a second
            case.policy["kit_asked_again_after"] = "PT1H"
            case.answers = ANSWERS[number % len(ANSWERS)]
        self._all(lambda case: case.starts(case.answers), self.cases)

    def sends(self, step: str, values: dict[str, Any]) -> None:
        """Everybody sends a form, each as soon as it is asked for."""
        sent: set[str] = set()

        def send_new() -> bool:
            new = [task["id"] for task in self.tasks(step) if task["id"] not in sent]
            self._all(lambda task: self._admin.submit(task, values), new)
            sent.update(new)
            return len(sent) == len(self.cases)

        eventually(send_new, f"not everybody came to {step}")

    def tasks(self, step: str) -> list[dict[str, Any]]:
        query = {"taskDefinitionKey": step, "processInstanceBusinessKeyIn": self.references}
        return self._admin.post("/task", query)

    def leaves(self) -> None:
        """Take them all out of the engine, for staff in other tests to find their own tasks."""
        query = {"processDefinitionKey": "corona_care", "active": True}
        running = self._admin.post("/process-instance", query)
        ids = [instance["id"] for instance in running if instance["businessKey"] in self.references]
        self._admin.post("/process-instance/delete", {"processInstanceIds": ids, "deleteReason": "the rush is over"})
        eventually(lambda: not self.tasks("Task_VisitPatient"))

    @property
    def kits(self) -> int:
        return Reservation.select().where(Reservation.case_reference.in_(self.references)).count()

    @staticmethod
    def _all(act: Any, things: list[Any]) -> None:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(act, things))


@pytest.fixture
def short_stock(lab_database: None) -> Iterator[None]:
    left = Stock.get().kits
    Stock.update(kits=KITS).execute()
    yield
    Stock.update(kits=Stock.kits + left).execute()


@pytest.mark.serial
@pytest.mark.usefixtures("short_stock")
def test_no_kit_is_given_twice_and_the_rest_are_served_by_priority_and_age(state: dict[str, Any]) -> None:
    # given four patients for each kit
    crowd = Crowd([CaseUnderTest(state) for _ in range(CASES)])
    crowd.starts()
    crowd.sends("Task_RequestEvaluation", REQUEST)
    crowd.sends("Task_FillInMedicalForm", MEDICAL)
    # then as many have a kit as there are, and the others wait
    lab = crowd.cases[0]
    eventually(lambda: stock(lab) == {"kits": 0, "waiting": CASES - KITS}, "not all have or want a kit")
    assert crowd.kits == KITS
    in_line = [sample.case_reference for sample in Waiting.select().order_by(Waiting.priority.desc(), Waiting.since)]

    # when some withdraw and some refuse, their kits go to who waits
    eventually(lambda: len(crowd.tasks("Task_VisitPatient")) == KITS)
    served = [case for case in crowd.cases if case.reference not in in_line]
    for case in served[:3]:
        case.withdraws()
    for case in served[3:6]:
        case.is_visited_without_sample("refused")
    eventually(lambda: stock(lab) == {"kits": 0, "waiting": CASES - KITS - 6}, "6 kits didn't go on")
    assert crowd.kits == KITS

    # when the lab gets more in two parts, priority and then age decide
    lab.at_lab("POST", "/v1/stock", {"kits": KITS + 2})
    lab.at_lab("POST", "/v1/stock", {"kits": CASES})
    grants = FeedItem.select().where(FeedItem.kind == "grant", FeedItem.case_reference.in_(crowd.references))
    assert [grant.case_reference for grant in grants.order_by(FeedItem.id)] == in_line
    # and everyone who stayed has one, and is visited
    eventually(lambda: len(crowd.tasks("Task_VisitPatient")) == CASES - 6)
    assert crowd.kits == CASES - 6
    after = stock(lab)
    crowd.leaves()
    assert after == {"kits": KITS + 2 + CASES - (CASES - KITS - 6), "waiting": 0}


def stock(case: CaseUnderTest) -> dict[str, int]:
    return case.at_lab("GET", "/v1/stock")
