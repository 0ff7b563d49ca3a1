"""The early ends of step 4: the evaluation is declined, or never requested."""

from datetime import datetime, timedelta

from camunda7.variables import ENGINE_TIME
from tests.support.case import WITH_COUGH, CaseUnderTest


def test_a_patient_declines_the_evaluation(case: CaseUnderTest) -> None:
    case.start(WITH_COUGH)
    case.submit_form("evaluation_request", {"wants_evaluation": "no"})

    assert case.wait_for_end().values["case_outcome"] == "evaluation_declined"


def test_a_patient_who_does_not_answer_for_7_days_is_not_evaluated(case: CaseUnderTest) -> None:
    case.start(WITH_COUGH)
    case.wait_for_task("evaluation_request")

    case.fire_timer("Event_EvaluationRequestExpired")

    assert case.wait_for_end().values["case_outcome"] == "evaluation_not_requested"


def test_the_timer_has_the_duration_of_the_policy(case: CaseUnderTest) -> None:
    case.start(WITH_COUGH)
    task = case.wait_for_task("evaluation_request")

    timer = case.admin.get("/job", processInstanceId=case.instance_id, activityId="Event_EvaluationRequestExpired")[0]
    created = case.admin.get(f"/task/{task.id}")["created"]
    duration = datetime.strptime(timer["dueDate"], ENGINE_TIME) - datetime.strptime(created, ENGINE_TIME)
    assert abs(duration - timedelta(days=7)) < timedelta(seconds=5)
