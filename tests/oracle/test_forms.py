"""Our forms compared with form-js 1.8.7 in Chromium: the same visible fields, errors and submitted data.

`make test` answers our forms 20 to 60 times, until each rule was violated and met; `make verify` 60 times, and 100
times the schemas with each component and rule; `make oracle` all of them 2,000 times (ORACLE_SETS).
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
from tests.oracle.comparison import compare
from tests.oracle.form_js import FormJs, form_js_in
from tests.support.tier import rounds

SETS = int(os.environ.get("ORACLE_SETS", "0"))
MIN_SETS = SETS or rounds(test=20, verify=100)
SEED = os.environ.get("ORACLE_SEED", "1")
FORMS = sorted(ROOT.glob("forms/*.form"))
SCHEMAS = sorted(ROOT.glob("tests/oracle/schemas/*.form"))

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def form_js(chromium: Browser) -> Iterator[FormJs]:
    with form_js_in(chromium) as form_js:
        yield form_js


def max_sets(path: Path) -> int:
    """Maximum number of sets of answers; the comparison stops earlier if each rule and condition has been covered."""
    return SETS or (100 if path.parent.name == "schemas" else 240)


def schema_of(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


@pytest.mark.parametrize(
    "path",
    [*FORMS, *(pytest.param(schema, marks=pytest.mark.verify) for schema in SCHEMAS)],
    ids=lambda path: path.stem,
)
def test_our_forms_agree_with_form_js(form_js: FormJs, path: Path) -> None:
    least = max(1, 50 * SETS // 2000)
    result = compare(form_js, schema_of(path), max_sets(path), SEED, at_least=MIN_SETS)
    assert result.disagreements[:1] == []
    assert result.rare(least) == {}, f"each rule violated and met, each condition shown and hidden {least} times"


@pytest.mark.parametrize(
    "name", ["forms/medical_visit", pytest.param("tests/oracle/schemas/every_rule", marks=pytest.mark.verify)]
)
def test_our_forms_agree_with_form_js_in_another_time_zone(chromium: Browser, name: str) -> None:
    zone = "Asia/Kolkata"
    with form_js_in(chromium, zone) as form_js:
        path = ROOT / f"{name}.form"
        result = compare(form_js, schema_of(path), MIN_SETS, SEED, ZoneInfo(zone))
    assert result.disagreements[:1] == []


def test_the_comparison_finds_a_planted_mistake(form_js: FormJs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules.javascript, "less", rules.javascript.less_or_equal)
    assert compare(form_js, schema_of(ROOT / "forms/medical_visit.form"), 20).disagreements
