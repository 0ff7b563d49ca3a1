"""The early ends of step 3: patients who need no evaluation are referred or advised, and recorded."""

from tests.support.case import NO_SYMPTOMS, WITH_COUGH, CaseUnderTest, eventually
from tests.support.days import days_ago


def test_a_breathless_patient_is_referred_to_the_emergency_services(case: CaseUnderTest) -> None:
    case.start({**NO_SYMPTOMS, "breathless": True})

    ended = case.wait_for_end()
    assert ended.values["orientation"] == "emergency"
    assert ended.values["case_outcome"] == "emergency_services"
    assert case.visited_nodes() == {
        "Event_PreScreeningWanted",
        "Task_AssessSymptoms",
        "Gateway_Assessed",
        "Gateway_Assessment",
        "Event_ReferredToEmergencyServices",
    }


def test_with_an_emergency_sign_the_other_questions_are_not_asked(case: CaseUnderTest) -> None:
    case.start({"breathless": False, "unable_to_eat_or_drink": True}, emergency_signs_only=True)

    ended = case.wait_for_end()
    assert (ended.values["orientation"], ended.values["case_outcome"]) == ("emergency", "emergency_services")
    assert "Task_AssessSymptoms" not in case.visited_nodes()
    assert case.incidents() == []


def test_a_child_under_15_is_referred_to_a_physician(case: CaseUnderTest) -> None:
    case.start({**WITH_COUGH, "date_of_birth": "2015-01-01"})

    assert case.wait_for_end().values["case_outcome"] == "physician"


def test_without_symptoms_and_exposure_the_case_ends_with_self_monitoring(case: CaseUnderTest) -> None:
    case.start(NO_SYMPTOMS)

    assert case.wait_for_end().values["case_outcome"] == "self_monitoring"


def test_an_exposed_patient_without_symptoms_may_request_an_evaluation(case: CaseUnderTest) -> None:
    case.start({**NO_SYMPTOMS, "recent_exposure": "yes", "last_exposure_date": days_ago(8)})

    case.wait_for_task("evaluation_request")
    assert case.value("exposed") is True


def test_a_pre_screening_with_a_contacts_token_counts_as_exposed(case: CaseUnderTest) -> None:
    case.start(NO_SYMPTOMS, exposed_to="token")

    case.wait_for_task("evaluation_request")
    assert (case.value("exposed"), case.value("exposed_to")) == (True, "token")


def test_an_early_end_is_recorded_for_the_kpis(case: CaseUnderTest, records: None) -> None:
    case.start({**NO_SYMPTOMS, "breathless": True})
    case.wait_for_end()

    row = eventually(case.kpi_row)
    assert (row["outcome"], row["orientation"], row["result"]) == ("emergency_services", "emergency", None)


def test_starting_the_same_case_twice_starts_it_once(case: CaseUnderTest) -> None:
    case.start(WITH_COUGH)
    case.start(WITH_COUGH)

    found = case.admin.get("/process-instance/count", businessKey=case.reference)
    assert found["count"] == 1


def test_a_pre_screening_that_lacks_an_answer_is_assessed_by_a_doctor(case: CaseUnderTest) -> None:
    case.start({name: value for name, value in WITH_COUGH.items() if name != "diarrhea"})

    case.wait_for_task("assess_by_hand")
    assert case.incidents() == []
    assert case.value("orientation") is None
