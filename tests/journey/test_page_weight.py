"""The transferred size of the pages of patients and managers, and the hosts that they request."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.support.case import REQUEST, WITH_COUGH
from tests.support.chromium import PHONE
from tests.support.days import days_ago
from tests.support.people import Patient

pytestmark = pytest.mark.browser

# with an empty cache, and with the assets in the cache
MAX_FIRST_BYTES, MAX_LATER_BYTES = 50_000, 15_000
# of managers' pages, with an empty cache
MAX_STAFF_BYTES = 150_000


class Traffic:
    """Transferred bytes and requested hosts of a page."""

    def __init__(self, page: Page):
        self.bytes = self._counted = 0
        self.hosts: set[str] = set()
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.loadingFinished", self._loaded)
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))

    def _loaded(self, event: dict[str, Any]) -> None:
        self.bytes += event["encodedDataLength"]

    def count_new_bytes(self) -> int:
        """Bytes since the last call."""
        new, self._counted = self.bytes - self._counted, self.bytes
        return new


@pytest.mark.parametrize("language", ["ar", pytest.param("en", marks=pytest.mark.verify)])
def test_pages_are_small_and_request_no_other_host(state: dict[str, Any], chromium: Browser, language: str) -> None:
    context = chromium.new_context(viewport=PHONE, locale=language)
    page = context.new_page()
    patient, traffic, sizes = Patient(page, state), Traffic(page), {}

    def load(path: str) -> None:
        patient.open(path)
        page.wait_for_load_state("networkidle")
        sizes[path] = traffic.count_new_bytes()

    load("/")
    first = sizes.pop("/")
    for path in ("/", "/forms/pre_screening", "/sign-in", "/lost-code", "/nothing"):
        load(path)
    patient.open("/forms/pre_screening")
    for answers in ({**WITH_COUGH, "cough_since": days_ago(8)}, {**REQUEST, "language": language}):
        patient.submit_pages(answers, at=lambda heading: sizes.update({heading: traffic.count_new_bytes()}))
        load("/case")
        patient.open("/forms/evaluation_request")
    print(f"with an empty cache {first} bytes; afterwards {min(sizes.values())} to {max(sizes.values())}")
    context.close()
    assert 0 < first <= MAX_FIRST_BYTES
    assert {path: size for path, size in sizes.items() if not 0 < size <= MAX_LATER_BYTES} == {}
    assert traffic.hosts == {urlsplit(state["webapp"]).netloc}


@pytest.mark.parametrize("path", ["now", "kpis", "closed", "incidents"])
def test_managers_pages_are_small_and_request_no_other_host(
    state: dict[str, Any], chromium: Browser, path: str
) -> None:
    account = state["accounts"]["process_manager"]
    signed_in = chromium.new_context(viewport=PHONE)
    page = signed_in.new_page()
    page.goto(state["webapp"] + "/staff/sign-in")
    page.fill("#username", account["username"])
    page.fill("#password", account["password"])
    page.get_by_role("button", name="Sign in").click()
    # another context with the same session has an empty cache
    context = chromium.new_context(viewport=PHONE, storage_state=signed_in.storage_state())
    page = context.new_page()
    traffic = Traffic(page)
    page.goto(f"{state['webapp']}/staff/{path}", wait_until="networkidle")
    print(f"/staff/{path}: {traffic.bytes} bytes")
    assert page.get_by_role("heading", level=1).count()
    signed_in.close()
    context.close()
    assert 0 < traffic.bytes <= MAX_STAFF_BYTES
    assert traffic.hosts == {urlsplit(state["webapp"]).netloc}
