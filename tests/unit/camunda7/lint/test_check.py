"""The lint finds each planted fault and says how to correct it; the unchanged files have no findings."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from access.people import load_people
from camunda7.lint import Declared, check
from camunda7.release.deploy import resources
from camunda7.release.hints import Hints
from config import settings
from config.settings import ROOT
from deployment.declared import collect_declared

FILES = resources(ROOT)
# a fault may cause findings elsewhere, too: this many in all
MAX_FINDINGS = 6


FAULTS = yaml.safe_load(Path(__file__).with_name("faults.yaml").read_text())


@pytest.fixture(scope="module")
def names() -> Declared:
    configured = settings.load()
    return collect_declared(load_people(configured.people).groups, configured.policy.model_dump())


def test_the_unchanged_files_have_no_findings(names: Declared) -> None:
    assert check(FILES, names) == []


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_planted_fault_is_found(fault: dict[str, Any], names: Declared) -> None:
    before = FILES[fault["file"]].decode()
    count = 0 if fault.get("everywhere") else 1
    changed = re.sub(fault["old"], fault["new"], before, count=count, flags=re.DOTALL)
    assert changed != before, "the regular expression of the fault matches nothing"

    found = check({**FILES, fault["file"]: changed.encode()}, names)

    matching = [each for each in found if fault["wrong"] in each.wrong and each.id == fault.get("id", each.id)]
    assert matching, "\n".join(map(str, found))
    assert fault["todo"] in matching[0].todo
    assert len(found) <= MAX_FINDINGS, "\n".join(map(str, found))


def test_code_may_use_the_former_id_of_a_renamed_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hints = {"take_sample": Hints(steps={"Task_VisitPatient": "Task_VisitThePatient"})}
    assert "Task_VisitPatient" in collect_declared((), {}).named
    monkeypatch.setattr(import_module("deployment.declared"), "read_hints", lambda path: hints)
    assert "Task_VisitPatient" not in collect_declared((), {}).named
