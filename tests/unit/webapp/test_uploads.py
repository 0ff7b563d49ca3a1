"""The upload page of laboratory staff, with a real service of the laboratory."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from services.lab.app import create_app as create_lab
from services.lab.gateway.inbox import Inbox
from services.lab.gateway.matching import Reason
from tests.support.databases import open_service
from tests.support.lab_messages import POSITIVE, csv
from tests.unit.webapp.managers import sign_in
from tests.unit.webapp.test_application import application
from webapp.staff import uploads
from webapp.staff.refusals import ADVICE

pytestmark = pytest.mark.usefixtures("records")
ORDER = {"sample_number": 1, "specimen_type": "saliva", "priority": 1, "date_of_birth": "1990-07-21"}
OTHER_PATIENT = replace(POSITIVE, barcode="AB-2", birth_date="1999-01-31")


class Laboratory:
    """A running service of the laboratory, in which two samples were ordered; its inbox runs when a test calls it."""

    def __init__(self, url: str, inbox: Inbox):
        self.url = url
        self.inbox = inbox


@pytest.fixture
def laboratory(tmp_path: Path) -> Iterator[Laboratory]:
    database = open_service(f"sqlite:///{tmp_path}/lab.db", "lab")
    inbox = Inbox(database)
    app = create_lab(database, "key", 100, inbox)
    for number, barcode in enumerate(("AB-12345", "AB-2")):
        body = {**ORDER, "case_reference": f"C-{number}", "sample_barcode": barcode}
        headers = {"X-API-Key": "key", "Idempotency-Key": f"C-{number}"}
        assert app.test_client().post("/v1/orders", json=body, headers=headers).status_code == 201
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Laboratory(f"http://127.0.0.1:{server.port}", inbox)
    server.shutdown()
    thread.join()
    server.server_close()
    database.close()


@pytest.fixture
def browser(laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    return sign_in(monkeypatch, application(laboratory.url), "laboratory", "laboratory")


def upload(browser: FlaskClient, content: bytes, name: str = "results.csv") -> Any:
    token = parse(browser.get("/staff/upload")).select_one("[name=csrf_token]")["value"]
    fields = {"csrf_token": token, "file": (io.BytesIO(content), name)}
    return browser.post("/staff/upload", data=fields, content_type="multipart/form-data")


def parse(answer: Any) -> BeautifulSoup:
    return BeautifulSoup(answer.text, "html.parser")


def read_summary(page: BeautifulSoup) -> dict[str, str]:
    rows = page.select(".govuk-summary-list__row")
    return {row.select_one("dt").text: row.select_one("dd").text for row in rows}


def test_a_refused_row_is_downloaded_corrected_and_uploaded_again(browser: FlaskClient, laboratory: Laboratory) -> None:
    # given a file of which one row has another patient's date of birth
    answer = upload(browser, csv(POSITIVE, OTHER_PATIENT))
    laboratory.inbox.run()
    # when
    page = parse(browser.get(answer.location))
    refused = browser.get(f"{answer.location}/refused.csv")
    # then
    assert page.h1.text == "1 result wasn't taken"
    assert read_summary(page) == {"Results in the file": "2", "Reported to patient and doctor": "1", "Not taken": "1"}
    assert [cell.text for cell in page.select("tbody tr > *")] == [
        "The date of birth isn't that of the case",
        "1",
        ADVICE[Reason.BIRTH_DATE],
    ]
    header, row = refused.data.decode("utf-8-sig").splitlines()
    assert header.startswith("place,outcome,reason,refused_item,accession_number,")
    assert row.startswith(f"line 3,inbox,{Reason.BIRTH_DATE},2,AB-2,")
    assert refused.headers["Content-Disposition"] == "attachment; filename=refused-1.csv"
    # when
    corrected = upload(browser, refused.data.replace(b"1999-01-31", b"1990-07-21"))
    laboratory.inbox.run()
    # then
    page = parse(browser.get(corrected.location))
    assert page.h1.text == "All results were taken"
    # and nothing is left for staff
    assert parse(browser.get(answer.location)).h1.text == "All results were taken"
    assert page.find("a", string="Upload another file")


def test_the_same_columns_of_remarks_are_not_added_again(browser: FlaskClient, laboratory: Laboratory) -> None:
    first = upload(browser, csv(OTHER_PATIENT))
    laboratory.inbox.run()
    second = upload(browser, browser.get(f"{first.location}/refused.csv").data.replace(b"1999-01-31", b"1999-02-01"))
    laboratory.inbox.run()
    header, row = browser.get(f"{second.location}/refused.csv").data.decode("utf-8-sig").splitlines()
    assert header.count("reason") == 1
    assert row.startswith(f"line 2,inbox,{Reason.BIRTH_DATE},2,AB-2,94500-6,")


def test_the_progress_is_shown_with_and_without_a_script(browser: FlaskClient, laboratory: Laboratory) -> None:
    answer = upload(browser, csv(POSITIVE))
    page, before = browser.get(answer.location), browser.get(f"{answer.location}.json").json
    laboratory.inbox.run()
    after = browser.get(f"{answer.location}.json").json
    assert "It is saved. We'll start in a moment." in page.text
    assert parse(page).find("a", string="See how far we are")["href"] == answer.location
    assert parse(page).script["src"].startswith("/static/upload.js")
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert before == {"is_processed": False, "decided": 0, "total": None}
    assert after == {"is_processed": True, "decided": 1, "total": 1}
    # control: no script where it isn't needed
    assert not parse(browser.get(answer.location)).script
    assert "script-src" not in browser.get("/staff/upload").headers["Content-Security-Policy"]


def test_the_same_file_again_shows_what_became_of_it(browser: FlaskClient, laboratory: Laboratory) -> None:
    upload(browser, csv(POSITIVE))
    laboratory.inbox.run()
    page = parse(browser.get(upload(browser, csv(POSITIVE)).location))
    assert "You uploaded the same file before." in page.text
    assert read_summary(page)["Reported to patient and doctor"] == "1"


@pytest.mark.parametrize(
    ("content", "name", "error"),
    [
        (b"", "", uploads.NO_FILE),
        (b" \n", "a.csv", uploads.EMPTY),
        (b"PK\x03\x04 workbook", "a.xlsx", uploads.WORKBOOK),
        (b"x" * 1001, "a.csv", uploads.TOO_LARGE),
    ],
    ids=["none", "empty", "workbook", "large"],
)
def test_an_error_says_what_to_do(
    browser: FlaskClient, monkeypatch: pytest.MonkeyPatch, content: bytes, name: str, error: str
) -> None:
    monkeypatch.setattr(uploads, "MAX_FILE_BYTES", 1000)
    page = parse(upload(browser, content, name))
    assert error in page.select_one(".govuk-error-summary a").text
    assert error in page.select_one(".govuk-error-message").text
    assert page.title.text.startswith("Error: ")


def test_a_request_beyond_the_limit_is_refused_unread(browser: FlaskClient) -> None:
    answer = browser.post("/staff/upload", data=b"x" * 5_000_000, content_type="multipart/form-data; boundary=x")
    assert (answer.status_code, uploads.TOO_LARGE in answer.text) == (413, True)


def test_a_file_is_not_stored_while_the_laboratory_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    browser = sign_in(monkeypatch, application(), "laboratory", "laboratory")
    answer = upload(browser, csv(POSITIVE))
    assert (answer.status_code, uploads.NO_ANSWER in parse(answer).text) == (503, True)


def test_nothing_of_a_patient_is_in_the_log_or_in_a_url(
    browser: FlaskClient, laboratory: Laboratory, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        answer = upload(browser, csv(POSITIVE, OTHER_PATIENT))
        laboratory.inbox.run()
        browser.get(answer.location)
        browser.get(f"{answer.location}/refused.csv")
    assert answer.location == "/staff/uploads/1"
    assert "laboratory uploaded message 1" in caplog.text
    for planted in ("AB-12345", "AB-2", "1990-07-21", "1999-01-31", "Sample", "260373001"):
        assert planted not in caplog.text


@pytest.mark.parametrize("path", ["upload", "uploads/1", "uploads/1.json", "uploads/1/refused.csv"])
def test_other_roles_are_sent_to_the_sign_in(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    manager = sign_in(monkeypatch, application(), "manager", "process-managers")
    former = sign_in(monkeypatch, application(), "laboratory", "none")
    assert [each.get(f"/staff/{path}").location for each in (manager, former)] == ["/staff/sign-in"] * 2


def test_a_page_of_another_role_does_not_sign_out(browser: FlaskClient) -> None:
    assert browser.get("/staff/now").location == "/staff/sign-in"
    assert browser.get("/staff/upload").status_code == 200


def test_an_unknown_upload_is_not_found(browser: FlaskClient) -> None:
    assert [browser.get(f"/staff/uploads/9{end}").status_code for end in ("", ".json", "/refused.csv")] == [404] * 3


def test_each_reason_has_advice() -> None:
    without = {Reason.SENT_AGAIN, Reason.CORRECTED}  # of items that were closed
    assert {*ADVICE} == {str(reason) for reason in Reason} - without
