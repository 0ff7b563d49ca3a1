"""Our forms against form-js 1.8.7 in Chromium: the same fields visible, the same errors, the same data submitted.

`make test` answers our forms 20 to 60 times, until each rule was broken and kept; `make verify` 60 times, and 100 times
the schemas that have each component and rule; `make oracle` all of them 2,000 times (ORACLE_SETS).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser

from camunda7.forms import rules
from config.settings import ROOT
from tests.oracle.comparison import compared
from tests.oracle.form_js import FormJs, form_js_in
from tests.support.tier import rounds

SETS = int(os.environ.get("ORACLE_SETS", "0"))
AT_LEAST = SETS or rounds(test=20, verify=100)
SEED = os.environ.get("ORACLE_SEED", "1")
FORMS = sorted(ROOT.glob("forms/*.form"))
SCHEMAS = sorted(ROOT.glob("tests/oracle/schemas/*.form"))

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def form_js(chromium: Browser) -> Iterator[FormJs]:
    with form_js_in(chromium) as form_js:
        yield form_js


def sets_for(path: Path) -> int:
    """At most how many sets of answers; fewer where each rule and condition has come up before."""
    return SETS or (100 if path.parent.name == "schemas" else 240)


def schema_of(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


@pytest.mark.parametrize(
    "path",
    [*FORMS, *(pytest.param(schema, marks=pytest.mark.verify) for schema in SCHEMAS)],
    ids=lambda path: path.stem,
)
def test_form_js_and_we_agree(form_js: FormJs, path: Path) -> None:
    sets = sets_for(path)
    least = max(1, 50 * SETS // 2000)
    found = compared(form_js, schema_of(path), sets, SEED, at_least=AT_LEAST)
    assert found.disagreements[:1] == []
    assert found.rare(least) == {}, f"each rule broken and kept, each condition shown and hidden {least} times"


@pytest.mark.parametrize(
    "name", ["forms/medical_visit", pytest.param("tests/oracle/schemas/every_rule", marks=pytest.mark.verify)]
)
def test_they_agree_in_another_time_zone(chromium: Browser, name: str) -> None:
    zone = "Asia/Kolkata"
    with form_js_in(chromium, zone) as form_js:
        path = ROOT / f"{name}.form"
        found = compared(form_js, schema_of(path), AT_LEAST, SEED, ZoneInfo(zone))
    assert found.disagreements[:1] == []


def test_the_oracle_finds_a_planted_mistake(form_js: FormJs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules.javascript, "less", rules.javascript.less_or_equal)
    assert compared(form_js, schema_of(ROOT / "forms/pre_screening.form"), 60).disagreements
