"""Results that the lab corrects after they were told: everyone who was told is told again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hosting.clients.lab import Lab
from processes.cases import find_case
from processes.engine import Engine
from records.feed_items import FeedItems
from records.leases import Leases
from records.outbox import Message
from records.retries import RetrySchedule
from services.lab.models import FeedItem, Order, Reservation
from tests.support.case import CONTACT, CaseUnderTest, eventually
from tests.support.mail import mails_to
from workers import lab_feed
from workers.lab_feed import LabFeed

AT_ONCE = RetrySchedule(timedelta(), timedelta())


def is_closed(case: CaseUnderTest, finding: str, **report: str) -> None:
    case.is_told(finding)
    case.is_reported(**report)
    if finding == "positive":
        case.sends("close_contacts", {"had_contacts": "no"})
    case.sends("review", {"rating": "4"})
    case.ends()


def instances(case: CaseUnderTest) -> int:
    query = {"processInstanceBusinessKey": case.reference, "processDefinitionKey": "corona_care"}
    return case.admin.post("/history/process-instance/count", query)["count"]


def nothing_waits_in_the_feed(case: CaseUnderTest) -> bool:
    return not FeedItem.select().where(FeedItem.case_reference == case.reference, ~FeedItem.acknowledged).exists()


def test_during_the_doctors_report_a_negative_becomes_positive(
    case: CaseUnderTest, lab_database: None, records: None
) -> None:
    # given a negative case whose report is due
    case.is_told("negative")
    first = case.waits_for("doctor_report").id
    # when the lab corrects its result
    case.lab_corrects("positive")
    # then the patient is told again, contacts are asked for, and there is a new report to write, the old one is gone
    eventually(lambda: case.value("correction_number") == 1)
    assert case.waits_for("doctor_report").id != first
    case.waits_for("close_contacts")
    assert (case.value("lab_result"), case.value("result_number")) == ("positive", 2)
    eventually(lambda: Message.get_or_none(Message.key == f"{case.reference}/tell_result/2"))
    assert eventually(lambda: nothing_waits_in_the_feed(case))
    # and the KPIs count the result that holds
    eventually(lambda: case.kpi_row()["result"] == "positive")
    case.is_reported(case_classification="confirmed")
    case.sends("close_contacts", {"had_contacts": "no"})
    case.sends("review", {"rating": "3"})
    case.ends()
    assert instances(case) == 2
    eventually(lambda: (case.kpi_row()["classification"], case.kpi_row()["rating"]) == ("confirmed", 3))


def test_a_month_after_closing_a_positive_becomes_negative(
    case: CaseUnderTest, lab_database: None, records: None, state: dict[str, Any]
) -> None:
    # given a closed positive case whose contact was told
    address = f"{case.barcode.lower()}@contacts.example"
    case.is_told("positive")
    case.sends("close_contacts", {"had_contacts": "yes", "close_contacts": [{**CONTACT, "email": address}]})
    eventually(lambda: mails_to(state, address))
    case.is_reported(case_classification="confirmed", assessment="Mild course.")
    case.sends("review", {"rating": "4"})
    case.ends()
    before = case.kpi_row()["closed_at"]
    # when the lab says that it was negative
    case.lab_corrects("negative")
    # then the case goes on from there: patient, doctor, government and contact are told
    eventually(lambda: case.value("correction_number") == 1)
    case.waits_for("doctor_report")
    assert "Mild course." in case.value("earlier_reports")
    known = eventually(lambda: (k := case.at_government(f"/v1/cases/{case.reference}"))["result"] == "negative" and k)
    assert [contact["released"] for contact in known["contacts"]] == [True]
    assert len(eventually(lambda: (m := mails_to(state, address)) and len(m) == 2 and m)) == 2
    row = eventually(lambda: case.kpi_row()["result"] == "negative" and case.kpi_row())
    # and what the first report said doesn't hold any more
    assert (row["classification"], row["report_published_at"], row["closed_at"]) == (None, None, before)
    assert "Task_TraceContacts" not in case.visited_in(case.instance_id)


def test_a_running_tracing_ends_when_the_case_turns_negative(case: CaseUnderTest, lab_database: None) -> None:
    case.is_told("positive")
    case.waits_for("close_contacts")

    case.lab_corrects("negative")

    eventually(lambda: case.value("lab_result") == "negative")
    case.waits_for("doctor_report")
    assert [task.form for task in case.tasks()] == ["doctor_report"]


def test_a_running_tracing_that_is_cut_off_begins_again_when_the_case_stays_positive(
    case: CaseUnderTest, lab_database: None
) -> None:
    """Traced by the report; then the lab finds the virus after all."""
    case.is_told("negative")
    case.is_reported(case_classification="probable")
    case.waits_for("close_contacts")

    case.lab_corrects("positive")

    eventually(lambda: case.value("correction_number") == 1)
    case.waits_for("close_contacts")
    assert len([task for task in case.tasks() if task.form == "close_contacts"]) == 1


@pytest.mark.parametrize("closed", [False, True], ids=["running", "closed"])
def test_a_result_entered_in_error_is_taken_back_and_the_doctor_decides(
    case: CaseUnderTest, lab_database: None, closed: bool
) -> None:
    is_closed(case, "negative") if closed else case.is_told("negative")

    case.lab_corrects("entered_in_error")

    eventually(lambda: case.value("lab_result") == "entered_in_error")
    case.is_reported(repeat_test=True)
    case.waits_for("medical_visit")
    case.is_visited("positive", sample=2)
    case.waits_for("close_contacts")
    assert (case.value("lab_result"), case.value("result_number")) == ("positive", 3)


def test_a_correction_of_the_first_sample_while_the_second_is_out(case: CaseUnderTest, lab_database: None) -> None:
    # given a second sample at the lab, for the doctor wanted one
    case.is_told("negative")
    case.is_reported(repeat_test=True)
    case.waits_for("medical_visit")
    case.is_visited("negative", sample=2, after_s=3600)
    case.stands_at("Task_WaitForTestResult")
    # when the lab corrects the first
    case.lab_corrects("positive", sample=1)
    # then that is told at once, and the second test is cancelled
    case.waits_for("doctor_report")
    case.waits_for("close_contacts")
    assert (case.value("lab_result"), case.value("result_number")) == ("positive", 2)
    assert Order.get(Order.sample_barcode == case.barcode_of(2)).state == "cancelled"
    assert eventually(lambda: nothing_waits_in_the_feed(case))


def test_a_correction_that_says_the_same_changes_nothing(case: CaseUnderTest, lab_database: None) -> None:
    case.is_told("negative")
    task = case.waits_for("doctor_report").id

    case.lab_corrects("negative")

    assert eventually(lambda: nothing_waits_in_the_feed(case))
    assert case.waits_for("doctor_report").id == task
    assert (case.value("correction_number"), case.value("result_number")) == (0, 1)


def test_two_corrections_after_another_each_count(case: CaseUnderTest, lab_database: None) -> None:
    is_closed(case, "negative")

    case.lab_corrects("positive")
    case.lab_corrects("negative")

    eventually(lambda: case.value("correction_number") == 2)
    case.waits_for("doctor_report")
    assert case.value("lab_result") == "negative"
    assert eventually(lambda: nothing_waits_in_the_feed(case))


def test_a_correction_that_is_taken_back_at_once_counts_as_well(case: CaseUnderTest, lab_database: None) -> None:
    """The second says what the case knows still, while the first is yet to be delivered."""
    case.is_told("positive")

    case.lab_corrects("negative")
    case.lab_corrects("positive")

    eventually(lambda: case.value("correction_number") == 2)
    case.waits_for("doctor_report")
    assert case.value("lab_result") == "positive"
    assert eventually(lambda: nothing_waits_in_the_feed(case))


def test_two_feeds_at_once_reopen_a_case_once(
    case: CaseUnderTest, lab_database: None, records: None, state: dict[str, Any]
) -> None:
    # given a closed case, and a second and third reader of the feed beside the platform's
    is_closed(case, "negative")
    admin = state["accounts"]["admin"]
    readers = [
        LabFeed(
            Lab(state["lab"], state["lab_api_key"]),
            Engine(state["engine"], admin["username"], admin["password"]),
            Leases(),
            FeedItems(),
            AT_ONCE,
        )
        for _ in range(2)
    ]
    # when a result is corrected and all read
    case.lab_corrects("positive")
    for _ in range(5):
        for reader in readers:
            reader.read()
    # then the case goes on once
    case.waits_for("doctor_report")
    assert eventually(lambda: nothing_waits_in_the_feed(case))
    assert instances(case) == 2
    assert find_case(case.admin, case.reference).values["correction_number"] == 1


class LastItem:
    """The lab's feed, in which the last item of a case isn't acknowledged yet."""

    def __init__(self, case: CaseUnderTest):
        of_case = FeedItem.select().where(FeedItem.case_reference == case.reference)
        self._item = of_case.order_by(FeedItem.id.desc()).dicts().get()

    def feed(self, after: int) -> dict[str, Any]:
        return {"items": [] if after else [self._item], "next": self._item["id"]}

    def acknowledge(self, item_id: int) -> None:
        """The case has taken it."""


class SlowReader:
    """A reader of the feed that has looked the case up before the others delivered what it reads.

    Args:
        looks: so many times it finds the case as it was.
    """

    def __init__(self, case: CaseUnderTest, monkeypatch: pytest.MonkeyPatch, looks: int):
        seen = [find_case(case.admin, case.reference)] * looks
        monkeypatch.setattr(lab_feed, "find_case", lambda *which: seen.pop() if seen else find_case(*which))
        self._case = case

    def reads(self) -> None:
        LabFeed(LastItem(self._case), self._case.admin, Leases(), FeedItems(), AT_ONCE).read()


def test_a_result_that_another_reader_delivers_meanwhile_interrupts_nothing(
    case: CaseUnderTest, lab_database: None, records: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    case.reaches_the_visit()
    reader = SlowReader(case, monkeypatch, looks=1)
    case.is_visited("positive")
    task = case.waits_for("doctor_report").id

    reader.reads()

    assert case.waits_for("doctor_report").id == task
    assert (case.value("lab_result"), case.value("correction_number")) == ("positive", 0)


def test_a_correction_that_another_reader_delivers_meanwhile_interrupts_nothing_again(
    case: CaseUnderTest, lab_database: None, records: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    case.is_told("negative")
    reader = SlowReader(case, monkeypatch, looks=2)
    case.lab_corrects("positive")
    eventually(lambda: case.value("correction_number") == 1)
    task = case.waits_for("doctor_report").id

    reader.reads()

    assert case.waits_for("doctor_report").id == task
    assert (case.value("lab_result"), case.value("correction_number")) == ("positive", 1)


def test_one_stuck_item_holds_up_no_other(case: CaseUnderTest, lab_database: None) -> None:
    # given a result of a case that the platform doesn't know
    stuck = FeedItem.create(
        kind="result", case_reference="C-UNKNOWN", sample_number=1, sample_barcode="STUCK", status="final",
        result="positive",
    )  # fmt: skip
    # when another comes behind it
    case.is_told("negative")
    # then that one is told; the first stays to be offered again
    assert FeedItem.get_by_id(stuck.id).acknowledged is False
    FeedItem.update(acknowledged=True).where(FeedItem.id == stuck.id).execute()


def test_a_correction_gives_no_used_kit_back(case: CaseUnderTest, lab_database: None) -> None:
    case.is_told("negative")
    case.lab_corrects("positive")
    eventually(lambda: case.value("correction_number") == 1)
    case.waits_for("doctor_report")

    kits = Reservation.select().where(Reservation.case_reference == case.reference)
    assert [kit.sample_number for kit in kits] == [1]
