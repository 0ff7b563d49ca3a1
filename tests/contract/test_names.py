"""Each name is declared once: variables, topics, error codes and forms agree between diagrams, forms and code."""

import ast
from pathlib import Path

import pytest
import yaml

from config.people import load_people
from config.settings import ROOT
from processes import errors
from processes.audit import PARTS
from processes.variables import PRE_SCREENING, VARIABLES
from tests.support import diagrams
from workers.__main__ import LANES
from workers.runtime import Handler, handlers_of

HANDLERS = [handler for lane in LANES.values() for handler in handlers_of(lane)]
RESOURCES = {"lab", "government", "engine", "outbox", "roster", "kpis"}


def test_every_variable_of_a_diagram_is_declared() -> None:
    assert diagrams.variables_of_diagrams() - set(VARIABLES) == set()


def test_every_field_of_a_form_is_declared() -> None:
    undeclared = {
        f"{path.name}: {name}"
        for path in diagrams.FORMS
        for name in diagrams.form_fields(path)
        if name not in VARIABLES
    }
    assert undeclared == set()


def test_every_declared_variable_is_used() -> None:
    """By a diagram, a form, a decision or a handler."""
    used = diagrams.variables_of_diagrams()
    for path in diagrams.FORMS:
        used |= set(diagrams.form_fields(path))
    for path in diagrams.DECISIONS:
        used |= diagrams.decision_inputs(path) | diagrams.decision_outputs(path)
    for handler in HANDLERS:
        used |= set(handler.variables) | _keys_returned(handler)
    for name in ("processes/cases.py", "workers/lab_feed.py", "workers/carriers.py", "webapp/forwarding.py"):
        used |= _words_of(ROOT / name)
    assert set(VARIABLES) - used == set()


def test_the_decision_reads_declared_variables_only() -> None:
    for path in diagrams.DECISIONS:
        assert diagrams.decision_inputs(path) - set(VARIABLES) == set()


def test_pre_screening_reads_nothing_that_the_form_does_not_ask() -> None:
    asked = set(diagrams.form_fields(ROOT / "forms" / "pre_screening.form"))
    read = diagrams.decision_inputs(ROOT / "processes" / "pre_screening.dmn")
    assert read - asked == {"age", "bmi"}
    assert asked == set(PRE_SCREENING)


@pytest.mark.parametrize("path", diagrams.FORMS, ids=lambda path: path.stem)
def test_the_options_of_a_field_are_the_codes_of_its_variable(path: Path) -> None:
    for name, component in diagrams.form_fields(path).items():
        if component.get("values"):
            assert {option["value"] for option in component["values"]} <= set(VARIABLES[name].values), name
            assert len(component["values"]) == len(VARIABLES[name].values), name


@pytest.mark.parametrize("path", diagrams.FORMS, ids=lambda path: path.stem)
def test_the_type_of_a_field_is_that_of_its_variable(path: Path) -> None:
    kinds = {"checkbox": {"Boolean"}, "number": {"Integer", "Double"}, "dynamiclist": {"Json"}}
    for name, component in diagrams.form_fields(path).items():
        if component.get("subtype") == "datetime":
            # form-js shows a date, and submits text
            assert VARIABLES[name].type == ("Date" if component.get("disabled") else "String"), name
            continue
        assert VARIABLES[name].type in kinds.get(component["type"], {"String"}), name


def test_every_topic_has_a_handler_and_every_handler_a_topic() -> None:
    assert {handler.topic for handler in HANDLERS} == diagrams.topics()


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda handler: handler.topic)
def test_a_topic_leads_to_file_and_function(handler: Handler) -> None:
    lane, name = handler.topic.split(".")
    assert getattr(LANES[lane], name) is handler.function


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda handler: handler.topic)
def test_a_handler_asks_for_variables_and_known_resources_only(handler: Handler) -> None:
    assert set(handler.resources) <= RESOURCES


def test_every_error_code_is_raised_by_code_and_caught_by_a_diagram() -> None:
    codes = {error.code for error in errors.ProtocolDeviation.__subclasses__()}
    assert codes == diagrams.error_codes()


def test_every_form_is_referred_to_and_every_reference_is_a_form() -> None:
    assert {path.stem for path in diagrams.FORMS} == diagrams.form_references()


def test_every_user_task_is_named_after_its_form() -> None:
    """Forms are found by the name of their file."""
    for path in diagrams.FORMS:
        assert f'"id": "{path.stem}"' in path.read_text()


def _keys_returned(handler: Handler) -> set[str]:
    """Names of the variables that a handler writes back."""
    tree = ast.parse(Path(handler.function.__code__.co_filename).read_text())
    function = next(
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == handler.function.__name__
    )
    returned = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
    return {key.value for value in returned if isinstance(value, ast.Dict) for key in value.keys}


def _words_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_the_accounts_of_parts_are_the_same_everywhere() -> None:
    """One that the engine's configuration doesn't list could call anything, and be locked out by whoever guesses."""
    listed = yaml.safe_load((ROOT / "engine/src/main/resources/application.yaml").read_text())["coronacare"]
    assert set(load_people(Path("config/people.yaml")).services) == set(listed["service-accounts"]) == PARTS
