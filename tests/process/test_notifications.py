"""Notifications of people without e-mail, with a carer, with a shared telephone, or named by two cases."""

from __future__ import annotations

from typing import Any

import requests

from records.outbox import REFUSED, SENT, Message
from tests.support.case import CONTACT, WITH_COUGH, CaseUnderTest, eventually
from tests.support.days import days_ago
from tests.support.mail import mails_to
from tests.support.sms import texts_to


def page_of(state: dict[str, Any], text: str) -> dict[str, Any]:
    """The government's data for the link in a message."""
    token = text.split("/contact/")[1].split()[0]
    headers = {"X-API-Key": state["government_api_key"]}
    return requests.get(f"{state['government']}/v1/tokens/{token}", headers=headers, timeout=10).json()


def notify_contacts(case: CaseUnderTest, *contacts: dict[str, Any]) -> None:
    case.reach_report("positive")
    case.submit_form("close_contacts", {"had_contacts": "yes", "close_contacts": list(contacts)})
    eventually(lambda: case.value("contacts_notified_at"))


def test_a_patient_without_e_mail_is_notified_by_sms(case: CaseUnderTest, state: dict[str, Any]) -> None:
    number = case.new_phone_number()
    case.reach_report("negative", channel="sms", email=None, phone=number)

    texts = eventually(lambda: (found := texts_to(state, number)) and len(found) == 2 and found)
    for text in texts:
        assert f"{state['webapp']}/link/" in text
        assert "negative" not in text.lower()
        assert "Ada" not in text


def test_a_patient_with_only_a_telephone_is_called_up_to_three_times(case: CaseUnderTest) -> None:
    # given
    case.reach_visit(channel="telephone", email=None, phone="+44 20 7946 0999")
    # then there is a task for the contact tracers, with the text of the message and no result
    (call,) = eventually(lambda: calls_of(case))
    shown = case.admin.get(f"/task/{call['id']}/form-variables")
    assert shown["notice_text"]["value"].startswith("We've planned your visit")
    assert (shown["phone"]["value"], shown["given_name"]["value"]) == ("+44 20 7946 0999", "Ada")
    assert "lab_result" not in shown
    # when the patient doesn't answer, the call is repeated, three calls in all
    for number in (1, 2, 3):
        (call,) = eventually(lambda: calls_of(case))
        assert case.admin.get(f"/task/{call['id']}/variables/call_number")["value"] == number
        complete_call(case, call, {"call_reached": "no"})
        eventually(lambda call=call: call["id"] not in {other["id"] for other in calls_of(case)})
    assert calls_of(case) == []


def test_a_telephone_call_that_reaches_the_patient_is_not_repeated(case: CaseUnderTest, records: None) -> None:
    case.reach_visit(channel="telephone", email=None, phone="+44 20 7946 0998")
    (call,) = eventually(lambda: calls_of(case))

    complete_call(case, call, {"call_reached": "yes", "call_note": "Will be there."})

    eventually(lambda: calls_of(case) == [])
    assert Message.get(Message.key == f"{case.reference}/notify/visit_planned/1.1").state == SENT
    query = {"processInstanceBusinessKey": case.reference, "processDefinitionKey": "tell_by_telephone"}
    assert case.admin.post("/history/process-instance/count", query)["count"] == 1


def test_a_patient_whom_no_message_reaches_is_called(case: CaseUnderTest, records: None) -> None:
    # given a number to which no SMS can be delivered
    case.reach_visit(channel="sms", email=None, phone="000 7946 0997")
    # then there is a task for the contact tracers, which names the address that failed
    (call,) = eventually(lambda: calls_of(case))
    shown = case.admin.get(f"/task/{call['id']}/form-variables")
    assert shown["notice_text"]["value"].startswith("We've planned your visit")
    assert "We couldn't deliver this message to 000 7946 0997." in shown["notice_text"]["value"]
    assert shown["phone"]["value"] == "000 7946 0997"
    key = f"{case.reference}/notify/visit_planned/1.1"
    states = {message.key: message.state for message in Message.select().where(Message.key.startswith(key))}
    assert states == {key: REFUSED, f"{key}/telephone": SENT}


def test_all_messages_of_a_case_are_in_the_patients_language(case: CaseUnderTest, state: dict[str, Any]) -> None:
    patient, contact = case.new_phone_number(), case.new_phone_number()
    case.reach_report("positive", channel="sms", email=None, phone=patient, language="fr")
    contacts = [{**CONTACT, "email": None, "phone": contact}]
    case.submit_form("close_contacts", {"had_contacts": "yes", "close_contacts": contacts})
    case.submit_report(case_classification="confirmed")

    texts = eventually(lambda: (found := texts_to(state, patient)) and len(found) == 3 and found)
    assert all(text.startswith("CoronaCare: ") for text in texts)
    assert sorted(text.split(" ")[1] for text in texts) == ["Connectez-vous", "Il", "L'équipe"]
    assert eventually(lambda: texts_to(state, contact))[0].startswith("Message de l'autorité sanitaire")


def test_the_visit_shows_the_carers_name(case: CaseUnderTest) -> None:
    case.reach_visit({**WITH_COUGH, "for_whom": "someone_in_my_care"}, carer_name="Lady Byron")
    assert case.facts("medical_visit")["Guardian or carer"] == "Lady Byron"


def test_a_family_with_one_telephone_gets_a_message_for_each_of_them(
    case: CaseUnderTest, state: dict[str, Any]
) -> None:
    number = case.new_phone_number()
    family = [{**CONTACT, "name": name, "email": None, "phone": number} for name in ("Kim", "Sam", "Alex")]

    notify_contacts(case, *family)

    texts = texts_to(state, number)
    assert len(texts) == 3
    assert len({text.split("/contact/")[1] for text in texts}) == 3


def test_one_person_named_by_two_cases_gets_one_message_a_day_and_both_exposures_count(state: dict[str, Any]) -> None:
    # given one person whom two cases name, with different days and spellings
    first, second = CaseUnderTest(state), CaseUnderTest(state)
    address = f"{first.barcode.lower()}@contacts.example"
    notify_contacts(first, {**CONTACT, "email": address, "last_exposure_date": days_ago(9)})
    notify_contacts(
        second, {**CONTACT, "name": "charles  BABBAGE", "email": address.upper(), "last_exposure_date": days_ago(7)}
    )
    # then there is one message
    messages = mails_to(state, address) + mails_to(state, address.upper())
    assert len(messages) == 1
    # whose page has the later date of exposure
    assert page_of(state, messages[0]) == {"last_exposure_date": days_ago(7), "released": False}
    # and in both cases the contact is notified
    for case in (first, second):
        known = case.get_from_government(f"/v1/cases/{case.reference}")["contacts"]
        assert [contact["outcome"] for contact in known] == ["notified"]


def test_a_contact_of_two_cases_is_not_released_when_one_becomes_negative(state: dict[str, Any]) -> None:
    first, second = CaseUnderTest(state), CaseUnderTest(state)
    address = f"{first.barcode.lower()}@contacts.example"
    notify_contacts(first, {**CONTACT, "email": address, "last_exposure_date": days_ago(9)})
    notify_contacts(second, {**CONTACT, "email": address, "last_exposure_date": days_ago(7)})

    second.correct_lab_result("negative")

    eventually(lambda: second.get_from_government(f"/v1/cases/{second.reference}")["contacts"][0]["released"])
    assert page_of(state, mails_to(state, address)[0]) == {"last_exposure_date": days_ago(9), "released": False}


def calls_of(case: CaseUnderTest) -> list[dict[str, Any]]:
    """The open tasks to call the patient by telephone."""
    query = {"processInstanceBusinessKey": case.reference, "taskDefinitionKey": "Task_TellPatient"}
    return case.admin.post("/task", query)


def complete_call(case: CaseUnderTest, call: dict[str, Any], answers: dict[str, Any]) -> None:
    tracer = case.engine_as("contact_tracer")
    tracer.post(f"/task/{call['id']}/claim", {"userId": "contact_tracer"})
    tracer.submit(call["id"], answers)
