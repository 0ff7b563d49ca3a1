"""Results that the lab corrects after notification: patient, doctor, government and contacts are informed again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hosting.clients.lab import Lab
from processes.cases import find_case
from processes.engine import Engine
from records.leases import Leases
from records.outbox import Message
from records.postponed_items import PostponedItems
from records.retries import RetrySchedule
from services.lab.models import FeedItem, Order, Reservation
from tests.support.case import CONTACT, CaseUnderTest, eventually
from tests.support.mail import mails_to
from workers import lab_feed
from workers.lab_feed import LabFeed

WITHOUT_PAUSE = RetrySchedule(timedelta(), timedelta())


def close_case(case: CaseUnderTest, finding: str, **report: str) -> None:
    case.reach_report(finding)
    case.submit_report(**report)
    if finding == "positive":
        case.submit_form("close_contacts", {"had_contacts": "no"})
    case.submit_form("review", {"rating": "4"})
    case.wait_for_end()


def count_instances(case: CaseUnderTest) -> int:
    query = {"processInstanceBusinessKey": case.reference, "processDefinitionKey": "corona_care"}
    return case.admin.post("/history/process-instance/count", query)["count"]


def is_feed_acknowledged(case: CaseUnderTest) -> bool:
    return not FeedItem.select().where(FeedItem.case_reference == case.reference, ~FeedItem.acknowledged).exists()


def test_a_correction_to_positive_during_the_doctors_report(
    case: CaseUnderTest, lab_database: None, records: None
) -> None:
    # given a negative case whose report is due
    case.reach_report("negative")
    first = case.wait_for_task("doctor_report").id
    # when the lab corrects its result
    case.correct_lab_result("positive")
    # then the patient is notified again, contacts are requested, and a new report task replaces the old one
    eventually(lambda: case.value("correction_number") == 1)
    assert case.wait_for_task("doctor_report").id != first
    case.wait_for_task("close_contacts")
    assert (case.value("lab_result"), case.value("result_number")) == ("positive", 2)
    eventually(lambda: Message.get_or_none(Message.key == f"{case.reference}/tell_result/2"))
    assert eventually(lambda: is_feed_acknowledged(case))
    # and the KPIs count the corrected result
    eventually(lambda: case.kpi_row()["result"] == "positive")
    case.submit_report(case_classification="confirmed")
    case.submit_form("close_contacts", {"had_contacts": "no"})
    case.submit_form("review", {"rating": "3"})
    case.wait_for_end()
    assert count_instances(case) == 2
    eventually(lambda: (case.kpi_row()["classification"], case.kpi_row()["rating"]) == ("confirmed", 3))


def test_a_correction_to_negative_reopens_a_closed_case(
    case: CaseUnderTest, lab_database: None, records: None, state: dict[str, Any]
) -> None:
    # given a closed positive case whose contact was notified
    address = f"{case.barcode.lower()}@contacts.example"
    case.reach_report("positive")
    case.submit_form("close_contacts", {"had_contacts": "yes", "close_contacts": [{**CONTACT, "email": address}]})
    eventually(lambda: mails_to(state, address))
    case.submit_report(case_classification="confirmed", assessment="Mild course.")
    case.submit_form("review", {"rating": "4"})
    case.wait_for_end()
    before = case.kpi_row()["closed_at"]
    # when the lab corrects its result
    case.correct_lab_result("negative")
    # then the case is reopened, and doctor, government and contact are informed
    eventually(lambda: case.value("correction_number") == 1)
    case.wait_for_task("doctor_report")
    assert "Mild course." in case.value("earlier_reports")
    known = eventually(
        lambda: (k := case.get_from_government(f"/v1/cases/{case.reference}"))["result"] == "negative" and k
    )
    assert [contact["released"] for contact in known["contacts"]] == [True]
    assert len(eventually(lambda: (m := mails_to(state, address)) and len(m) == 2 and m)) == 2
    row = eventually(lambda: case.kpi_row()["result"] == "negative" and case.kpi_row())
    # and the first report's figures are removed, while the time of closing stays
    assert (row["classification"], row["report_published_at"], row["closed_at"]) == (None, None, before)
    assert "Task_TraceContacts" not in case.visited_nodes_in(case.instance_id)


def test_running_tracing_ends_when_the_case_becomes_negative(case: CaseUnderTest, lab_database: None) -> None:
    case.reach_report("positive")
    case.wait_for_task("close_contacts")

    case.correct_lab_result("negative")

    eventually(lambda: case.value("lab_result") == "negative")
    case.wait_for_task("doctor_report")
    assert [task.form for task in case.tasks()] == ["doctor_report"]


def test_interrupted_tracing_starts_again_when_the_corrected_result_is_positive(
    case: CaseUnderTest, lab_database: None
) -> None:
    """The report had started tracing; then the lab corrects the negative result to positive."""
    case.reach_report("negative")
    case.submit_report(case_classification="probable")
    case.wait_for_task("close_contacts")

    case.correct_lab_result("positive")

    eventually(lambda: case.value("correction_number") == 1)
    case.wait_for_task("close_contacts")
    assert len([task for task in case.tasks() if task.form == "close_contacts"]) == 1


@pytest.mark.parametrize("closed", [False, True], ids=["running", "closed"])
def test_after_a_result_entered_in_error_the_doctor_decides(
    case: CaseUnderTest, lab_database: None, closed: bool
) -> None:
    close_case(case, "negative") if closed else case.reach_report("negative")

    case.correct_lab_result("entered_in_error")

    eventually(lambda: case.value("lab_result") == "entered_in_error")
    case.submit_report(repeat_test=True)
    case.wait_for_task("medical_visit")
    case.record_visit("positive", sample=2)
    case.wait_for_task("close_contacts")
    assert (case.value("lab_result"), case.value("result_number")) == ("positive", 3)


def test_a_correction_of_the_first_sample_cancels_the_second_test(case: CaseUnderTest, lab_database: None) -> None:
    # given a second sample at the lab, ordered by the doctor
    case.reach_report("negative")
    case.submit_report(repeat_test=True)
    case.wait_for_task("medical_visit")
    case.record_visit("negative", sample=2, after_s=3600)
    case.wait_until_at("Task_WaitForTestResult")
    # when the lab corrects the first result
    case.correct_lab_result("positive", sample=1)
    # then the patient is notified at once, and the second test is cancelled
    case.wait_for_task("doctor_report")
    case.wait_for_task("close_contacts")
    assert (case.value("lab_result"), case.value("result_number")) == ("positive", 2)
    assert Order.get(Order.sample_barcode == case.barcode_of(2)).state == "cancelled"
    assert eventually(lambda: is_feed_acknowledged(case))


def test_a_correction_with_the_same_result_changes_nothing(case: CaseUnderTest, lab_database: None) -> None:
    case.reach_report("negative")
    task = case.wait_for_task("doctor_report").id

    case.correct_lab_result("negative")

    assert eventually(lambda: is_feed_acknowledged(case))
    assert case.wait_for_task("doctor_report").id == task
    assert (case.value("correction_number"), case.value("result_number")) == (0, 1)


def test_two_successive_corrections_are_both_applied(case: CaseUnderTest, lab_database: None) -> None:
    close_case(case, "negative")

    case.correct_lab_result("positive")
    case.correct_lab_result("negative")

    eventually(lambda: case.value("correction_number") == 2)
    case.wait_for_task("doctor_report")
    assert case.value("lab_result") == "negative"
    assert eventually(lambda: is_feed_acknowledged(case))


def test_a_correction_that_is_reverted_at_once_is_applied_as_well(case: CaseUnderTest, lab_database: None) -> None:
    """The second correction equals the result that the case has until the first is delivered."""
    case.reach_report("positive")

    case.correct_lab_result("negative")
    case.correct_lab_result("positive")

    eventually(lambda: case.value("correction_number") == 2)
    case.wait_for_task("doctor_report")
    assert case.value("lab_result") == "positive"
    assert eventually(lambda: is_feed_acknowledged(case))


def test_concurrent_readers_of_the_feed_reopen_a_case_once(
    case: CaseUnderTest, lab_database: None, records: None, state: dict[str, Any]
) -> None:
    # given a closed case, and two readers of the feed in addition to the platform's
    close_case(case, "negative")
    admin = state["accounts"]["admin"]
    readers = [
        LabFeed(
            Lab(state["lab"], state["lab_api_key"]),
            Engine(state["engine"], admin["username"], admin["password"]),
            Leases(),
            PostponedItems(),
            WITHOUT_PAUSE,
        )
        for _ in range(2)
    ]
    # when a result is corrected, and all three read the feed
    case.correct_lab_result("positive")
    for _ in range(5):
        for reader in readers:
            reader.read()
    # then the case is reopened once
    case.wait_for_task("doctor_report")
    assert eventually(lambda: is_feed_acknowledged(case))
    assert count_instances(case) == 2
    assert find_case(case.admin, case.reference).values["correction_number"] == 1


class LastItemFeed:
    """A client of the lab whose feed has only the last item of a case, which isn't acknowledged yet."""

    def __init__(self, case: CaseUnderTest):
        of_case = FeedItem.select().where(FeedItem.case_reference == case.reference)
        self._item = of_case.order_by(FeedItem.id.desc()).dicts().get()

    def feed(self, after: int) -> dict[str, Any]:
        return {"items": [] if after else [self._item], "next": self._item["id"]}

    def acknowledge(self, item_id: int) -> None:
        """Do nothing: the feed has the item until the end."""


class SlowReader:
    """A reader of the feed that sees the case as it was before another reader delivered the item.

    Args:
        stale_reads: number of look-ups that return the case as it was.
    """

    def __init__(self, case: CaseUnderTest, monkeypatch: pytest.MonkeyPatch, stale_reads: int):
        stale = [find_case(case.admin, case.reference)] * stale_reads
        monkeypatch.setattr(lab_feed, "find_case", lambda *which: stale.pop() if stale else find_case(*which))
        self._case = case

    def read(self) -> None:
        LabFeed(LastItemFeed(self._case), self._case.admin, Leases(), PostponedItems(), WITHOUT_PAUSE).read()


def test_a_result_that_another_reader_has_delivered_interrupts_nothing(
    case: CaseUnderTest, lab_database: None, records: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    case.reach_visit()
    reader = SlowReader(case, monkeypatch, stale_reads=1)
    case.record_visit("positive")
    task = case.wait_for_task("doctor_report").id

    reader.read()

    assert case.wait_for_task("doctor_report").id == task
    assert (case.value("lab_result"), case.value("correction_number")) == ("positive", 0)


def test_a_correction_that_another_reader_has_delivered_is_not_applied_again(
    case: CaseUnderTest, lab_database: None, records: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    case.reach_report("negative")
    reader = SlowReader(case, monkeypatch, stale_reads=2)
    case.correct_lab_result("positive")
    eventually(lambda: case.value("correction_number") == 1)
    task = case.wait_for_task("doctor_report").id

    reader.read()

    assert case.wait_for_task("doctor_report").id == task
    assert (case.value("lab_result"), case.value("correction_number")) == ("positive", 1)


def test_an_item_of_an_unknown_case_does_not_block_others(case: CaseUnderTest, lab_database: None) -> None:
    # given a result of a case that the platform doesn't know
    unknown = FeedItem.create(
        kind="result", case_reference="C-UNKNOWN", sample_number=1, sample_barcode="STUCK", status="final",
        result="positive",
    )  # fmt: skip
    # when another item follows
    case.reach_report("negative")
    # then that one is delivered; the first isn't acknowledged, so that the lab offers it again
    assert FeedItem.get_by_id(unknown.id).acknowledged is False
    FeedItem.update(acknowledged=True).where(FeedItem.id == unknown.id).execute()


def test_a_correction_returns_no_used_kit(case: CaseUnderTest, lab_database: None) -> None:
    case.reach_report("negative")
    case.correct_lab_result("positive")
    eventually(lambda: case.value("correction_number") == 1)
    case.wait_for_task("doctor_report")

    kits = Reservation.select().where(Reservation.case_reference == case.reference)
    assert [kit.sample_number for kit in kits] == [1]
