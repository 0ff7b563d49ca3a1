"""The happy path: evaluation, visit, test, notification, report and review."""

from typing import Any

from records.outbox import SENT, Message
from tests.support.case import CONTACT, WITH_COUGH, CaseUnderTest, eventually
from tests.support.mail import mails_to


def test_a_case_with_a_negative_result_is_completed(case: CaseUnderTest, records: None) -> None:
    # given a patient with a cough who requests an evaluation
    case.start(WITH_COUGH)
    case.request_evaluation()
    case.fill_in_medical_form()
    # when the team visits, the lab finds nothing and the doctor reports
    case.record_visit(finding="negative")
    case.submit_report()
    # then the patient may give feedback, and the case ends
    case.submit_form("review", {"rating": "5", "review_comment": "Quick."})
    ended = case.wait_for_end()
    assert ended.values["case_outcome"] == "care_completed"
    assert ended.values["lab_result"] == "negative"
    assert "Task_TraceContacts" not in case.visited_nodes()

    row = eventually(lambda: (case.kpi_row() or {}).get("rating") and case.kpi_row())
    assert (row["outcome"], row["result"], row["rating"]) == ("care_completed", "negative", 5)
    times = [
        row[name]
        for name in (
            "evaluation_requested_at",
            "sample_taken_at",
            "result_told_at",
            "report_published_at",
            "care_completed_at",
        )
    ]
    assert times == sorted(times)
    assert None not in times


def test_the_contacts_of_a_positive_case_are_notified(
    case: CaseUnderTest, state: dict[str, Any], records: None
) -> None:
    contacts = [
        {**CONTACT, "email": f"{case.barcode.lower()}-{n}@contacts.example", "name": f"Contact {n}"} for n in range(3)
    ]
    case.start(WITH_COUGH)
    case.request_evaluation()
    case.fill_in_medical_form()
    case.record_visit(finding="positive")

    case.submit_form("close_contacts", {"had_contacts": "yes", "close_contacts": contacts})

    for contact in contacts:
        message = eventually(lambda contact=contact: mails_to(state, contact["email"]))
        assert len(message) == 1
        assert "Lovelace" not in message[0]
        assert "positive" not in message[0].lower()
        assert f"{state['webapp']}/contact/" in message[0]
    case.submit_report(case_classification="confirmed")
    case.submit_form("review", {"rating": None, "review_comment": None})
    ended = case.wait_for_end()
    assert ended.values["contacts_traced"] is True
    row = case.kpi_row()
    assert (row["result"], row["contacts_named"], row["rating"]) == ("positive", 3, None)
    assert (row["contacts_notified"], row["contacts_notified_in_24_h"]) == (3, 3)
    assert row["contacts_notified_at"] >= row["contacts_named_at"]


def test_contact_tracing_and_the_report_run_in_parallel(case: CaseUnderTest) -> None:
    case.start(WITH_COUGH)
    case.request_evaluation()
    case.fill_in_medical_form()
    case.record_visit(finding="positive")

    # both are open at the same time
    case.wait_for_task("close_contacts")
    case.wait_for_task("doctor_report")
    case.submit_report(case_classification="confirmed")
    case.submit_form("review", {"rating": "4"})
    # and the case runs until contact tracing ends
    assert case.case().ended_at is None
    case.submit_form("close_contacts", {"had_contacts": "no"})
    assert case.wait_for_end().values["contacts_named"] == 0


def test_messages_to_the_patient_have_neither_name_nor_result(
    case: CaseUnderTest, state: dict[str, Any], records: None
) -> None:
    address = f"{case.barcode.lower()}@patients.example"
    case.start(WITH_COUGH)
    case.request_evaluation(email=address)
    case.fill_in_medical_form()
    case.record_visit(finding="negative")
    case.submit_report()
    case.wait_for_task("review")

    messages = eventually(lambda: [] if len(mails_to(state, address)) < 3 else mails_to(state, address))
    assert {message.split("Subject: ")[1].split("\n")[0] for message in messages} == {
        "We've planned your visit",
        "You have an update",
        "Your doctor's report is ready",
    }
    for message in messages:
        assert "Ada" not in message
        assert "negative" not in message.lower()
        assert f"{state['webapp']}/link/" in message
    assert Message.get(Message.key == f"{case.reference}/tell_result/1").state == SENT


def test_a_case_without_a_review_ends_when_the_review_expires(case: CaseUnderTest) -> None:
    case.start(WITH_COUGH)
    case.request_evaluation()
    case.fill_in_medical_form()
    case.record_visit(finding="negative")
    case.submit_report()
    case.wait_for_task("review")

    case.fire_timer("Event_ReviewExpired")

    assert case.wait_for_end().values["case_outcome"] == "care_completed"
