"""Steps 6, 8 and 14: testing priority, due dates of visit and report, and the suggested doctor."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from camunda7.variables import ENGINE_TIME
from tests.support.case import NO_SYMPTOMS, WITH_COUGH, CaseUnderTest
from tests.support.days import days_ago

EXPOSED = {"recent_exposure": "yes", "last_exposure_date": days_ago(8)}
URGENT = {
    **NO_SYMPTOMS, "temperature": "at_least_39", "cough": True, "fatigue": True, "bedridden_half_day": True,
    "diabetes": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "medical", "priority", "hours"),
    [
        (URGENT, {}, 90, 4),
        ({**WITH_COUGH, "diabetes": True}, {}, 80, 4),
        (WITH_COUGH, {"works_in": "health_or_care"}, 70, 12),
        (WITH_COUGH, {"lives": "closed_setting"}, 60, 12),
        (WITH_COUGH, {"works_in": "closed_setting"}, 60, 12),
        ({**WITH_COUGH, **EXPOSED}, {}, 50, 24),
        (WITH_COUGH, {}, 40, 24),
        ({**NO_SYMPTOMS, **EXPOSED}, {}, 20, 48),
    ],
    ids=["urgent", "at risk", "health worker", "dormitory", "works there", "exposed", "symptoms", "no symptoms"],
)
def test_the_priority_of_a_patient(
    case: CaseUnderTest, answers: dict[str, Any], medical: dict[str, Any], priority: int, hours: int
) -> None:
    case.start(answers)
    case.request_evaluation()
    case.fill_in_medical_form(**medical)

    visit = case.admin.get(f"/task/{case.wait_for_task('medical_visit').id}")
    assert (visit["priority"], case.value("report_due_hours")) == (priority, hours)
    assert datetime.strptime(visit["due"], ENGINE_TIME) == case.value("visit_due_at")


def test_a_report_is_due_in_time_and_a_doctor_on_duty_is_suggested(case: CaseUnderTest) -> None:
    case.start(URGENT)
    case.request_evaluation()
    case.fill_in_medical_form()
    case.record_visit(finding="negative")

    report = case.admin.get(f"/task/{case.wait_for_task('doctor_report').id}")
    due_after = datetime.strptime(report["due"], ENGINE_TIME) - case.value("result_told_at")
    assert timedelta(hours=4) <= due_after < timedelta(hours=4, minutes=1)
    assert case.value("suggested_doctor") in ("doctor", "doctor2")
    # suggested, but not assigned: any doctor may claim it
    assert report["assignee"] is None
