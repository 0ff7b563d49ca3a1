"""Step 7 without a kit in stock: the sample is on the lab's waiting list until the lab grants it a kit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from processes import positions
from services.lab import kits
from services.lab.models import FeedItem, Stock
from tests.support.case import WITH_COUGH, CaseUnderTest, eventually

pytestmark = [pytest.mark.serial, pytest.mark.usefixtures("no_kits_in_stock")]


@pytest.fixture
def no_kits_in_stock(lab_database: None) -> Iterator[None]:
    kits_before = Stock.get().kits
    Stock.update(kits=0).execute()
    yield
    Stock.update(kits=Stock.kits + kits_before).execute()


def test_a_patient_waits_for_a_kit_and_is_granted_the_next_one(case: CaseUnderTest) -> None:
    # given
    case.reach_kit_reservation()
    case.wait_until_at("Gateway_WaitForKit")
    # when the lab gets a kit
    case.call_lab("POST", "/v1/stock", {"kits": 1})
    # then this patient gets it, and a visit is due
    case.wait_for_task("medical_visit")
    assert "Event_KitGranted" in case.visited_nodes()
    assert case.call_lab("GET", "/v1/stock") == {"kits": 0, "waiting": 0}
    assert case.incidents() == []


def test_a_lost_grant_is_found_when_the_case_asks_again(case: CaseUnderTest) -> None:
    """The real timer fires, after the two seconds of the tests' policy."""
    # given
    case.reach_kit_reservation()
    case.wait_until_at("Gateway_WaitForKit")
    # when a kit is granted, and the feed item of the grant is lost
    with Stock._meta.database.atomic():
        kits.add(1)
        FeedItem.update(acknowledged=True).where(FeedItem.case_reference == case.reference).execute()
    # then the case asks again on its timer, and gets the granted kit instead of a second one
    case.wait_for_task("medical_visit")
    assert "Event_KitGranted" not in case.visited_nodes()
    assert case.call_lab("GET", "/v1/stock") == {"kits": 0, "waiting": 0}


def test_the_wait_for_a_kit_counts_from_its_first_request(case: CaseUnderTest) -> None:
    # given
    began = datetime.now(UTC)
    case.reach_kit_reservation()
    case.wait_until_at("Gateway_WaitForKit")
    first = datetime.now(UTC)
    # when the case asks again
    eventually(lambda: "Event_KitAskedAgain" in case.visited_nodes())
    case.wait_until_at("Gateway_WaitForKit")
    # then
    wait = positions.count_activities(case.admin, positions.list_definitions(case.admin))["Gateway_WaitForKit"]
    assert began < datetime.now(UTC) - wait.longest < first
    overdue = positions.find_overdue(case.admin, "Gateway_WaitForKit", first, 5)
    assert (overdue.count, [each.instance_id for each in overdue.longest]) == (1, [wait.first])
    assert began < overdue.longest[0].started_at < first
    # the lab's waiting list is empty for the next test
    case.call_lab("POST", "/v1/stock", {"kits": 1})
    case.wait_for_task("medical_visit")


def test_a_restock_serves_waiting_patients_by_priority_and_then_by_age(state: dict[str, Any]) -> None:
    # given four waiting patients, the last one at risk
    waiting = [CaseUnderTest(state) for _ in range(4)]
    for case in waiting:
        case.reach_kit_reservation({**WITH_COUGH, "diabetes": case is waiting[-1]})
        case.wait_until_at("Gateway_WaitForKit")
    first, second, third, at_risk = waiting
    # when two kits arrive
    first.call_lab("POST", "/v1/stock", {"kits": 2})
    # then the patient at risk gets one, and the one who has waited longest
    at_risk.wait_for_task("medical_visit")
    first.wait_for_task("medical_visit")
    assert first.call_lab("GET", "/v1/stock") == {"kits": 0, "waiting": 2}
    second.wait_until_at("Gateway_WaitForKit")
    # and the others get theirs with the next two
    first.call_lab("POST", "/v1/stock", {"kits": 2})
    second.wait_for_task("medical_visit")
    third.wait_for_task("medical_visit")


def test_the_kit_of_a_patient_who_withdraws_goes_to_the_next_one(state: dict[str, Any]) -> None:
    # given a patient with the last kit, and one who waits
    served, waiting = CaseUnderTest(state), CaseUnderTest(state)
    served.call_lab("POST", "/v1/stock", {"kits": 1})
    served.reach_visit()
    waiting.reach_kit_reservation()
    waiting.wait_until_at("Gateway_WaitForKit")
    # when the first withdraws
    served.withdraw()
    # then the second has the kit, and a visit is due
    assert served.wait_for_end().values["case_outcome"] == "withdrawn"
    waiting.wait_for_task("medical_visit")
    assert waiting.call_lab("GET", "/v1/stock") == {"kits": 0, "waiting": 0}


def test_a_patient_who_withdraws_leaves_the_waiting_list(case: CaseUnderTest) -> None:
    case.reach_kit_reservation()
    case.wait_until_at("Gateway_WaitForKit")

    case.withdraw()

    assert case.wait_for_end().values["case_outcome"] == "withdrawn"
    assert case.call_lab("GET", "/v1/stock") == {"kits": 0, "waiting": 0}
