"""The watch at home of positive cases: daily reports, silence, calls, and release by policy."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from camunda7.variables import ENGINE_TIME
from config import settings
from records.outbox import Message
from tests.support.case import GREEN_DAY, NO_SYMPTOMS, STAYS_AT_HOME, CaseUnderTest, eventually
from tests.support.days import days_ago

NO_FEVER = 36.8


@pytest.fixture
def case(state: dict[str, Any]) -> CaseUnderTest:
    """A case that is watched at home if it is positive."""
    return CaseUnderTest(state, is_watched=True)


def reach_watch(case: CaseUnderTest, onset: int = 8, fever_c: float = NO_FEVER, **request: Any) -> None:
    """Take a case to the watch, in the morning of its first day.

    Args:
        onset: days since the symptoms began.
        fever_c: temperature when the sample was taken.
    """
    case.start_care(onset, **request)
    case.record_visit("positive", body_temperature_c=fever_c)
    case.wait_until_at("Event_ReportHour")
    case.fire_timer("Event_ReportHour")


def reach_quarantine(case: CaseUnderTest, exposure: int | None, finding: str = "negative") -> None:
    """Take an exposed case without symptoms to the notification of its result.

    Args:
        exposure: days since the last exposure; None if it is unknown, as for a contact who came by a link.
    """
    answers = {"recent_exposure": "yes", "last_exposure_date": days_ago(exposure)} if exposure is not None else {}
    case.start({**NO_SYMPTOMS, **answers}, exposed_to="token" if exposure is None else None)
    case.request_evaluation()
    case.fill_in_medical_form(onset_date=None)
    case.wait_for_task("medical_visit")
    case.record_visit(finding, body_temperature_c=NO_FEVER)
    case.wait_for_task("doctor_report")


def report(case: CaseUnderTest, **changed: Any) -> None:
    case.submit_form("daily_report", {**GREEN_DAY, **changed})


def in_words(day: str) -> str:
    """A day as staff read it, such as 7 November 2026."""
    found = date.fromisoformat(day)
    return f"{found.day} {found:%B %Y}"


def days(case: CaseUnderTest) -> list[dict[str, Any]]:
    return case.value("diary") or []


def test_a_patient_is_released_on_the_first_day_that_the_policy_allows(case: CaseUnderTest, records: None) -> None:
    # given a positive patient on the last day of isolation
    reach_watch(case, onset=10)
    # when they are well
    report(case)
    # then they stay at home one more day, and know why
    case.wait_until_at("Event_ReportHour")
    assert (case.value("release"), case.value("release_from")) == ("isolation", days_ago(-1))
    assert [(day["day"], day["status"], day["spo2"]) for day in days(case)] == [(days_ago(0), "green", 97)]
    # when the day is over: 11 days since onset
    case.correct_onset(days_ago(11))
    case.fire_timer("Event_ReportHour")
    report(case)
    # then they are released, and get a message
    eventually(lambda: case.value("watch_outcome") == "released", case.describe)
    query = Message.select().where(Message.key.startswith(f"{case.reference}/"), Message.template == "released")
    eventually(lambda: query.count() == 1)
    assert len(days(case)) == 1
    # and the case continues with the doctor's report
    case.submit_report(case_classification="confirmed", isolation_until=days_ago(1))
    case.submit_form("close_contacts", {"had_contacts": "no"})
    case.submit_form("review", {"rating": "5", "review_comment": None})
    assert case.wait_for_end().values["watch_outcome"] == "released"


def test_an_amber_day_is_followed_by_a_call_of_the_medical_team(case: CaseUnderTest) -> None:
    # given
    reach_watch(case, onset=11)
    # when the oxygen saturation is 94 %
    report(case, spo2=94)
    # then the medical team calls within hours, and sees the day
    call = case.task("watch_call")
    assert (case.groups_of("watch_call"), call["priority"]) == ({"medical-team"}, 95)
    assert call["due"] is not None
    shown = case.facts("watch_call")["Today"]
    assert shown == "amber, feels better, 36.9 °C, oxygen saturation 94 % (LOW), pulse 70"
    case.complete_staff_task("medical_team", "watch_call", STAYS_AT_HOME)
    # and the patient stays at home, also after the days of isolation
    case.wait_until_at("Event_ReportHour")
    assert (case.value("release"), days(case)[0]["status"]) == ("symptoms", "amber")
    # the next call shows the course
    case.fire_timer("Event_ReportHour")
    report(case, spo2=93)
    facts = case.facts("watch_call")
    assert facts["Oxygen at home, by day"] == "▅▄ 94, 93 %"
    assert facts[in_words(days_ago(0))] == "amber, better, 36.9 °C, oxygen saturation 94 % (LOW), pulse 70"
    case.complete_staff_task("medical_team", "watch_call", STAYS_AT_HOME)


def test_a_red_day_puts_a_doctors_call_before_all_other_tasks(case: CaseUnderTest, records: None) -> None:
    # given
    reach_watch(case)
    # when
    report(case, spo2=92)
    # then a doctor calls at once
    call = case.task("worsening_call")
    assert (call["priority"], case.groups_of("worsening_call")) == (120, {"doctors"})
    alert = "EMERGENCY: today's report from home is red"
    assert (case.card("worsening_call")["alert"], case.facts("worsening_call")["Now"]) == (alert, alert)
    eventually(lambda: "Event_CallAnnounced" in case.visited_nodes(), case.describe)
    # and the patient goes on reporting if they stay at home
    case.complete_staff_task("doctor", "worsening_call", {**STAYS_AT_HOME, "care_place": "home"})
    case.wait_until_at("Event_ReportHour")
    [day] = days(case)
    assert day["status"] == "red"
    # and the time that the doctor took is in the KPIs
    assert day["called_after_s"] is not None
    case.withdraw()
    eventually(lambda: (row := case.kpi_row()) and row["red_to_call_s"] == day["called_after_s"], case.describe)


def test_a_watched_patient_who_goes_to_hospital_is_not_watched_any_more(case: CaseUnderTest) -> None:
    reach_watch(case)
    report(case, breathless=True)

    case.complete_staff_task("doctor", "worsening_call", {**STAYS_AT_HOME, "care_place": "hospital"})

    eventually(lambda: case.value("watch_outcome") == "hospital", case.describe)
    assert days(case)[0]["status"] == "red"
    case.wait_for_task("doctor_report")


def test_a_silent_patient_is_reminded_called_and_visited(case: CaseUnderTest, records: None) -> None:
    # given a patient who doesn't report
    reach_watch(case)
    case.wait_for_task("daily_report")
    # when it is evening, then they are reminded
    case.fire_timer("Event_ReportReminder")
    sent = Message.select().where(
        Message.key.startswith(f"{case.reference}/"), Message.template == "daily_report_wanted"
    )
    eventually(lambda: sent.count() == 1)
    # when a day is over, then the contact tracers call, three times
    case.fire_timer("Event_ReportMissing")
    case.wait_until_at("Task_CallSilentPatient")
    for number in (1, 2, 3):
        eventually(lambda number=number: case.value("call_number") == number and case.tasks())
        assert case.groups_of("daily_report") == {"contact-tracers"}
        case.complete_staff_task("contact_tracer", "daily_report", {"call_reached": "no", "call_again_at": None})
    # then the medical team visits
    assert case.groups_of("watch_call") == {"medical-team"}
    case.wait_until_at("Task_VisitSilentPatient")
    case.complete_staff_task("medical_team", "watch_call", STAYS_AT_HOME)
    # and asks again the next day
    case.wait_until_at("Event_ReportHour")
    assert [day["status"] for day in days(case)] == [None]
    assert case.value("call_number") == 1


def test_a_silent_patient_who_is_reached_reports_by_telephone(case: CaseUnderTest) -> None:
    reach_watch(case)
    case.fire_timer("Event_ReportMissing")
    case.wait_until_at("Task_CallSilentPatient")

    case.complete_staff_task("contact_tracer", "daily_report", {"call_reached": "yes", **GREEN_DAY})

    case.wait_until_at("Event_ReportHour")
    assert days(case)[0]["status"] == "green"


def test_patients_with_a_telephone_only_are_called_each_day(case: CaseUnderTest) -> None:
    reach_watch(case, channel="telephone", email=None, phone=case.new_phone_number())
    assert case.groups_of("daily_report") == {"contact-tracers"}

    case.complete_staff_task("contact_tracer", "daily_report", {"call_reached": "yes", **GREEN_DAY})

    case.wait_until_at("Event_ReportHour")
    assert days(case)[0]["status"] == "green"


def test_recent_fever_delays_the_release(case: CaseUnderTest) -> None:
    reach_watch(case, onset=20)
    report(case, fever_medicine="yes")
    case.wait_until_at("Event_ReportHour")
    assert (case.value("release"), case.value("release_from")) == ("fever", days_ago(-4))


def test_a_diary_that_begins_late_counts_from_onset(case: CaseUnderTest) -> None:
    reach_watch(case, onset=11)
    report(case)
    eventually(lambda: case.value("watch_outcome") == "released", case.describe)


def test_a_result_that_is_corrected_ends_the_watch(case: CaseUnderTest) -> None:
    reach_watch(case)
    report(case)
    case.wait_until_at("Event_ReportHour")

    case.correct_lab_result("negative")

    eventually(lambda: case.value("lab_result") == "negative" and case.value("correction_number") == 1, case.describe)
    assert case.value("watch_started_at") is None
    case.submit_report()
    case.submit_form("review", {"rating": "5", "review_comment": None})
    case.wait_for_end()


def test_an_exposed_patient_is_watched_until_the_quarantine_is_over(case: CaseUnderTest, records: None) -> None:
    # given a negative result on the last day of quarantine
    reach_quarantine(case, exposure=14)
    case.fire_timer("Event_ReportHour")
    # when they are well, then they stay at home one more day, and know why
    report(case, feeling="same")
    case.wait_until_at("Event_ReportHour")
    assert (case.value("release"), case.value("release_from")) == ("quarantine", days_ago(-1))
    # when it is over, but there is fever, then they stay at home
    case.set_values({"last_exposure_date": days_ago(15)})
    case.fire_timer("Event_ReportHour")
    report(case, day_temperature_c=38.5)
    case.wait_until_at("Event_ReportHour")
    assert (case.value("release"), case.value("release_from")) == ("fever", days_ago(-4))
    # when nothing is left, then they are released
    case.set_values({"last_exposure_date": days_ago(19), "diary": []})
    case.fire_timer("Event_ReportHour")
    report(case, feeling="same")
    eventually(lambda: case.value("watch_outcome") == "released", case.describe)
    query = Message.select().where(Message.key.startswith(f"{case.reference}/"), Message.template == "released")
    eventually(lambda: query.count() == 1)


def test_an_exposed_patient_is_called_like_any_other(case: CaseUnderTest) -> None:
    reach_quarantine(case, exposure=3)
    case.fire_timer("Event_ReportHour")
    report(case, spo2=90)
    assert case.task("worsening_call")["priority"] == 120


def test_a_contact_whose_last_exposure_is_unknown_is_watched_from_the_sample_on(case: CaseUnderTest) -> None:
    reach_quarantine(case, exposure=None)
    case.fire_timer("Event_ReportHour")
    report(case)
    case.wait_until_at("Event_ReportHour")
    assert (case.value("release"), case.value("release_from")) == ("quarantine", days_ago(-15))


def test_no_one_is_watched_after_quarantine_or_without_exposure(case: CaseUnderTest, state: dict[str, Any]) -> None:
    reach_quarantine(case, exposure=15)
    assert "Event_WatchBegun" not in case.visited_nodes()
    never_exposed = CaseUnderTest(state, is_watched=True)
    never_exposed.reach_report("negative")
    assert "Event_WatchBegun" not in never_exposed.visited_nodes()


def test_a_result_that_is_corrected_to_positive_turns_quarantine_into_isolation(case: CaseUnderTest) -> None:
    # given
    reach_quarantine(case, exposure=14)
    case.fire_timer("Event_ReportHour")
    report(case)
    case.wait_until_at("Event_ReportHour")
    # when
    case.correct_lab_result("positive")
    eventually(lambda: case.value("correction_number") == 1 and case.value("watch_started_at"), case.describe)
    # then a new watch begins, and counts from the sample: there were no symptoms
    case.fire_timer("Event_ReportHour")
    report(case)
    case.wait_until_at("Event_ReportHour")
    assert (case.value("release"), case.value("release_from")) == ("isolation", days_ago(-11))


def test_a_case_that_is_confirmed_by_the_report_alone_is_not_watched(case: CaseUnderTest) -> None:
    case.reach_report("negative")
    case.submit_report(case_classification="confirmed", isolation_until=days_ago(-5))
    case.submit_form("close_contacts", {"had_contacts": "no"})
    case.submit_form("review", {"rating": "5", "review_comment": None})
    case.wait_for_end()
    assert "Event_WatchBegun" not in case.visited_nodes()


def test_a_report_that_comes_while_a_call_is_due_counts_and_ends_the_call(case: CaseUnderTest) -> None:
    # given a silent patient, whom a contact tracer couldn't reach once
    reach_watch(case)
    case.fire_timer("Event_ReportMissing")
    case.wait_until_at("Task_CallSilentPatient")
    case.complete_staff_task("contact_tracer", "daily_report", {"call_reached": "no", "call_again_at": None})
    eventually(lambda: case.value("call_number") == 2 and case.tasks())
    # when the patient reports on their page
    report(case)
    # then the day counts, no one calls, and the next silence begins with the first call
    case.wait_until_at("Event_ReportHour")
    assert [day["status"] for day in days(case)] == ["green"]
    assert "daily_report" not in {task.form for task in case.tasks()}
    assert case.value("call_number") == 1


def test_a_red_report_while_a_call_is_due_goes_to_a_doctor(case: CaseUnderTest) -> None:
    reach_watch(case)
    case.fire_timer("Event_ReportMissing")
    case.wait_until_at("Task_CallSilentPatient")
    report(case, breathless=True)
    assert case.groups_of("worsening_call") == {"doctors"}


def test_a_patient_with_a_telephone_only_who_is_not_reached_is_called_again_and_visited(case: CaseUnderTest) -> None:
    reach_watch(case, channel="telephone", email=None, phone=case.new_phone_number())
    not_reached = {"call_reached": "no", "call_again_at": None}
    for number in (1, 2, 3):
        eventually(lambda number=number: case.value("call_number") == number and case.tasks())
        case.complete_staff_task("contact_tracer", "daily_report", not_reached)
    case.wait_until_at("Task_VisitSilentPatient")
    # the visit finds the patient so ill that they go to hospital
    case.complete_staff_task("medical_team", "watch_call", {**STAYS_AT_HOME, "care_place": "hospital"})
    eventually(lambda: case.value("watch_outcome") == "hospital", case.describe)


def test_an_onset_that_the_medical_team_corrects_counts_from_this_day_on(case: CaseUnderTest) -> None:
    # given an amber day, after what seemed 8 days
    reach_watch(case, onset=8)
    report(case, pulse=115)
    # when the patient says on the telephone that it began 2 days later
    case.complete_staff_task("medical_team", "watch_call", {**STAYS_AT_HOME, "onset_date": days_ago(6)})
    # then they stay at home 2 days longer
    case.wait_until_at("Event_ReportHour")
    assert (case.value("onset_date"), case.value("release_from")) == (days_ago(6), days_ago(-5))


def test_a_patient_who_withdraws_while_a_doctor_is_to_call_is_not_called_any_more(case: CaseUnderTest) -> None:
    reach_watch(case)
    report(case, breathless=True)
    case.wait_for_task("worsening_call")
    case.withdraw()
    eventually(lambda: case.value("watch_outcome") == "withdrawn", case.describe)
    assert "worsening_call" not in {task.form for task in case.tasks()}


def test_a_patient_who_withdraws_before_the_report_is_not_watched_any_more(case: CaseUnderTest) -> None:
    reach_watch(case)
    case.wait_for_task("doctor_report")

    case.withdraw()

    eventually(lambda: case.value("watch_outcome") == "withdrawn", case.describe)


def test_a_patient_may_withdraw_from_the_watch_alone(case: CaseUnderTest) -> None:
    reach_watch(case)
    case.submit_form("close_contacts", {"had_contacts": "no"})
    case.submit_report(case_classification="confirmed")
    case.submit_form("review", {"rating": "5", "review_comment": None})

    case.end_watch()

    ended = case.wait_for_end()
    assert (ended.values["watch_outcome"], ended.values["case_outcome"]) == ("withdrawn", "care_completed")


def test_a_referral_by_the_doctors_report_ends_the_watch(case: CaseUnderTest) -> None:
    reach_watch(case)

    case.submit_report(case_classification="confirmed", further_action="refer_to_hospital")

    eventually(lambda: case.value("watch_outcome") == "hospital", case.describe)


def test_a_watched_patient_who_feels_worse_between_reports_is_called(case: CaseUnderTest) -> None:
    reach_watch(case)
    report(case)
    case.wait_until_at("Event_ReportHour")

    case.report_worsening(breathless=True)

    day = case.facts("worsening_call")[in_words(days_ago(0))]
    assert day == "green, better, 36.9 °C, oxygen saturation 97 %, pulse 70"
    case.complete_staff_task("doctor", "worsening_call", STAYS_AT_HOME)
    eventually(lambda: "Event_PatientCalled" in case.visited_nodes(), case.describe)
    case.wait_until_at("Event_ReportHour")


def test_a_day_that_the_decision_fails_on_is_red(case: CaseUnderTest) -> None:
    reach_watch(case)
    # the form doesn't accept it
    report(case, spo2=-1)
    eventually(lambda: "Event_DayNotAssessed" in case.visited_nodes(), case.describe)
    assert case.task("worsening_call")["priority"] == 120


def test_a_case_that_rests_costs_one_timer(case: CaseUnderTest) -> None:
    reach_watch(case)
    report(case)
    case.wait_until_at("Event_ReportHour")
    watch = next(
        row["id"]
        for row in case.admin.get("/process-instance", businessKey=case.reference)
        if row["definitionId"].startswith("watch_at_home:")
    )
    [timer] = case.admin.get("/job", processInstanceId=watch)
    due = datetime.strptime(timer["dueDate"], ENGINE_TIME).astimezone(ZoneInfo(settings.load().webapp.time_zone))
    assert (due.hour, due.minute < 20) == (9, True)
    assert case.admin.get("/task", processInstanceId=watch) == []
    assert case.admin.get("/event-subscription", processInstanceId=watch) == []


def test_without_the_policy_nobody_is_watched(state: dict[str, Any]) -> None:
    case = CaseUnderTest(state)
    case.reach_report("positive")
    assert "Event_WatchBegun" not in case.visited_nodes()
