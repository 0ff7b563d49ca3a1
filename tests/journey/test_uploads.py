"""Laboratory staff upload a file of results, with and without JavaScript, on a phone and on a desktop."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from services.lab.models import FeedItem
from tests.support.case import CaseUnderTest, eventually
from tests.support.chromium import DESKTOP, PHONE
from tests.support.inspection import Inspector
from tests.support.lab_messages import POSITIVE, csv

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("lab_database")]


def sign_in(page: Page, state: dict[str, Any]) -> None:
    account = state["accounts"]["lab_staff"]
    page.goto(state["webapp"] + "/staff/sign-in")
    page.fill("#username", account["username"])
    page.fill("#password", account["password"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Upload results")


def upload(page: Page, content: bytes) -> None:
    page.locator("#file").set_input_files({"name": "results.csv", "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="Upload").click()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
def test_a_refused_row_is_corrected_and_reaches_the_case(
    new_page: Callable[..., Page],
    state: dict[str, Any],
    case: CaseUnderTest,
    viewport: dict[str, int],
    javascript: bool,
) -> None:
    # given
    case.reach_visit()
    case.record_visit("never")
    case.wait_until_at("Task_WaitForTestResult")
    eventually(lambda: case.value("lab_order_id"))
    result = replace(POSITIVE, barcode=case.barcode, birth_date=case.value("date_of_birth"))
    page, inspector = new_page(viewport, javascript=javascript), Inspector(new_page(PHONE, javascript=True))
    sign_in(page, state)
    inspector.inspect(page)
    # when
    upload(page, b"PK\x03\x04")
    # then
    expect(page.locator(".govuk-error-summary")).to_contain_text("This is an Excel workbook.")
    inspector.inspect(page)
    # when
    upload(page, csv(replace(result, birth_date="1931-12-30")))
    heading = page.get_by_role("heading", level=1)
    if not javascript:
        for _ in range(20):
            if link := page.get_by_role("link", name="See how far we are").all():
                time.sleep(1)
                link[0].click()
    # then
    expect(heading).to_have_text("1 result wasn't taken", timeout=20_000)
    inspector.inspect(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the refused rows").click()
    refused = download.value.path().read_bytes()
    # when
    page.get_by_role("link", name="Upload the corrected file").click()
    upload(page, refused.replace(b"1931-12-30", result.birth_date.encode()))
    # then
    eventually(lambda: FeedItem.get_or_none(FeedItem.sample_barcode == case.barcode))
    assert inspector.violations_by_page != {}
    assert inspector.violations == {}


def test_four_thousand_rows_show_their_progress(new_page: Callable[..., Page], state: dict[str, Any]) -> None:
    page = new_page(DESKTOP, javascript=True)
    sign_in(page, state)
    start = time.time_ns()
    # of influenza, because each row of ours that isn't taken would be a task in Tasklist
    influenza = replace(POSITIVE, test=("85477-8", "Influenza A RNA", "LN"))
    upload(page, csv(*(replace(influenza, barcode=f"NO-{start}-{number}") for number in range(4000))))
    expect(page.locator("#progress-text")).to_contain_text("of 4000 results are done.", timeout=20_000)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your file has no new results", timeout=120_000)
    row = page.locator(".govuk-summary-list__row", has_text="Tests of other illnesses")
    expect(row.get_by_role("definition")).to_have_text("4000")
