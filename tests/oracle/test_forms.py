"""Our forms against form-js 1.8.7 in Chromium: the same fields visible, the same errors, the same data submitted.

`make oracle` answers each form 2,000 times (ORACLE_SETS), `make test` a hundred times.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from config.settings import ROOT
from tests.oracle.comparison import compared
from webapp.camunda_forms import rules

SETS = int(os.environ.get("ORACLE_SETS", "100"))
SEED = os.environ.get("ORACLE_SEED", "1")
FORMS = sorted([*ROOT.glob("forms/*.form"), *ROOT.glob("tests/oracle/schemas/*.form")])
LEAST = max(1, 50 * SETS // 2000)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    """A page with form-js."""
    context = chromium.new_context(timezone_id="UTC")
    page = context.new_page()
    page.add_script_tag(path=ROOT / "node_modules/@bpmn-io/form-js/dist/form-viewer.umd.js")
    page.add_script_tag(path=ROOT / "tests/oracle/driver.js")
    yield page
    context.close()


def schema_of(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_form_js_and_we_agree(page: Page, path: Path) -> None:
    found = compared(page, schema_of(path), SETS, SEED)
    assert found.disagreements[:1] == []
    rare = {key: n for key in {*found.broken, *found.kept} if (n := min(found.broken[key], found.kept[key])) < LEAST}
    assert rare == {}, f"each rule is broken and kept {LEAST} times at least"
    rare = {key: n for key in {*found.shown, *found.hidden} if (n := min(found.shown[key], found.hidden[key])) < LEAST}
    assert rare == {}, f"each condition shows and hides {LEAST} times at least"


def test_the_oracle_finds_a_planted_mistake(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules.javascript, "less", rules.javascript.less_or_equal)
    assert compared(page, schema_of(ROOT / "forms/pre_screening.form"), 100).disagreements
