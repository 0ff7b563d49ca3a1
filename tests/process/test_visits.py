"""Step 8: visits without a sample, after which the kit is returned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from camunda7.variables import ENGINE_TIME
from records.outbox import SENT, Message
from services.lab.models import Reservation
from tests.support.case import VISIT, CaseUnderTest, eventually
from tests.support.mail import mails_to


def has_kit(case: CaseUnderTest) -> bool:
    return Reservation.select().where(Reservation.case_reference == case.reference).exists()


def test_the_patient_is_notified_of_the_planned_visit(
    case: CaseUnderTest, state: dict[str, Any], records: None
) -> None:
    address = f"{case.barcode.lower()}@patients.example"
    case.reach_visit(email=address)

    message = eventually(lambda: mails_to(state, address))[0]
    assert "visit" in message
    assert Message.get(Message.key == f"{case.reference}/notify/visit_planned/1.1").state == SENT


def test_a_missed_visit_is_repeated_at_the_appointment(case: CaseUnderTest, records: None) -> None:
    # given
    case.reach_visit()
    appointment = (datetime.now(UTC) + timedelta(days=2)).replace(second=0, microsecond=0)
    # when the patient isn't at home
    case.record_visit_without_sample("not_at_home", next_appointment=appointment.isoformat(timespec="minutes"))
    # then a second visit is due at the appointment, and the patient is notified
    eventually(lambda: case.value("visit_number") == 2)
    assert datetime.strptime(case.task("medical_visit")["due"], ENGINE_TIME) == appointment
    eventually(lambda: Message.get_or_none(Message.key == f"{case.reference}/notify/visit_planned/1.2"))
    # and its form doesn't begin with the outcome of the first
    variables = case.admin.get(f"/task/{case.wait_for_task('medical_visit').id}/form-variables")
    assert [variables[name]["value"] for name in ("visit_outcome", "next_appointment")] == [None, None]
    # and the second visit may yield a sample
    case.record_visit("negative")
    case.wait_for_task("doctor_report")


def test_the_third_missed_visit_ends_the_case_and_returns_the_kit(case: CaseUnderTest, lab_database: None) -> None:
    case.reach_visit()
    assert has_kit(case)
    for visit in (1, 2, 3):
        eventually(lambda visit=visit: case.value("visit_number") == visit)
        case.record_visit_without_sample("not_at_home")

    assert case.wait_for_end().values["case_outcome"] == "not_reached"
    assert not has_kit(case)


def test_a_refused_sample_ends_the_case_and_returns_the_kit(case: CaseUnderTest, lab_database: None) -> None:
    case.reach_visit()
    case.record_visit_without_sample("refused")

    assert case.wait_for_end().values["case_outcome"] == "sample_refused"
    assert not has_kit(case)


def test_an_emergency_at_the_visit_alerts_the_doctors_on_duty(
    case: CaseUnderTest, lab_database: None, records: None
) -> None:
    case.reach_visit()
    case.record_visit_without_sample("emergency", oxygen_saturation=80)

    assert case.wait_for_end().values["case_outcome"] == "emergency_services"
    assert not has_kit(case)
    key = f"{case.reference}/alert/1/dana@doctors.example"
    eventually(lambda: Message.get(Message.key == key).state == SENT)


def test_vital_signs_out_of_range_are_marked_in_the_doctors_report(case: CaseUnderTest) -> None:
    case.reach_visit()
    case.record_visit("negative", body_temperature_c=38.1, oxygen_saturation=95, respiratory_rate=20)

    measured = case.facts("doctor_report")["Measured at the visit"]
    assert measured == "38.1 °C (HIGH), oxygen saturation 95 % (LOW), 20 breaths a minute"


def test_the_sampling_time_may_be_entered_later(case: CaseUnderTest) -> None:
    sampled_at = (datetime.now(UTC) - timedelta(hours=3)).replace(second=0, microsecond=0)
    case.reach_visit()
    case.record_visit("negative", sampling_time=sampled_at.isoformat(timespec="minutes"))
    case.wait_for_task("doctor_report")

    assert case.value("sample_taken_at") == sampled_at


def test_waiting_raises_the_priority_of_a_visit(case: CaseUnderTest) -> None:
    case.reach_visit()
    before = case.task("medical_visit")["priority"]

    case.fire_timer("Task_VisitPatient")

    assert case.task("medical_visit")["priority"] == before + 1
    # and the timer is set again
    assert len(case.jobs("Task_VisitPatient")) == 1


@pytest.mark.parametrize("outcome", ["refused", "not_at_home"])
def test_a_visit_without_sample_is_recorded_for_the_kpis(case: CaseUnderTest, outcome: str, records: None) -> None:
    case.reach_visit()
    for _ in range(3 if outcome == "not_at_home" else 1):
        case.wait_for_task("medical_visit")
        case.record_visit_without_sample(outcome)
    case.wait_for_end()

    expected = {"refused": "sample_refused", "not_at_home": "not_reached"}[outcome]
    assert (eventually(case.kpi_row)["outcome"], case.kpi_row()["result"]) == (expected, None)


def test_a_barcode_that_the_laboratory_knows_is_corrected_by_the_medical_team(case: CaseUnderTest) -> None:
    # given a case whose first sample was inconclusive
    case.reach_visit()
    case.record_visit("inconclusive")
    eventually(lambda: case.value("sample_number") == 2)
    case.set_lab_result("negative", sample=2)
    # when the medical team types the first sample's barcode for the second one
    mistyped = {**VISIT, "sample_barcode": case.barcode_of(1)}
    case.complete_staff_task("medical_team", "medical_visit", mistyped)
    # then they get a task, which is due at once, and there is no incident
    task = case.task("sample_barcode")
    assert datetime.strptime(task["due"], ENGINE_TIME) <= datetime.now(UTC)
    assert case.incidents() == []
    # and again, if it is still wrong
    case.complete_staff_task("medical_team", "sample_barcode", {"sample_barcode": case.barcode_of(1)})
    eventually(lambda: case.wait_for_task("sample_barcode").id != task["id"])
    # when they correct it, in small letters
    case.complete_staff_task("medical_team", "sample_barcode", {"sample_barcode": case.barcode_of(2).lower()})
    # then the sample is tested, and the doctor sees both samples
    case.wait_for_task("doctor_report")
    assert case.value("sample_barcode") == case.value("lab_result_barcode") == case.barcode_of(2)
    assert f"Sample 2, {case.barcode_of(2)}, taken " in case.value("results_so_far")
