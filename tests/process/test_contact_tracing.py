"""The process trace_contacts: contacts named late, incorrectly or never, and contacts whom no message reaches."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from camunda7.variables import ENGINE_TIME
from processes.variables import VARIABLES
from records.outbox import Message
from tests.support.case import CONTACT, CaseUnderTest, eventually
from tests.support.days import days_ago
from tests.support.mail import mails_to
from tests.support.sms import texts_to

CALLED = {"call_reached": "yes", "contact_symptoms": "no", "will_quarantine": "yes", "link_wanted": "no"}


def send_contacts(case: CaseUnderTest, *contacts: dict[str, Any]) -> None:
    case.submit_form("close_contacts", {"had_contacts": "yes", "close_contacts": list(contacts)})


def outcomes(case: CaseUnderTest) -> list[str | None]:
    """The outcome of each contact, as the government's server has it."""
    known = case.get_from_government(f"/v1/cases/{case.reference}")
    return [contact["outcome"] for contact in known["contacts"]]


def reachable_contact(case: CaseUnderTest, name: str = "kim") -> dict[str, Any]:
    return {**CONTACT, "name": name, "email": f"{case.barcode.lower()}-{name}@contacts.example"}


UNREACHABLE = {**CONTACT, "name": "Uma Unreachable", "email": None, "phone": "000 123 456"}


def test_after_24_hours_the_patient_is_reminded(case: CaseUnderTest, records: None) -> None:
    case.reach_report("positive")
    case.wait_for_task("close_contacts")

    case.fire_timer("Event_ContactsReminder")

    eventually(lambda: Message.get_or_none(Message.key == f"{case.reference}/notify/contacts_wanted/1"))
    case.wait_for_task("close_contacts")


def test_after_48_hours_a_contact_tracer_may_fill_in_the_list(case: CaseUnderTest) -> None:
    case.reach_report("positive")
    assert case.groups_of("close_contacts") == set()

    case.fire_timer("Task_FillInCloseContacts")

    assert case.groups_of("close_contacts") == {"contact-tracers"}
    case.complete_staff_task("contact_tracer", "close_contacts", {"had_contacts": "no"})
    eventually(lambda: case.value("contacts_named") == 0)


def test_after_4_days_tracing_continues_without_contacts(case: CaseUnderTest) -> None:
    case.reach_report("positive")
    case.wait_for_task("close_contacts")

    case.fire_timer("Event_ContactsGivenUp")

    eventually(lambda: case.value("contacts_notified_at"))
    assert case.value("contacts_named") == 0


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"last_exposure_date": days_ago(11)}, "before_infectious_days"),
        ({"last_exposure_date": "2999-01-01"}, "in_the_future"),
        ({"email": None, "phone": None}, "no_address"),
    ],
    ids=["before the infectious days", "in the future", "no address"],
)
def test_an_invalid_list_is_returned_with_the_reason(case: CaseUnderTest, wrong: dict[str, Any], reason: str) -> None:
    """The onset was 8 days ago; the infectious period begins two days earlier."""
    case.reach_report("positive")
    first = case.wait_for_task("close_contacts").id

    send_contacts(case, {**reachable_contact(case), **wrong})

    eventually(lambda: case.wait_for_task("close_contacts").id != first)
    [refused] = case.value("contacts_refused")
    assert (refused["reason"], refused["infectious_from"]) == (reason, days_ago(10))
    send_contacts(case, reachable_contact(case))
    eventually(lambda: outcomes_or_none(case) == ["notified"])


def outcomes_or_none(case: CaseUnderTest) -> list[str | None]:
    return outcomes(case) if case.value("contacts_named") else []


def test_valid_contacts_of_a_list_that_is_never_corrected_are_notified(
    case: CaseUnderTest, state: dict[str, Any]
) -> None:
    case.reach_report("positive")
    first = case.wait_for_task("close_contacts").id
    too_early = {**reachable_contact(case, "too-early"), "last_exposure_date": days_ago(87)}
    send_contacts(case, reachable_contact(case, "valid"), too_early)
    eventually(lambda: case.wait_for_task("close_contacts").id != first)

    case.fire_timer("Event_ContactsGivenUp")

    eventually(lambda: outcomes_or_none(case) == ["notified"])
    assert case.value("contacts_named") == 1
    assert mails_to(state, too_early["email"]) == []


def test_the_timer_of_the_tracers_call_is_not_restarted_when_the_list_is_returned(case: CaseUnderTest) -> None:
    case.reach_report("positive")
    first = case.wait_for_task("close_contacts").id
    due = case.jobs("Task_FillInCloseContacts")[0]["dueDate"]

    send_contacts(case, {**reachable_contact(case), "last_exposure_date": days_ago(87)})

    eventually(lambda: case.wait_for_task("close_contacts").id != first)
    assert case.jobs("Task_FillInCloseContacts")[0]["dueDate"] == due


def test_a_contact_without_e_mail_is_notified_by_sms(case: CaseUnderTest, state: dict[str, Any]) -> None:
    number = case.new_phone_number()
    case.reach_report("positive")
    send_contacts(case, {**CONTACT, "email": None, "phone": number})

    eventually(lambda: outcomes_or_none(case) == ["notified"])
    texts = texts_to(state, number)
    assert len(texts) == 1
    assert f"{state['webapp']}/contact/" in texts[0]
    assert "Lovelace" not in texts[0]


def test_a_contact_whom_no_message_reaches_is_called(case: CaseUnderTest) -> None:
    # given a contact who can be notified, and one who can't
    case.reach_report("positive")
    send_contacts(case, reachable_contact(case), UNREACHABLE)
    # then a tracer sees whom to call
    last = date.fromisoformat(CONTACT["last_exposure_date"])
    assert case.facts("contact_call") == {
        "Contact": "Uma Unreachable",
        "Telephone": "000 123 456",
        "Language": "English",
        "Last close to the case": f"{last:%-d %B %Y}",
        "Quarantine until": f"{last + timedelta(days=14):%-d %B %Y}",
    }
    assert case.value("contacts_notified_at") is None
    # when the call reaches them, more than a day after they were named
    tracing = case.task("contact_call")["processInstanceId"]
    eventually(lambda: case.admin.get(f"/process-instance/{tracing}/variables/contacts_notified")["value"] == 1)
    long_ago = datetime.now(UTC) - timedelta(hours=25)
    case.admin.post(
        f"/process-instance/{tracing}/variables",
        {"modifications": VARIABLES.to_engine({"contacts_named_at": long_ago})},
    )
    case.complete_staff_task("contact_tracer", "contact_call", CALLED)
    # then both are notified, and one of them within 24 hours
    eventually(lambda: case.value("contacts_notified_at"))
    assert sorted(outcomes(case)) == ["called", "notified"]
    assert (case.value("contacts_notified"), case.value("contacts_notified_in_24_h")) == (2, 1)


def test_a_contact_who_is_not_reached_is_called_again_at_the_noted_time(case: CaseUnderTest) -> None:
    again = (datetime.now(UTC) + timedelta(hours=5)).replace(second=0, microsecond=0)
    case.reach_report("positive")
    send_contacts(case, UNREACHABLE)
    first = case.wait_for_task("contact_call").id

    missed = {"call_reached": "no", "call_again_at": again.isoformat(timespec="minutes")}
    case.complete_staff_task("contact_tracer", "contact_call", missed)

    eventually(lambda: case.wait_for_task("contact_call").id != first)
    assert datetime.strptime(case.task("contact_call")["followUp"], ENGINE_TIME) == again
    case.complete_staff_task("contact_tracer", "contact_call", CALLED)
    eventually(lambda: outcomes_or_none(case) == ["called"])


def test_a_contact_who_is_never_reached_is_recorded_as_unreachable(case: CaseUnderTest) -> None:
    case.reach_report("positive")
    send_contacts(case, UNREACHABLE)
    case.wait_for_task("contact_call")

    case.fire_timer("Event_ContactCallGivenUp")

    eventually(lambda: case.value("contacts_notified_at"))
    assert outcomes(case) == ["unreachable"]
    assert (case.value("contacts_notified"), case.value("contacts_notified_in_24_h")) == (0, 0)
    assert case.incidents() == []


def test_a_called_contact_gets_the_link_by_sms_on_request(case: CaseUnderTest, state: dict[str, Any]) -> None:
    number = case.new_phone_number()
    case.reach_report("positive")
    send_contacts(case, UNREACHABLE)

    wanted = {**CALLED, "link_wanted": "sms", "link_phone": number}
    case.complete_staff_task("contact_tracer", "contact_call", wanted)

    eventually(lambda: outcomes_or_none(case) == ["notified"])
    assert len(texts_to(state, number)) == 1


def test_two_concurrent_calls_have_variables_of_their_own(case: CaseUnderTest) -> None:
    case.reach_report("positive")
    send_contacts(case, {**UNREACHABLE, "name": "One"}, {**UNREACHABLE, "name": "Two"})
    calls = eventually(lambda: [c for c in [[t for t in case.tasks() if t.form == "contact_call"]] if len(c) == 2])[0]
    shown = {case.admin.get(f"/task/{call.id}/form-variables")["contact_name"]["value"] for call in calls}
    assert shown == {"One", "Two"}

    case.admin.submit(calls[0].id, CALLED)
    case.admin.submit(calls[1].id, {"call_reached": "no"})

    eventually(lambda: sorted(outcomes(case), key=str) == ["called", "unreachable"])
    case.wait_for_task("contact_call")
