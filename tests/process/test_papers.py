"""Papers that patients print or show: who scans one sees whether it still holds."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from camunda7.forms.browser import Browser, Page
from records.access import Access
from records.outbox import Message
from tests.support.case import CaseUnderTest, eventually
from tests.support.papers import download, draw, read_code, read_text, sign_in

pytestmark = pytest.mark.engine


def scan(state: dict[str, Any], pdf: bytes) -> Page:
    """The page that a person who scans the code of a paper sees."""
    return Browser(state["webapp"]).open(urlsplit(read_code(draw(pdf))).path)


def test_a_corrected_result_voids_the_paper_and_gives_a_new_one(
    state: dict[str, Any], case: CaseUnderTest, access: Access
) -> None:
    # given a patient with a negative result, who shows it on paper
    case.reach_report("negative")
    patient = sign_in(state, case, access)
    assert "COVID-19 test result (PDF)" in patient.open("/case").text("#papers")
    first = download(patient, "result")
    assert "Ada Lovelace" in read_text(first)
    assert "Negative" in read_text(first)
    valid = scan(state, first)
    assert valid.heading == "This paper is valid"
    assert "A. L." in valid.text("main")
    assert "1990" in valid.text("main")
    # when the laboratory corrects the result
    case.correct_lab_result("positive")
    eventually(lambda: case.value("correction_number") == 1)
    # then the check of the same code shows that, with the date
    corrected = scan(state, first)
    assert corrected.heading == "This paper has been corrected, and doesn't hold any more"
    assert "It was corrected on" in corrected.text("main")
    # and the patient gets a message, and has a new paper with another code
    eventually(lambda: Message.get_or_none(Message.key == f"{case.reference}/tell_result/2"))
    eventually(lambda: case.value("result_told_at"))
    second = download(patient, "result")
    assert "Positive" in read_text(second)
    assert scan(state, second).heading == "This paper is valid"
    # and sees that the first one was checked twice, and the second one once
    log = patient.open("/case/seen-by").text("main")
    assert "Someone with your paper: checked that it still holds, 2 times that day: COVID-19 test result" in log
    assert "Someone with your paper: checked that it still holds: COVID-19 test result" in log


def test_a_withdrawn_result_withdraws_the_paper(state: dict[str, Any], case: CaseUnderTest, access: Access) -> None:
    # given a patient with a result on paper
    case.reach_report("negative")
    patient = sign_in(state, case, access)
    paper = download(patient, "result")
    # when the laboratory withdraws the result
    case.correct_lab_result("entered_in_error")
    eventually(lambda: case.value("correction_number") == 1)
    # then the check of the code shows that, and there is no new paper
    withdrawn = scan(state, paper)
    assert withdrawn.heading == "This paper has been withdrawn, and doesn't hold any more"
    assert "It was withdrawn on" in withdrawn.text("main")
    assert patient.open("/case").content.select("#papers") == []
