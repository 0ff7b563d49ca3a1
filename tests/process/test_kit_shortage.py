"""Step 7 when no kit is left: the case waits and asks again, until there is one."""

from services.lab.models import Stock
from tests.support.case import WITH_COUGH, CaseUnderTest, eventually


def test_a_patient_waits_for_a_kit_and_gets_the_next_one(case: CaseUnderTest, lab_database: None) -> None:
    """The timer is a real one, waited for: two seconds by the tests' policy."""
    # given that no kit is left
    left = Stock.get().kits
    Stock.update(kits=0).execute()
    case.starts(WITH_COUGH)
    case.requests_evaluation()
    case.fills_in_medical_form()
    eventually(lambda: "Event_KitAskedAgain" in case.visited())
    # when the stock is filled again
    Stock.update(kits=left).execute()
    # then the case asks again by itself, and the visit is due
    case.waits_for("medical_visit")
    assert Stock.get().kits < left
    assert case.incidents() == []
