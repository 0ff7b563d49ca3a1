"""The reference pages are up to date with code and settings."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from config.settings import ROOT
from tests.support.packages import PACKAGES
from tools.reference.settings import FILE, read_meanings
from tools.reference.variables import PARTS, VARIABLES, find_writers

REFERENCE = ROOT / "docs" / "reference"
GENERATED = [path for path in REFERENCE.glob("*.md") if "Written by `make reference`" in path.read_text()]
PAGES = sorted([*(f"docs/reference/{path.name}" for path in GENERATED), "camunda7/REFERENCE.md"])
METRICS = {"Counter", "Gauge", "Histogram", "Summary", "Info", "GaugeMetricFamily", "CounterMetricFamily"}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages as they are generated now, in a process of its own, because it opens a database."""
    folder = tmp_path_factory.mktemp("reference")
    subprocess.run([sys.executable, "-m", "tools.reference", str(folder)], cwd=ROOT, check=True)
    return folder


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_up_to_date(page: str, written: Path) -> None:
    assert (ROOT / page).read_text() == (written / page).read_text(), "run `make reference`"


def test_no_page_is_missing(written: Path) -> None:
    assert sorted(str(path.relative_to(written)) for path in written.rglob("*.md")) == PAGES


def test_each_setting_has_a_meaning() -> None:
    meanings = read_meanings(FILE.read_text())
    assert set(meanings) == {*settings_in(yaml.safe_load(FILE.read_text()))}
    assert [name for name, meaning in meanings.items() if not meaning] == []


def settings_in(content: dict) -> Iterator[str]:
    for name, value in content.items():
        yield name
        if isinstance(value, dict):
            yield from (f"{name}.{key}" for key in value)


def test_comments_are_read_as_meanings() -> None:
    text = """# a head
lab:                # a laboratory
  url: http://a#b   # of its API,
                    # in one word
  kits: 1
  # Another remark

folder: .run        # of all
"""
    assert read_meanings(text) == {
        "lab": "a laboratory. Another remark",
        "lab.url": "of its API, in one word",
        "lab.kits": "",
        "folder": "of all",
    }


def test_each_metric_in_code_is_on_its_page() -> None:
    page = (REFERENCE / "metrics.md").read_text()
    named = {name for package in PACKAGES for path in (ROOT / package).rglob("*.py") for name in metrics_in(path)}
    assert len(named) > 10
    assert [name for name in named if not re.search(rf"`{name}(_total)?`", page)] == []


def metrics_in(path: Path) -> Iterator[str]:
    """Names of the metrics that a module creates with literal names."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in METRICS and node.args:
            name = node.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield name.value


def test_each_variable_is_on_its_page_with_its_writers() -> None:
    assert {name for part in PARTS.values() for name in part} == set(VARIABLES)
    assert set(VARIABLES) - find_writers().keys() == set()
