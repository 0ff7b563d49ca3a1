"""Results that real laboratories send in HL7 v2, FHIR and CSV, and the tasks of laboratory staff."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from hl7.client import MLLPClient

from config.settings import environment_name
from records.erasures import PATIENT, Erasures, is_erased
from services.lab.gateway.matching import Reason
from services.lab.gateway.messages.reports import Format
from services.lab.models import Decided, FeedItem
from tests.support.case import CaseUnderTest, eventually
from tests.support.lab_messages import NEGATIVE, POSITIVE, Example, hl7, write
from tests.support.postgresql import DATABASES, dump

pytestmark = pytest.mark.engine
FORMATS = [Format.HL7, Format.FHIR]


def wait_for_result(case: CaseUnderTest) -> Example:
    """Run a case until it waits for its result, and return a positive one of its sample."""
    case.reach_visit()
    case.record_visit("never")
    case.wait_until_at("Task_WaitForTestResult")
    eventually(lambda: case.value("lab_order_id"))
    return replace(
        POSITIVE, control_id=f"MSG-{case.barcode}", barcode=case.barcode, birth_date=case.value("date_of_birth")
    )


def send(state: dict[str, Any], content: bytes) -> int:
    """Send a message to the laboratory by HTTP; returns its id when all of it is decided."""
    headers = {"X-API-Key": state["lab_api_key"]}
    answer = requests.post(f"{state['lab']}/v1/messages", data=content, headers=headers, timeout=10)
    assert answer.status_code in (200, 202), answer.text
    path = f"{state['lab']}/v1/messages/{answer.json()['id']}"
    eventually(lambda: requests.get(path, headers=headers, timeout=10).json()["is_processed"])
    return answer.json()["id"]


def outcome_of(message: int) -> str:
    """What became of the only result of a message: the reason if staff must decide."""
    (row,) = Decided.select().where(Decided.transmission_id == message)
    return row.reason if row.outcome == "inbox" else row.outcome


def task_for(case: CaseUnderTest, message: int) -> dict[str, Any]:
    """The task of laboratory staff for the only result of a message."""
    (row,) = Decided.select().where(Decided.transmission_id == message)
    query = {"processInstanceBusinessKey": f"L-{row.id}"}
    return eventually(lambda: next(iter(case.engine_as("lab_staff").post("/task", query)), None))


def facts_of(case: CaseUnderTest, task: dict[str, Any]) -> dict[str, str]:
    variables = case.engine_as("lab_staff").get(f"/task/{task['id']}/form-variables", deserializeValues="false")
    return {row["fact"]: row["value"] for row in json.loads(variables["inbox_facts"]["value"])}


def decide(case: CaseUnderTest, task: dict[str, Any], **values: str) -> None:
    engine = case.engine_as("lab_staff")
    engine.post(f"/task/{task['id']}/claim", {"userId": "lab_staff"})
    engine.submit(task["id"], values)


@pytest.mark.parametrize("format", FORMATS)
def test_preliminary_final_corrected_and_withdrawn(
    case: CaseUnderTest, state: dict[str, Any], lab_database: None, format: Format
) -> None:
    # given a case that waits for its result
    positive = wait_for_result(case)
    number = 0

    def send_next(status: str, example: Example = positive) -> int:
        nonlocal number
        number += 1
        return send(state, write(replace(example, status=status, control_id=f"{case.barcode}-{number}"), format))

    # when the laboratory sends a preliminary result, then nothing happens
    assert outcome_of(send_next("P")) == "preliminary"
    case.wait_until_at("Task_WaitForTestResult")
    # when it is final, then the patient gets it, and the doctor a report to write
    final = send_next("F")
    case.wait_for_task("doctor_report")
    assert (case.value("lab_result"), case.value("result_number")) == ("positive", 1)
    # when the same message comes again, then nothing happens
    again = replace(positive, status="F", control_id=f"{case.barcode}-{number}")
    assert send(state, write(again, format)) == final
    # when it is corrected, then all of them are informed again
    send_next("C", replace(positive, value=NEGATIVE.value))
    eventually(lambda: case.value("correction_number") == 1)
    case.wait_for_task("doctor_report")
    assert (case.value("lab_result"), case.value("result_number")) == ("negative", 2)
    # when it is withdrawn, then too
    send_next("W")
    eventually(lambda: case.value("correction_number") == 2)
    eventually(lambda: case.value("lab_result") == "entered_in_error")
    results = FeedItem.select().where(FeedItem.case_reference == case.reference, FeedItem.kind == "result")
    assert [item.status for item in results.order_by(FeedItem.id)] == ["final", "corrected", "entered-in-error"]


def test_a_message_by_mllp_is_acknowledged_and_taken(case: CaseUnderTest, lab_database: None) -> None:
    positive = wait_for_result(case)
    host, port = os.environ[environment_name("lab", "mllp_address")].split(":")
    with MLLPClient(host, int(port)) as client:
        assert f"\rMSA|AA|{positive.control_id}".encode() in client.send_message(hl7(positive))
    case.wait_for_task("doctor_report")
    assert case.value("lab_result") == "positive"


def test_a_wrong_date_of_birth_on_the_right_barcode_is_for_staff(
    case: CaseUnderTest, state: dict[str, Any], lab_database: None
) -> None:
    # given a result with the date of birth of another person
    positive = wait_for_result(case)
    message = send(state, hl7(replace(positive, birth_date="1950-12-31")))
    assert outcome_of(message) == Reason.BIRTH_DATE
    # then laboratory staff see what was understood, and why it wasn't taken
    task = task_for(case, message)
    facts = facts_of(case, task)
    assert facts["Not taken because"] == Reason.BIRTH_DATE
    assert (facts["Date of birth"], facts["Patient"]) == ("1950-12-31", "Sam Sample")
    case.wait_until_at("Task_WaitForTestResult")
    # when they assign it to a sample that doesn't exist, then they get the task again
    decide(case, task, inbox_decision="assign", inbox_barcode="NOBODY-1", inbox_result="positive")
    second = eventually(lambda: (t := task_for(case, message)) and t["id"] != task["id"] and t)
    assert facts_of(case, second)["Your decision wasn't possible"].startswith("no test with this barcode")
    # when they assign it to the sample, then the case goes on
    decide(case, second, inbox_decision="assign", inbox_barcode=case.barcode.lower(), inbox_result="positive")
    case.wait_for_task("doctor_report")
    assert case.value("lab_result") == "positive"


def test_a_correction_before_its_result_is_rejected_by_staff(
    case: CaseUnderTest, state: dict[str, Any], lab_database: None
) -> None:
    positive = wait_for_result(case)
    message = send(state, hl7(replace(positive, status="C")))
    assert outcome_of(message) == Reason.NO_RESULT_BEFORE
    decide(case, task_for(case, message), inbox_decision="reject", inbox_rejection="asked the laboratory")
    eventually(lambda: outcome_of(message) == "rejected")
    case.wait_until_at("Task_WaitForTestResult")


def test_a_code_that_staff_map_is_understood_from_then_on(
    case: CaseUnderTest, state: dict[str, Any], lab_database: None
) -> None:
    # given two results with a code of the laboratory's own
    local = (f"COV{case.barcode}", "House PCR", "L")
    positive = replace(wait_for_result(case), test=local)
    message = send(state, hl7(positive))
    other = send(state, hl7(replace(positive, control_id=f"{case.barcode}-2", barcode=f"{case.barcode}-X")))
    assert outcome_of(message) == outcome_of(other) == Reason.UNKNOWN_TEST
    # when staff say what it means, then the result is taken
    decide(case, task_for(case, message), inbox_decision="map_test", inbox_test_meaning="test")
    case.wait_for_task("doctor_report")
    assert case.value("lab_result") == "positive"
    # and the reason of the other is now another one
    eventually(lambda: outcome_of(other) == Reason.NO_SAMPLE)
    # and the next message is understood
    corrected = replace(positive, status="C", value=NEGATIVE.value, control_id=f"{case.barcode}-3")
    send(state, hl7(corrected))
    eventually(lambda: case.value("correction_number") == 1)


def test_a_task_ends_when_its_item_leaves_the_inbox(
    case: CaseUnderTest, state: dict[str, Any], lab_database: None
) -> None:
    # given a result that came before the order of its test
    early = replace(POSITIVE, barcode=f"{case.barcode}", control_id=case.barcode, birth_date="")
    message = send(state, hl7(early))
    task = task_for(case, message)
    # when the test is ordered
    case.reach_visit()
    case.record_visit("never")
    # then the case gets its result, and the task ends
    case.wait_for_task("doctor_report")
    eventually(lambda: not case.admin.post("/task/count", {"taskId": task["id"]})["count"])


def test_nothing_of_a_message_is_in_logs_or_metrics_and_an_erasure_deletes_it(
    case: CaseUnderTest, state: dict[str, Any], lab_database: None, records: None
) -> None:
    # given results of a case with a name that is nowhere else: one for staff, and one that ends the case
    word = f"Canary{case.barcode}"
    positive = wait_for_result(case)
    wrong = send(state, hl7(replace(positive, birth_date="1950-12-31")).replace(b"Sample^Sam", f"{word}^Sam".encode()))
    task = task_for(case, wrong)
    assert facts_of(case, task)["Patient"] == f"Sam {word}"
    damaged = hl7(replace(positive, control_id=case.barcode)).replace(b"Sample^Sam", f"{word}\\Zx\\^S\x00am".encode())
    send(state, damaged)
    case.withdraw()
    send(state, hl7(replace(positive, value=NEGATIVE.value, control_id=f"{case.barcode}-2")))
    case.wait_for_end()
    # then no log and no metric has the name
    assert [path.name for path in Path(state["logs"]).rglob("*") if path.is_file() and word in read(path)] == []
    assert word not in requests.get(f"{state['lab']}/metrics", timeout=10).text
    assert any(word in dump(name).decode("utf-8", "replace") for name in DATABASES)
    # when the case is erased, then the task of staff ends, and no database has it
    Erasures().request(case.reference, PATIENT)
    eventually(
        lambda: is_erased(case.reference) and not case.admin.post("/task/count", {"taskId": task["id"]})["count"]
    )
    remains = [name for name in DATABASES if word.encode() in dump(name) or word.encode().hex().encode() in dump(name)]
    assert remains == []


def read(path: Path) -> str:
    return path.read_text(errors="replace")
