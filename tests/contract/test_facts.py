"""What staff see of a case: diagrams, forms, filters, variables and TaskFacts.java name the same facts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

from access.roles import list_filters
from camunda7.lint.diagram import BPMN, CAMUNDA
from config.settings import ROOT
from processes.variables import TASK

FACTS = (ROOT / "engine/src/main/java/org/coronacare/engine/tasks/Fact.java").read_text()
KNOWN = {
    name.lower()
    for name in re.findall(r"^  ([A-Z_]+)\($|^  ([A-Z_]+)\(\"", FACTS, re.MULTILINE)
    for name in name
    if name
}
SHOWN = re.compile(r"facts\.show\(task, '([\w, ]+)'\)")


def user_tasks() -> Iterator[ElementTree.Element]:
    for path in sorted(ROOT.glob("processes/*.bpmn")):
        yield from ElementTree.parse(path).iter(f"{BPMN}userTask")


def names(text: str) -> set[str]:
    return {name.strip() for name in text.split(",")}


def on_card(task: ElementTree.Element) -> set[str]:
    found = [SHOWN.search(each.get("expression", "")) for each in task.iter(f"{CAMUNDA}taskListener")]
    return set().union(*(names(match[1]) for match in found if match))


def in_form(task: ElementTree.Element) -> set[str]:
    found = [each.get("value", "") for each in task.iter(f"{CAMUNDA}property") if each.get("name") == "facts"]
    return set().union(*map(names, found))


def has_table(task: ElementTree.Element) -> bool:
    form = json.loads((ROOT / f"forms/{task.get(CAMUNDA + 'formRef')}.form").read_text())
    return any(each.get("dataSource") == "=facts" for each in form["components"])


@pytest.mark.parametrize("task", list(user_tasks()), ids=lambda task: task.get("id"))
def test_a_task_shows_facts_that_there_are(task: ElementTree.Element) -> None:
    assert on_card(task) | in_form(task) <= KNOWN
    assert has_table(task) == bool(in_form(task))


def test_filters_show_what_tasks_show() -> None:
    of_tasks = {f"card_{name}" for task in user_tasks() for name in on_card(task)} | {"card_alert"}
    of_filters = {name for each in list_filters() for name in each.card}
    assert of_filters == of_tasks == {name for name in TASK if name != "facts"}
