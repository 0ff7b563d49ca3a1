"""Every page for patients, including error pages, has the emergency number and an e-mail address."""

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

UNREACHABLE = "http://127.0.0.1:9"


def has_contacts(html: str, emergency: str) -> bool:
    page = BeautifulSoup(html, "html.parser")
    calls = page.select(f'header a[href="tel:{emergency}"]')
    mails = page.select('a[href^="mailto:"]')
    return bool(calls and calls[0].get_text(strip=True) and mails)


@pytest.fixture
def pages(records: None) -> Any:
    """The web application with an engine, a government and a lab that are unreachable."""
    policy = config.load().policy.model_dump()
    options = Options(secret_key="k" * 32, policy=policy, records_secret="r" * 32)
    engine, government = Engine(UNREACHABLE, "webapp", "", timeout_s=1), Government(UNREACHABLE, "", 1)
    return create_app(options, engine, government, Lab(UNREACHABLE, ""))


def test_every_route_has_the_emergency_number_while_the_engine_is_unreachable(pages: Any) -> None:
    client, emergency_number = pages.test_client(), resources_of(pages).options.policy["emergency_number"]
    numbers = {"number": 1, "message_id": 1}
    texts = {"token": "abc", "run_id": "abc", "kind": "result", "filename": "icon.svg"}
    values = {"name": "pre_screening", **texts, **numbers}
    statuses: set[int] = set()
    for rule in pages.url_map.iter_rules():
        if rule.endpoint in ("static", "healthz", "readyz"):
            continue
        with pages.test_request_context():
            address = rule.build({name: values[name] for name in rule.arguments})[1]
        for method in rule.methods & {"GET", "POST"}:
            answer = client.open(address, method=method, follow_redirects=True)
            assert rule.endpoint.startswith("staff.") or has_contacts(answer.text, emergency_number), (method, rule)
            assert answer.status_code < 500 or answer.status_code == 503, (method, rule)
            statuses.add(answer.status_code)
    assert {200, 400, 503} <= statuses


@pytest.mark.parametrize(("path", "status"), [("/nothing", 404), ("/forms/doctor_report", 404), ("/link/a/renew", 405)])
def test_missing_pages_have_the_emergency_number(state: dict[str, Any], path: str, status: int) -> None:
    answer = requests.get(state["webapp"] + path, timeout=10)
    assert answer.status_code == status
    assert has_contacts(answer.text, "112")


def test_the_page_of_an_internal_error_has_the_emergency_number_and_no_data(
    pages: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> str:
        raise RuntimeError("Ada Lovelace")

    monkeypatch.setitem(pages.view_functions, "patient.home", fail)
    answer = pages.test_client().get("/")
    assert answer.status_code == 500
    assert has_contacts(answer.text, "112")
    assert "Ada Lovelace" not in answer.text + caplog.text
    assert "RuntimeError" in caplog.text


def test_a_page_without_the_emergency_number_is_found() -> None:
    assert not has_contacts("<header></header><a href='mailto:a@b'></a>", "112")
