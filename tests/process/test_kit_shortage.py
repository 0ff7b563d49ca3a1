"""Step 7 when no kit is left: the sample waits on the lab's list, until the lab grants it a kit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from services.lab import kits
from services.lab.models import FeedItem, Stock
from tests.support.case import WITH_COUGH, CaseUnderTest

pytestmark = [pytest.mark.serial, pytest.mark.usefixtures("no_kit_left")]


@pytest.fixture
def no_kit_left(lab_database: None) -> Iterator[None]:
    left = Stock.get().kits
    Stock.update(kits=0).execute()
    yield
    Stock.update(kits=Stock.kits + left).execute()


def test_a_patient_waits_for_a_kit_and_is_granted_the_next_one(case: CaseUnderTest) -> None:
    # given
    case.reaches_the_kit()
    case.stands_at("Gateway_WaitForKit")
    # when the lab gets a kit
    case.at_lab("POST", "/v1/stock", {"kits": 1})
    # then it is this patient's, who is visited
    case.waits_for("medical_visit")
    assert "Event_KitGranted" in case.visited()
    assert case.at_lab("GET", "/v1/stock") == {"kits": 0, "waiting": 0}
    assert case.incidents() == []


def test_a_grant_that_is_lost_is_found_when_the_case_asks_again(case: CaseUnderTest) -> None:
    """The timer is a real one, waited for: two seconds by the tests' policy."""
    # given
    case.reaches_the_kit()
    case.stands_at("Gateway_WaitForKit")
    # when a kit is granted, and nobody is told
    with Stock._meta.database.atomic():
        kits.add(1)
        FeedItem.update(acknowledged=True).where(FeedItem.case_reference == case.reference).execute()
    # then the case asks again by itself, and gets the kit that was granted: one, not two
    case.waits_for("medical_visit")
    assert "Event_KitGranted" not in case.visited()
    assert case.at_lab("GET", "/v1/stock") == {"kits": 0, "waiting": 0}


def test_a_restock_in_the_middle_of_a_shortage_goes_by_priority_and_then_by_age(state: dict[str, Any]) -> None:
    # given four who wait, the last one at risk
    waiting = [CaseUnderTest(state) for _ in range(4)]
    for case in waiting:
        case.reaches_the_kit({**WITH_COUGH, "diabetes": case is waiting[-1]})
        case.stands_at("Gateway_WaitForKit")
    first, second, third, at_risk = waiting
    # when two kits come
    first.at_lab("POST", "/v1/stock", {"kits": 2})
    # then who is at risk is served, and who waits longest
    at_risk.waits_for("medical_visit")
    first.waits_for("medical_visit")
    assert first.at_lab("GET", "/v1/stock") == {"kits": 0, "waiting": 2}
    second.stands_at("Gateway_WaitForKit")
    # and the others when there is more
    first.at_lab("POST", "/v1/stock", {"kits": 2})
    second.waits_for("medical_visit")
    third.waits_for("medical_visit")


def test_the_kit_of_a_patient_who_withdraws_goes_to_the_next_one(state: dict[str, Any]) -> None:
    # given one with the last kit, and one who waits
    lucky, waiting = CaseUnderTest(state), CaseUnderTest(state)
    lucky.at_lab("POST", "/v1/stock", {"kits": 1})
    lucky.reaches_the_visit()
    waiting.reaches_the_kit()
    waiting.stands_at("Gateway_WaitForKit")
    # when the first withdraws
    lucky.withdraws()
    # then the second is visited
    assert lucky.ends().values["case_outcome"] == "withdrawn"
    waiting.waits_for("medical_visit")
    assert waiting.at_lab("GET", "/v1/stock") == {"kits": 0, "waiting": 0}


def test_a_patient_who_withdraws_while_waiting_waits_no_more(case: CaseUnderTest) -> None:
    case.reaches_the_kit()
    case.stands_at("Gateway_WaitForKit")

    case.withdraws()

    assert case.ends().values["case_outcome"] == "withdrawn"
    assert case.at_lab("GET", "/v1/stock") == {"kits": 0, "waiting": 0}
