"""What every page has, those of errors too: the emergency number to call, and whom to write to."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from bs4 import BeautifulSoup

from config import settings as config
from hosting.clients.government import Government
from hosting.clients.lab import Lab
from processes.engine import Engine
from webapp.app import create_app
from webapp.options import Options
from webapp.resources import resources_of

pytestmark = pytest.mark.engine

NOWHERE = "http://127.0.0.1:9"


def has_what_every_page_has(html: str, emergency: str) -> bool:
    page = BeautifulSoup(html, "html.parser")
    calls = page.select(f'header a[href="tel:{emergency}"]')
    mails = page.select('a[href^="mailto:"]')
    return bool(calls and calls[0].get_text(strip=True) and mails)


@pytest.fixture
def pages(records: None) -> Any:
    """The application beside an engine and a government that are away."""
    policy = config.load().policy.model_dump()
    options = Options(secret_key="k" * 32, policy=policy, records_secret="r" * 32)
    return create_app(options, Engine(NOWHERE, "webapp", "", timeout_s=1), Government(NOWHERE, "", 1), Lab(NOWHERE, ""))


def test_every_route_has_the_emergency_number_also_while_the_engine_is_away(pages: Any) -> None:
    client, emergency_number = pages.test_client(), resources_of(pages).options.policy["emergency_number"]
    values = {"name": "pre_screening", "number": 1, "token": "abc", "filename": "icon.svg"}
    seen: dict[int, int] = {}
    for rule in pages.url_map.iter_rules():
        if rule.endpoint in ("static", "healthz", "readyz"):
            continue
        with pages.test_request_context():
            address = rule.build({name: values[name] for name in rule.arguments})[1]
        for method in rule.methods & {"GET", "POST"}:
            answer = client.open(address, method=method, follow_redirects=True)
            assert has_what_every_page_has(answer.text, emergency_number), (method, rule)
            assert answer.status_code < 500 or answer.status_code == 503, (method, rule)
            seen[answer.status_code] = seen.get(answer.status_code, 0) + 1
    assert {200, 400, 503} <= set(seen)


@pytest.mark.parametrize(("path", "status"), [("/nothing", 404), ("/forms/doctor_report", 404), ("/link/a/renew", 405)])
def test_pages_that_are_not_there_have_it_too(state: dict[str, Any], path: str, status: int) -> None:
    answer = requests.get(state["webapp"] + path, timeout=10)
    assert answer.status_code == status
    assert has_what_every_page_has(answer.text, "112")


def test_an_error_of_ours_has_it_too_and_says_nothing_of_what_was_typed(
    pages: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> str:
        raise RuntimeError("Ada Lovelace")

    monkeypatch.setitem(pages.view_functions, "patient.home", fail)
    answer = pages.test_client().get("/")
    assert answer.status_code == 500
    assert has_what_every_page_has(answer.text, "112")
    assert "Ada Lovelace" not in answer.text + caplog.text
    assert "RuntimeError" in caplog.text


def test_a_page_without_the_number_would_be_found() -> None:
    assert not has_what_every_page_has("<header></header><a href='mailto:a@b'></a>", "112")
