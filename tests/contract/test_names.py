"""Each name is declared once: variables, topics, error codes and forms agree between diagrams, forms and code."""

import ast
import re
from pathlib import Path

import pytest
import yaml

from access.people import load_people
from camunda7.lint.events import JAVA_EXCEPTION
from camunda7.worker import Handler
from config.settings import ROOT
from processes import errors
from processes.audit import PARTS
from processes.variables import PRE_SCREENING, TASK, VARIABLES
from tests.support import diagrams
from tests.support.packages import PACKAGES
from workers.lanes import LANES, all_handlers
from workers.messages import TEXTS

HANDLERS = all_handlers()
# names of Camunda 7 that its forks change; the path /camunda is a setting of all (webapp.application-path)
VENDOR = re.compile(r"camunda-admin|camundaFormRef|camunda-welcome|org\.camunda\.")
JAVA_STRING = re.compile(r'"([^"\n]*)"')
VENDOR_FILES = {"camunda7/names.py", "engine/src/main/java/org/coronacare/engine/support/Names.java"}
RESOURCES = {
    "lab", "government", "authority", "engine", "outbox", "roster", "kpis", "doctors_phones", "managers", "place",
}  # fmt: skip


def test_every_declared_variable_is_used() -> None:
    """By a diagram, a form, a decision or a handler."""
    used = diagrams.variables_of_diagrams()
    for path in diagrams.FORMS:
        used |= set(diagrams.form_fields(path))
    for path in diagrams.DECISIONS:
        used |= diagrams.decision_inputs(path) | diagrams.decision_outputs(path)
    for handler in HANDLERS:
        used |= set(handler.variables) | _keys_returned(handler)
    for name in (
        "processes/cases.py",
        "workers/lab_feed.py",
        "workers/lab_inbox.py",
        "workers/channels.py",
        "webapp/forwarding.py",
    ):
        used |= _literals_of(ROOT / name)
    # tests/contract/test_facts.py
    used |= TASK.keys()
    assert set(VARIABLES) - used == set()


def test_the_form_asks_for_each_input_of_pre_screening() -> None:
    fields = set(diagrams.form_fields(ROOT / "forms" / "pre_screening.form"))
    read = diagrams.decision_inputs(ROOT / "processes" / "pre_screening.dmn")
    assert read - fields == {"age", "bmi"}
    assert fields == set(PRE_SCREENING)


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda handler: handler.topic)
def test_a_topic_names_its_lane_and_function(handler: Handler) -> None:
    lane, name = handler.topic.split(".")
    assert getattr(LANES[lane], name) is handler.function


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda handler: handler.topic)
def test_a_handler_has_only_known_resources(handler: Handler) -> None:
    assert set(handler.resources) <= RESOURCES


def test_every_error_code_is_raised_by_code_and_caught_by_a_diagram() -> None:
    codes = {error.code for error in errors.__dict__.values() if isinstance(error, type) and hasattr(error, "code")}
    assert codes == {error.code for handler in HANDLERS for error in handler.errors}
    assert codes | {JAVA_EXCEPTION} == diagrams.error_codes()


def test_every_notice_has_a_template() -> None:
    assert set(VARIABLES["notice"].values) <= set(TEXTS)


def _keys_returned(handler: Handler) -> set[str]:
    """Names of the variables that a handler writes back."""
    tree = ast.parse(Path(handler.function.__code__.co_filename).read_text())
    function = next(
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == handler.function.__name__
    )
    returned = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
    return {key.value for value in returned if isinstance(value, ast.Dict) for key in value.keys}


def _literals_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_the_accounts_of_parts_are_the_same_everywhere() -> None:
    """For one that isn't in the engine's configuration, no call is forbidden, and wrong passwords lock it."""
    listed = yaml.safe_load((ROOT / "engine/src/main/resources/application.yaml").read_text())["coronacare"]
    assert set(load_people(Path("config/people.yaml")).services) == set(listed["service-accounts"]) == PARTS


def test_names_of_the_vendor_are_in_one_file_of_each_language() -> None:
    """So that a move to a fork changes two files, and the packages that Java imports."""
    python = {path for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    named = {path for path in python if any(VENDOR.search(text) for text in _literals_of(path))}
    java = (ROOT / "engine" / "src" / "main" / "java").rglob("*.java")
    named |= {path for path in java if any(VENDOR.search(text) for text in JAVA_STRING.findall(path.read_text()))}
    assert {path.relative_to(ROOT).as_posix() for path in named} == VENDOR_FILES
