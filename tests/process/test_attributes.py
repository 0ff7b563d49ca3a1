"""What the check says of attributes, hit policies and versions of files, the engine says when they are deployed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from access.people import load_people
from camunda7.lint import check
from camunda7.lint.files import DMN_NAMESPACES
from camunda7.lint.tables import DMN
from camunda7.release.deploy import resources
from config import settings
from config.settings import ROOT
from deployment.declared import declared
from tests.support.reading import refusals

FILES = resources(ROOT)
DECISION, DIAGRAM = "testing_priority.dmn", "tell_by_telephone.bpmn"
TIMES_TO_LIVE = ("P180D", "P0D", "0", "5", "+5", "-5", "P6M", "P180", "180D", "x", " 5", "${x}", "P99999999999D", "1.5")
PRIORITIES = ("50", "-1", "0", "high", "1.5", "", "${priority}")
POLICIES = ("FIRST", "UNIQUE", "ANY", "RULE ORDER", "PRIORITY", "OUTPUT ORDER", "first", "X")


def cases() -> list[tuple[str, str, str]]:
    """A file's name, what of it is replaced, and with what."""
    time_to_live = r'camunda:historyTimeToLive="[^"]*"'
    found = [(file, time_to_live, f'camunda:historyTimeToLive="{text}"') for file in (DECISION, DIAGRAM)
             for text in TIMES_TO_LIVE]  # fmt: skip
    for element, name in (("process", "jobPriority"), ("process", "taskPriority"), ("userTask", "jobPriority")):
        found += [(DIAGRAM, f"<bpmn:{element} ", f'<bpmn:{element} camunda:{name}="{text}" ') for text in PRIORITIES]
    policy = 'hitPolicy="FIRST"'
    found += [(DECISION, policy, f'hitPolicy="{name}"') for name in POLICIES]
    found += [(DECISION, policy, f'hitPolicy="{name}" aggregation="SUM"') for name in POLICIES]
    found += [(DECISION, policy, f'hitPolicy="COLLECT" aggregation="{name}"') for name in ("COUNT", "AVG", "MEDIAN")]
    found += [(DIAGRAM, "</bpmn:userTask>", r"<bpmn:multiInstanceLoopCharacteristics/>\g<0>")]
    # with a drawing of the version's own, which isn't read here
    undrawn = f"{re.escape(DMN.strip('{}'))}(.*)<dmndi:DMNDI>.*</dmndi:DMNDI>"
    return found + [(DECISION, undrawn, rf"{namespace.strip('{}')}\1") for namespace in DMN_NAMESPACES]


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, bool, str]]:
    """Of each case: what was replaced, whether the check says that it can't be, and why the engine refuses it."""
    configured = settings.load()
    names = declared(load_people(configured.people).groups, configured.policy.model_dump())
    said = r"number of days|for how long|whole number|has no hit policy|the engine has no|collects|how often"
    paths: list[Path] = []
    found = []
    for number, (file, old, new) in enumerate(cases()):
        text, times = re.subn(old, new, FILES[file].decode(), count=1, flags=re.DOTALL)
        assert times
        path = tmp_path_factory.mktemp(f"case_{number}") / file
        path.write_text(text)
        paths.append(path)
        findings = [each.wrong for each in check({file: text.encode()}, names)]
        found.append((new, any(re.search(said, each) for each in findings)))
    refused = refusals([("file", str(path)) for path in paths])
    return [(*each, why) for each, why in zip(found, refused, strict=True)]


def test_the_check_finds_what_the_engine_refuses(wrong: list[tuple[str, bool, str]]) -> None:
    assert [each for each in wrong if each[2] and not each[1]] == []


def test_the_check_finds_nothing_at_what_the_engine_takes(wrong: list[tuple[str, bool, str]]) -> None:
    assert [each for each in wrong if each[1] and not each[2]] == []
