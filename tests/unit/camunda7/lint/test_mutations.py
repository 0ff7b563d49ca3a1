"""Damaged files never cause a traceback; those without findings are drawn, shown as pages, and accept a post.

`make test` tries some mutations of each file of `processes/` and `forms/` and of the tests' models, `make verify`
20,000.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from werkzeug.datastructures import MultiDict

from access.people import load_people
from camunda7.diagrams import Heat, draw_svg, read_picture
from camunda7.forms import Form, UnsupportedForm
from camunda7.inputs.place import Place
from camunda7.lint import Declared, check
from camunda7.release.changes import differences, report
from camunda7.release.rehearsal import RehearsalError, read_tables
from camunda7.xml import XmlError, parse
from config import settings
from config.settings import ROOT
from deployment.declared import collect_declared
from tests.support.mutations import mutations

PATHS = [
    *sorted(ROOT.glob("processes/*.bpmn")),
    *sorted(ROOT.glob("processes/*.dmn")),
    *sorted(ROOT.glob("forms/*.form")),
    *sorted(ROOT.glob("tests/oracle/schemas/*.form")),
    *sorted(ROOT.glob("tests/oracle/diagrams/*.bpmn")),
    ROOT / "tests/workers/work.bpmn",
    ROOT / "tests/faults/clock.bpmn",
]
POSTED_VALUES = ("", "x", "1", "-0.5", "٣", "9" * 400, "true", "2020-02-30", "\x00", "a@b.example")
# values of variables of a case, of any type
VARIABLE_VALUES = (
    None,
    "",
    "x",
    1,
    1.5,
    True,
    [],
    ["x"],
    [{"name": 1}],
    {"id": 1},
    "2020-03-10",
    "2020-03-10T10:00Z",
    10**20,
)
PLACES = tuple(Place(ZoneInfo(zone), "DE") for zone in ("UTC", "Pacific/Kiritimati", "America/Los_Angeles"))


@dataclass
class Outcome:
    """Results of checking and showing damaged files, by file extension."""

    tried: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    crashes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return "\n".join(
            f"{kind}: {self.tried[kind]} inputs tried, {self.found[kind]} with findings, "
            f"{self.accepted[kind]} accepted and shown; crashes: {len(self.crashes)}"
            for kind in sorted(self.tried)
        )


@pytest.fixture(scope="module")
def names() -> Declared:
    configured = settings.load()
    return collect_declared(load_people(configured.people).groups, configured.policy.model_dump())


@pytest.mark.slow
def test_some_damaged_files_have_findings_or_can_be_shown(names: Declared) -> None:
    assert_no_crash(check_and_show(names, count=8, seed=1))


@pytest.mark.verify
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", range(2, 12))
def test_many_damaged_files_have_findings_or_can_be_shown(names: Declared, seed: int) -> None:
    assert_no_crash(check_and_show(names, count=20_000 // 10 // len(PATHS), seed=seed))


def assert_no_crash(outcome: Outcome) -> None:
    print(outcome)
    assert outcome.crashes == []
    assert all(outcome.accepted[kind] for kind in outcome.tried), (
        "no damaged file of a kind was accepted, so none was shown"
    )


def check_and_show(names: Declared, count: int, seed: int) -> Outcome:
    outcome = Outcome()
    for path in PATHS:
        chance = random.Random(f"{path.name} {seed}")
        content = path.read_bytes()
        before = set(check({path.name: content}, names))
        for number, damaged in enumerate(mutations(path.name, content, chance, count)):
            outcome.tried[path.suffix] += 1
            try:
                found = set(check({path.name: damaged}, names)) - before
                outcome.found[path.suffix] += bool(found)
                outcome.accepted[path.suffix] += not found
                show(path, content, damaged, bool(found), chance)
            except Exception as error:
                outcome.crashes.append(f"{path.name} {seed} {number}: {type(error).__name__}: {str(error)[:200]}")
    return outcome


def show(path: Path, content: bytes, damaged: bytes, has_findings: bool, chance: random.Random) -> None:
    """Process a file as deployment and pages do, even with findings: the engine may have it from another deployment."""
    for before, after in ((content, damaged), (damaged, content)):
        files = {path.name: before}, {path.name: after}
        changes = differences(*files)
        assert bool(list(report.as_text(changes, []))) == bool(changes)
        report.as_page(changes, *files).encode()
    match path.suffix:
        case ".bpmn":
            draw(damaged, has_findings)
        case ".dmn":
            read_decisions(path.name, damaged, has_findings)
        case ".form":
            fill_in(damaged, has_findings, chance)


def draw(damaged: bytes, has_findings: bool) -> None:
    try:
        picture = read_picture(parse(damaged))
    except XmlError:
        assert has_findings
        return
    assert has_findings or not picture.faults
    for plane in picture.planes:
        marks = {part.element.id: Heat("1 · 2 d", 0.5) for part in (*plane.shapes, *plane.edges)}
        ElementTree.fromstring(draw_svg(plane, marks, plane.title))


def read_decisions(name: str, damaged: bytes, has_findings: bool) -> None:
    try:
        read_tables(name, damaged)
    except RehearsalError:
        assert has_findings


def fill_in(damaged: bytes, has_findings: bool, chance: random.Random) -> None:
    try:
        form = Form.parse(json.loads(damaged))
    except (ValueError, RecursionError, AttributeError, UnsupportedForm):
        assert has_findings
        return
    if has_findings and "\\ud83d" in damaged.decode("utf-8", "replace"):
        # a file with an unpaired surrogate isn't deployed
        return
    for data in ({}, {name: chance.choice(VARIABLE_VALUES) for name in form.reads}):
        place = chance.choice(PLACES)
        answer(form, data, place, chance)


def answer(form: Form, data: dict[str, Any], place: Place, chance: random.Random) -> None:
    """Show each page, post arbitrary values, show it with its errors, and summarise the answers."""
    posted = form.initial_post(data, place)
    for page in form.pages:
        answers = form.read(posted, data, place)
        form.html(page, answers).encode()
        fields = MultiDict([("shown", node.name) for node in page.walk(answers)])
        for node in page.walk(answers):
            values = [chance.choice(POSTED_VALUES), *(option.posted for option in node.options)]
            for suffix in ("", "-day", "-month", "-year", "-time", "-rows"):
                fields.add(node.name + suffix, chance.choice(values))
        fields.add("add", chance.choice([node.name for node in page.walk(answers)] or [""]))
        posted = form.merge_post(posted, page, fields).posted
        answers = form.read(posted, data, place)
        form.html(page, answers, checked=True).encode("utf-8", "surrogatepass")
        form.problems(page, answers)
        form.summary(page, answers)
        json.dumps(answers.values, allow_nan=False)
