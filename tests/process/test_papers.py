"""Papers that patients print or show: who scans one sees whether it still holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

from camunda7.forms.browser import Browser, Page
from papers.register import IssuedPaper, PaperCheck, PaperPrint
from papers.tokens import create_token, new_serial
from records.access import Access
from records.cipher import Cipher
from records.erasures import is_erased
from records.outbox import Message
from tests.support.canaries import is_in_files
from tests.support.case import CaseUnderTest, eventually
from tests.support.days import days_ago
from tests.support.papers import BORN, download, draw, read_code, read_text, sign_in
from tests.support.platform import read_secrets

pytestmark = pytest.mark.engine


def code_of(pdf: bytes) -> str:
    return read_code(draw(pdf)).rpartition("/")[2]


def check(state: dict[str, Any], code: str) -> Page:
    return Browser(state["webapp"]).open(f"/paper/{code}")


def scan(state: dict[str, Any], pdf: bytes) -> Page:
    """The page that a person who scans the code of a paper sees."""
    return check(state, code_of(pdf))


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


def test_two_corrections_in_a_row_void_both_papers(state: dict[str, Any], case: CaseUnderTest, access: Access) -> None:
    # given a result that the laboratory corrects, and corrects back
    case.reach_report("negative")
    patient = sign_in(state, case, access)
    papers = [download(patient, "result")]
    for number, result in enumerate(("positive", "negative"), start=1):
        case.correct_lab_result(result)
        eventually(lambda number=number: case.value("correction_number") == number and case.value("result_told_at"))
        papers.append(download(patient, "result"))
    # then the first paper doesn't hold again, although its words are those of the last one
    pages = [scan(state, paper) for paper in papers]
    assert [page.heading.partition(",")[0] for page in pages] == [
        "This paper has been corrected",
        "This paper has been corrected",
        "This paper is valid",
    ]
    assert len({read_code(draw(paper)) for paper in papers}) == 3


def test_a_positive_result_gives_a_notice_of_isolation_that_the_report_corrects(
    state: dict[str, Any], case: CaseUnderTest, access: Access
) -> None:
    # given a patient with a positive result, whose isolation lasts as the rule has it
    case.reach_report("positive", language="ar")
    patient = sign_in(state, case, access, language="ar")
    by_rule = download(patient, "isolation")
    assert {"Notice", "of", "isolation"} <= set(read_text(by_rule).split())
    # when the doctor's report sets another day
    case.submit_report(case_classification="confirmed", isolation_until=days_ago(-20))
    # then the notice has been corrected, and the new one holds
    eventually(lambda: case.value("report_published_at"))
    assert scan(state, by_rule).heading == "This paper has been corrected, and doesn't hold any more"
    assert scan(state, download(patient, "isolation")).heading == "This paper is valid"
    # and the result still holds
    assert scan(state, download(patient, "result")).heading == "This paper is valid"


def test_a_paper_of_an_erased_case_is_unknown(state: dict[str, Any], case: CaseUnderTest, access: Access) -> None:
    # given a closed case whose patient has a paper
    case.reach_report("negative")
    patient = sign_in(state, case, access)
    paper = download(patient, "result")
    scan(state, paper)
    case.submit_report()
    case.submit_form("review", {"rating": "4"})
    case.wait_for_end()
    # when the data is erased
    patient.send(patient.open("/case/erase"), {})
    eventually(lambda: is_erased(case.reference))
    # then no one finds out whose paper it was
    page = scan(state, paper)
    assert (page.status, page.heading) == (404, "We don't know this paper")
    assert "1990" not in page.content.get_text()
    assert not IssuedPaper.select().where(IssuedPaper.case_reference == case.reference).exists()
    assert not PaperCheck.select().where(PaperCheck.case_reference == case.reference).exists()


def test_forged_and_foreign_codes_are_unknown_and_a_code_shows_its_own_holder(
    state: dict[str, Any], case: CaseUnderTest, access: Access
) -> None:
    # given the papers of two patients
    other = CaseUnderTest(state)
    case.reach_report("negative")
    other.reach_report("negative", given_name="Charles", family_name="Babbage")
    own, others = (code_of(download(sign_in(state, each, access), "result")) for each in (case, other))
    # when the code of one is put on the paper of the other, then the initials don't fit
    assert "C. B." in check(state, others).text("main")
    assert "A. L." in check(state, own).text("main")
    # when a code is altered, invented, or of another installation, then it is unknown
    altered = own[:-1] + ("A" if own[-1] != "A" else "B")
    foreign = create_token(Cipher("another installation"), new_serial())
    unissued = create_token(Cipher(read_secrets()["records_secret_key"]), new_serial())
    for code in (altered, own[:20] + others[20:], foreign, unissued, "A" * 40, "x", "%00", "é"):
        page = check(state, code)
        assert (page.status, page.heading) == (404, "We don't know this paper"), code


def test_a_replayed_code_is_one_line_of_the_access_log(
    state: dict[str, Any], case: CaseUnderTest, access: Access
) -> None:
    # given a paper
    case.reach_report("negative")
    patient = sign_in(state, case, access)
    code = code_of(download(patient, "result"))
    # when it is checked again and again
    for _ in range(30):
        assert check(state, code).status == 200
    # then the log has one line, however often it was checked
    assert PaperCheck.select().where(PaperCheck.case_reference == case.reference).count() == 1
    log = patient.open("/case/seen-by").text("main")
    assert "checked that it still holds, 30 times that day: COVID-19 test result" in log


def test_the_page_of_a_check_is_not_cached_indexed_or_passed_on(
    state: dict[str, Any], case: CaseUnderTest, access: Access
) -> None:
    case.reach_report("negative")
    paper = download(sign_in(state, case, access), "result")
    # neither code nor address has anything of the patient
    url = read_code(draw(paper))
    known = (case.reference, case.barcode, "Ada", "Lovelace", "1990", "negative")
    assert [each for each in known if each.lower() in url.lower()] == []
    for code in (code_of(paper), "A" * 40):
        headers = requests.get(f"{state['webapp']}/paper/{code}", timeout=30).headers
        assert "no-store" in headers["Cache-Control"]
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Robots-Tag"] == "noindex, nofollow"
    # and no log has the code
    assert not is_in_files(code_of(paper), Path(state["logs"]))


@pytest.mark.by_provider
def test_staff_print_a_paper_for_a_patient_who_sees_that(
    state: dict[str, Any], case: CaseUnderTest, access: Access
) -> None:
    # given a patient with a result, who can't print it
    case.reach_report("negative")

    def print_result(account: str, **changed: str) -> requests.Response:
        browser, responses = Browser(state["webapp"]), []
        # with a provider, its page follows; the engine never sees this person
        fields = {"username": account} if "provider" in state else state["accounts"][account]
        browser.send(browser.open("/staff/sign-in"), fields)
        page = browser.open("/staff/papers")
        browser.listen(responses.append)
        answers = {"reference": case.reference, "date_of_birth": BORN, "kind": "result", "paper_language": "fr"}
        browser.send(page, {**answers, **changed})
        return responses[-1]

    # when a contact tracer prints it, then it is the patient's paper
    printed = print_result("contact_tracer")
    assert "Le test n'a pas détecté" in read_text(printed.content)
    assert scan(state, printed.content).heading == "This paper is valid"
    # and the patient sees who did
    log = sign_in(state, case, access).open("/case/seen-by").text("main")
    assert "A contact tracer: printed a paper for you: COVID-19 test result" in log
    # when the date of birth or the paper is another one, then nothing is printed
    assert print_result("contact_tracer", date_of_birth="1990-05-11").status_code == 403
    assert print_result("contact_tracer", kind="isolation").status_code == 404
    assert PaperPrint.select().where(PaperPrint.case_reference == case.reference).count() == 1
