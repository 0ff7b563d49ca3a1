"""What the patients' pages weigh on the wire, and whom they contact."""

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

AT_FIRST, AFTERWARDS = 50_000, 15_000


class Wire:
    """What a page's loads cost, in bytes, and the hosts that it asked."""

    def __init__(self, page: Page):
        self.bytes = self._seen = 0
        self.hosts: set[str] = set()
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.loadingFinished", self._loaded)
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))

    def _loaded(self, event: dict[str, Any]) -> None:
        self.bytes += event["encodedDataLength"]

    def since(self) -> int:
        """Bytes since this was asked last."""
        since, self._seen = self.bytes - self._seen, self.bytes
        return since


@pytest.mark.parametrize("language", ["ar", pytest.param("en", marks=pytest.mark.verify)])
def test_pages_are_light_and_contact_nobody_else(state: dict[str, Any], chromium: Browser, language: str) -> None:
    context = chromium.new_context(viewport=PHONE, locale=language)
    page = context.new_page()
    patient, wire, weights = Patient(page, state), Wire(page), {}

    def load(path: str) -> None:
        patient.opens(path)
        page.wait_for_load_state("networkidle")
        weights[path] = wire.since()

    load("/")
    first = weights.pop("/")
    for path in ("/", "/forms/pre_screening", "/sign-in", "/lost-code", "/nothing"):
        load(path)
    patient.opens("/forms/pre_screening")
    for answers in ({**WITH_COUGH, "cough_since": days_ago(8)}, {**REQUEST, "language": language}):
        patient.goes_through(answers, at=lambda heading: weights.update({heading: wire.since()}))
        load("/case")
        patient.opens("/forms/evaluation_request")
    print(f"at first {first} bytes; afterwards {min(weights.values())} to {max(weights.values())}")
    context.close()
    assert 0 < first <= AT_FIRST
    assert {path: weight for path, weight in weights.items() if not 0 < weight <= AFTERWARDS} == {}
    assert wire.hosts == {urlsplit(state["webapp"]).netloc}
