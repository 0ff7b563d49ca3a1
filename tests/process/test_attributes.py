"""The check refuses the attributes, hit policies and DMN versions that the engine refuses, and no others.

`make test` tries every third change, `make verify` all of them.
"""

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
from deployment.declared import collect_declared
from tests.support.engine_parser import find_refusals
from tests.support.tier import rounds

FILES = resources(ROOT)
DECISION, DIAGRAM = "testing_priority.dmn", "tell_by_telephone.bpmn"
TIMES_TO_LIVE = ("P180D", "P0D", "0", "5", "+5", "-5", "P6M", "P180", "180D", "x", " 5", "${x}", "P99999999999D", "1.5")
PRIORITIES = ("50", "-1", "0", "high", "1.5", "", "${priority}")
POLICIES = ("FIRST", "UNIQUE", "ANY", "RULE ORDER", "PRIORITY", "OUTPUT ORDER", "first", "X")


def cases() -> list[tuple[str, str, str]]:
    """File name, pattern that is replaced, and replacement of each changed file."""
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
    # without the drawing, whose namespaces depend on the version of DMN
    undrawn = f"{re.escape(DMN.strip('{}'))}(.*)<dmndi:DMNDI>.*</dmndi:DMNDI>"
    return found + [(DECISION, undrawn, rf"{namespace.strip('{}')}\1") for namespace in DMN_NAMESPACES]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, bool, str]]:
    """Of each changed file: the replacement, whether the check finds it, and the engine's refusal, if any."""
    configured = settings.load()
    names = collect_declared(load_people(configured.people).groups, configured.policy.model_dump())
    messages = (
        r"history time to live|whole number|has no hit policy|the engine has no|has no aggregation|multi-instance"
    )
    paths: list[Path] = []
    found = []
    for number, (file, old, new) in enumerate(cases()[:: rounds(test=3, verify=1)]):
        text, times = re.subn(old, new, FILES[file].decode(), count=1, flags=re.DOTALL)
        assert times
        path = tmp_path_factory.mktemp(f"case_{number}") / file
        path.write_text(text)
        paths.append(path)
        findings = [each.wrong for each in check({file: text.encode()}, names)]
        found.append((new, any(re.search(messages, each) for each in findings)))
    refused = find_refusals([("file", str(path)) for path in paths])
    assert any(refused)
    assert not all(refused)
    return [(*each, why) for each, why in zip(found, refused, strict=True)]


def test_the_check_finds_what_the_engine_refuses(results: list[tuple[str, bool, str]]) -> None:
    assert [each for each in results if each[2] and not each[1]] == []


def test_the_check_accepts_what_the_engine_accepts(results: list[tuple[str, bool, str]]) -> None:
    assert [each for each in results if each[1] and not each[2]] == []
