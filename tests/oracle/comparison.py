"""Compares the outcomes of the same answers in form-js and in our forms."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any

from werkzeug.datastructures import MultiDict

from camunda7.forms import Answers, Form
from camunda7.forms.answers import Node
from camunda7.inputs.place import Place
from tests.oracle.form_js import FormJs
from tests.oracle.generated import AnswerSet, answer_sets

# the rule of each error message of form-js, by its beginning
RULES = {
    "Field is required": "required",
    "Field must match pattern": "pattern",
    "Field must have minimum value": "min",
    "Field must have maximum value": "max",
    "Field must have minimum length": "minLength",
    "Field must have maximum length": "maxLength",
    "Field must be a valid  international phone": "phone",
    "Field must be a valid email": "email",
    "Value is expected to": "decimalDigits",
    "Please select a valid value": "increment",
}


OUR_RULES = ("notBefore", "notAfter", "format", "boxes")


@dataclass(frozen=True)
class Outcome:
    """The outcome of a set of answers.

    Attributes:
        visible: the visible instances: a component's id with the indexes of its rows.
        errors: violated rules, by instance.
        submitted: the submitted values.
    """

    visible: frozenset[str]
    errors: dict[str, list[str]]
    submitted: dict[str, Any]


@dataclass
class Comparison:
    """The disagreements, and how often each rule was violated or met and each conditional field shown or hidden."""

    disagreements: list[tuple[AnswerSet, Outcome, Outcome]] = field(default_factory=list)
    violated: Counter[tuple[str, str]] = field(default_factory=Counter)
    met: Counter[tuple[str, str]] = field(default_factory=Counter)
    shown: Counter[str] = field(default_factory=Counter)
    hidden: Counter[str] = field(default_factory=Counter)

    def rare(self, least: int = 1) -> dict[Any, tuple[int, int]]:
        """Rules that were violated or met, and fields that were shown or hidden, fewer than `least` times."""
        pairs = (self.violated, self.met), (self.shown, self.hidden)
        counts = {key: (one[key], other[key]) for one, other in pairs for key in {*one, *other}}
        return {key: count for key, count in counts.items() if min(count) < least}


def compare(
    form_js: FormJs,
    schema: dict[str, Any],
    count: int,
    seed: str = "1",
    zone: tzinfo = UTC,
    at_least: int | None = None,
) -> Comparison:
    """Answer the form with generated answers in form-js and in our implementation.

    Args:
        count: maximum number of sets of answers.
        at_least: minimum number of sets, after which it stops as soon as all rules and conditions are covered.
    """
    form = Form.parse(_without_our_rules({key: value for key, value in schema.items() if key != "oracle"}))
    found = Comparison()
    for number, answers in enumerate(answer_sets(form, schema, count, seed)):
        if at_least is not None and number >= at_least and not found.rare():
            break
        one, read = ours(form, answers, zone)
        other = theirs(form_js, form, schema, answers)
        if one != other:
            found.disagreements.append((answers, other, one))
        _count(found, form, read)
    return found


def ours(form: Form, answers: AnswerSet, zone: tzinfo = UTC) -> tuple[Outcome, Answers]:
    posted = form.initial_post(answers.data, Place(zone))
    posted.update(MultiDict(answers.posted))
    for name, value in answers.posted.items():
        posted.setlist(name, value if isinstance(value, list) else [value])
    read = form.read(posted, answers.data, Place(zone))
    errors = {_instance(node): [problem.rule for problem in node.problems] for node in read.walk() if node.problems}
    return Outcome(frozenset(map(_instance, read.walk())), errors, as_json(read.values)), read


def theirs(form_js: FormJs, form: Form, schema: dict[str, Any], answers: AnswerSet) -> Outcome:
    found = form_js.answer(schema, answers.typed, answers.data, answers.rows)
    visible = frozenset(found["visible"]) - {schema["id"]}
    return Outcome(visible, dict(_rules(found["errors"])), as_json(found["submitted"]))


def _without_our_rules(schema: Any) -> Any:
    """A schema without our rules in custom properties, which form-js ignores: limits of dates, "None of these"."""
    if isinstance(schema, list):
        return [_without_our_rules(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _without_our_rules(value) for key, value in schema.items() if key not in OUR_RULES}


def as_json(value: Any) -> Any:
    """Convert integers to floats, because JavaScript has one type of numbers."""
    if isinstance(value, dict):
        return {key: as_json(each) for key, each in value.items()}
    if isinstance(value, list):
        return [as_json(each) for each in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _instance(node: Node) -> str:
    return "_".join([node.component.id, *map(str, node.indexes)])


def _rules(errors: Any, instance: str = "") -> Any:
    """Yield instances with their violated rules from form-js's errors, which are nested by id and row index."""
    steps = errors.items() if isinstance(errors, dict) else enumerate(errors)
    for step, found in steps:
        here = f"{instance}_{step}" if instance else step
        if isinstance(found, list) and found and all(isinstance(message, str) for message in found):
            yield here, [_rule(message) for message in found]
        elif found:
            yield from _rules(found, here)


def _rule(message: str) -> str:
    return next(rule for start, rule in RULES.items() if re.match(re.escape(start), message))


def _count(found: Comparison, form: Form, read: Answers) -> None:
    nodes = list(read.walk())
    for node in nodes:
        violated = {problem.rule for problem in node.problems}
        component = node.component
        rules = {name for name, rule in component.rules.items() if rule not in (None, "", False)}
        rules -= {"validationType"}
        rules |= {component.rules["validationType"]} if component.rules.get("validationType") else set()
        rules |= {name for name in ("decimalDigits", "increment") if component.more.get(name) is not None}
        for rule in rules if node.is_editable else ():
            (found.violated if rule in violated else found.met)[component.id, rule] += 1
    shown = Counter(node.component.id for node in nodes)
    for component in (each for top in form.components for each in top.walk()):
        if component.hide is not None:
            (found.shown if shown[component.id] else found.hidden)[component.id] += 1
