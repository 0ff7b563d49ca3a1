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
from processes.variables import FACTS, TASK, VARIABLES

FACTS_JAVA = (ROOT / "engine/src/main/java/org/coronacare/engine/tasks/Fact.java").read_text()
KNOWN = {
    name.lower()
    for name in re.findall(r"^  ([A-Z_]+)\($|^  ([A-Z_]+)\(\"", FACTS_JAVA, re.MULTILINE)
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


def split_constants(text: str) -> Iterator[tuple[str, str]]:
    """Yield each constant of Fact.java with its text."""
    parts = re.split(r"^  ([A-Z_]+)\(", text, flags=re.MULTILINE)
    yield from zip((name.lower() for name in parts[1::2]), parts[2::2], strict=True)


def read_method(name: str, methods: str) -> str:
    """The text of a method of Fact.java."""
    return re.search(rf"private static [\w<>, ]+ {name}\(.*?^  }}", methods, re.MULTILINE | re.DOTALL)[0]


def read_by(text: str, methods: str, lists: str) -> set[str]:
    """The variables that a constant reads: itself, by a method of Fact.java, or by a list of Words.java."""
    for name in re.findall(r"Fact::(\w+)|\b(emergencyPhone|years|doses|correction)\(", text):
        text += read_method("".join(name), methods)
    if "diary(values)" in text:
        text += read_method("diary", methods)
    for name in re.findall(r"flags\(values, Words\.(\w+)\)", text):
        text += re.search(rf"{name} =\n\s+ordered\((.*?);", lists, re.DOTALL)[1]
    # the first text of measured() names a vital sign of the policy, if the value has a name of its own
    text = re.sub(r'measured\(values, "\w+", values\.get', "measured(values, values.get", text)
    is_marked = re.search(r"measured\(|describe\(values", text)
    found = set(re.findall(r'"([a-z_0-9]+)"', text)) & VARIABLES.keys()
    return (
        found
        | ({"date_of_birth"} if "values.age()" in text else set())
        | ({"policy"} if is_marked or (".day(" in text and "_days" in text) else set())
    )


@pytest.mark.parametrize("task", list(user_tasks()), ids=lambda task: task.get("id"))
def test_a_task_shows_facts_that_there_are(task: ElementTree.Element) -> None:
    assert on_card(task) | in_form(task) <= KNOWN
    assert has_table(task) == bool(in_form(task))


def test_filters_show_what_tasks_show() -> None:
    of_tasks = {f"card_{name}" for task in user_tasks() for name in on_card(task)} | {"card_alert"}
    of_filters = {name for each in list_filters() for name in each.card}
    assert of_filters == of_tasks == {name for name in TASK if name != "facts"}


def test_the_variables_of_each_fact_are_those_that_the_engine_reads() -> None:
    constants, methods = FACTS_JAVA.partition("enum Fact {")[2].split(";\n\n", 1)
    lists = (ROOT / "engine/src/main/java/org/coronacare/engine/tasks/Words.java").read_text()
    read = {name: read_by(text, methods, lists) for name, text in split_constants(constants)}
    assert read == {name: set(variables) for name, variables in FACTS.items()}
