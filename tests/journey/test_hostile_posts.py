"""Generated POST requests that no page sends: none causes a 5xx, and no undeclared variable reaches the engine."""

from __future__ import annotations

import os
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from camunda7.forms.browser import Browser, Page
from processes.variables import VARIABLES
from tests.support.case import MEDICAL, REQUEST, WITH_COUGH, CaseUnderTest, eventually
from tests.support.days import days_ago
from tests.support.tier import rounds

pytestmark = pytest.mark.engine

POSTS = int(os.environ.get("HOSTILE_POSTS") or rounds(test=6, verify=20))
VALUES = [
    "", " ", "\x00", "a\x00b", "\u202e txet", "\ufeff", "\ud7ff", "😀" * 50, "é" * 2000, "9" * 400, "-1", "1e999",
    "NaN",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "=cmd|' /C calc'!A0", "@SUM(1+1)", "+1+1", "-2+3",
    "'; DROP TABLE case_row; --", "${execution}", "#{1+1}", "{{7*7}}", "${jndi:ldap://x}", "[]", "{}", "null", "true",
    '{"type": "Object", "value": 1}', "%00", "..%2f..%2f", "\r\nSet-Cookie: a=b", "2020-13-45", "0", "00:99",
]  # fmt: skip
EXTRA = [
    "admin", "case_outcome", "orientation", "policy", "exposed", "withdrawn", "__class__", "variables", "x[y][z]",
    "cough[]", "close_contacts-rows", "close_contacts-0-name", "close_contacts-99999999999-name", "shown", "add",
    "remove", "send", "_method", "businessKey", "\x00", "é", "a" * 300,
]  # fmt: skip
FILLED = {**WITH_COUGH, "cough_since": days_ago(8)}


def hostile(rng: random.Random, page: Page) -> list[tuple[str, str]]:
    """Generate fields of the page, and fields that it doesn't have, with hostile values."""
    tokens = [(box["name"], box["value"]) for box in page.form.select("[name=csrf_token], [name=page_token]")]
    names = [control["name"] for control in page.form.select("[name]") if control["name"] != "csrf_token"]
    fields = []
    for _ in range(rng.randrange(1, 40)):
        name = rng.choice(names if rng.random() < 0.7 else EXTRA)
        if rng.random() < 0.1:
            name += rng.choice(["-day", "-rows", "-0", "[]", "."])
        fields.append((name, rng.choice(VALUES)))
    return [*tokens, *fields]


def attack(browser: Browser, path: str, answers: dict[str, Any], seed: int) -> Counter[int]:
    """Send hostile posts from each page of a form, then valid answers; returns the number of responses by status."""
    rng = random.Random(seed)
    statuses: Counter[int] = Counter()
    page = browser.wait_for_form(path, 60)
    while page.heading != "Check your answers":
        here = page.url
        for _ in range(POSTS):
            sent = browser.post(browser.open(here), hostile(rng, page))
            statuses[sent.status] += 1
            assert sent.status < 500, here
            assert sent.content.select("main script, main img[onerror]") == []
        page = browser.open(here)
        # an answer may call for further questions
        while page.url == here:
            page = browser.send(page, answers)
            assert page.errors == []
    browser.send(page, {})
    return statuses


def test_no_post_breaks_a_page_and_nothing_undeclared_reaches_the_engine(state: dict[str, Any]) -> None:
    browser = Browser(state["webapp"])
    statuses = attack(browser, "/forms/pre_screening", FILLED, 1)
    case = CaseUnderTest(state)
    case.reference = browser.open("/case").text("main strong")
    statuses += attack(browser, "/forms/evaluation_request", REQUEST, 2)
    statuses += attack(browser, "/forms/medical_form", MEDICAL, 3)
    eventually(lambda: case.value("lives"))

    assert sum(statuses.values()) >= 10 * POSTS
    assert set(statuses) <= {200, 400, 404}, statuses
    reached = {name: value for name, value in case.case().values.items() if value is not None}
    assert set(reached) <= set(VARIABLES)
    assert (reached["withdrawn"], reached.get("case_outcome")) == (False, None)
    assert {reached[name] for name in ("given_name", "family_name")} == {"Ada", "Lovelace"}
    # the log has the number of unknown fields, not their names, which clients choose
    log = (Path(state["logs"]) / "webapp.log").read_text()
    counted = re.findall(r"pre_screening: dropped (\d+) posted fields", log)
    assert sum(map(int, counted)) > POSTS


@pytest.mark.parametrize("size", [2_000_000, 10_000_000])
@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "application/json"]
)
def test_a_body_that_is_too_large_is_refused(state: dict[str, Any], size: int, kind: str) -> None:
    browser = Browser(state["webapp"])
    page = browser.open("/forms/pre_screening")
    answer = browser.post_raw(page, b"a=" + b"x" * size, kind)
    assert answer.status in (400, 413)
    assert "112" in answer.text("header")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b'{"a":' * 5000 + b"1" + b"}" * 5000),
        ("application/xml", b"<a/>"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data; name=cough\r\n\r\ntrue"),
        ("multipart/form-data", b"no boundary"),
        ("application/x-www-form-urlencoded", b"%ff%fe=%00&&&==&" * 1000),
        ("application/x-www-form-urlencoded; charset=utf-7", b"+ADw-script+AD4-=1"),
        ("application/x-www-form-urlencoded", b"a=1&" * 20000),
    ],
)
def test_malformed_bodies_and_other_content_types_are_refused(state: dict[str, Any], kind: str, body: bytes) -> None:
    browser = Browser(state["webapp"])
    page = browser.open("/forms/pre_screening")
    assert browser.post_raw(page, body, kind).status in (400, 413)
