"""Generates random answers to a form from a seed: as a person types them into form-js, and as a browser posts them."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import rstr

from camunda7.expressions import javascript
from camunda7.expressions.feel import Expression
from camunda7.forms import Form
from camunda7.forms.moments import DATE_PARTS
from camunda7.forms.options import options_of
from camunda7.forms.schema import CHOICES, INPUTS, MULTIPLE_CHOICE, Component

ALPHABET = "aB9 é😀.-+_/@'\"<&=,;"
EMAILS = ["a@b", "a@b.example", "a.b+c@d-e.example", "a@b@c", "@b", "a@", "a b@c", "a@-b", "é@b.example", "a@b..c"]
CODES = ["+49", "0049", "49", "+1", "+6", "00", "+3906698", "+5999", "+99", "+1809", "+33"]
MAX_ROWS = 4
# probability that a question isn't answered
OMITTED = 0.17


@dataclass
class AnswerSet:
    """One person's answers.

    Attributes:
        data: the form's initial data.
        typed: for form-js, by instance: a text, an option's value, a list of them, a date, true or false.
        rows: number of rows of each list, by instance.
        posted: the same answers as a browser posts them.
    """

    data: dict[str, Any]
    typed: dict[str, Any] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    posted: dict[str, Any] = field(default_factory=dict)


def answer_sets(form: Form, schema: dict[str, Any], count: int, seed: str) -> Iterator[AnswerSet]:
    """Generate `count` sets of answers, which are the same for the same seed."""
    rng = random.Random(f"{form.id} {seed}")
    known = _initial_values(form, schema)
    opening = {component.id: _opening(component, form) for component in _all_components(form)}
    for _ in range(count):
        data = {name: rng.choice(values) for name, values in known.items() if rng.random() > OMITTED}
        answers = AnswerSet(data)
        _answer_all(form.components, answers, rng, "", (), opening)
        yield answers


def _all_components(form: Form) -> list[Component]:
    return [each for component in form.components for each in component.walk()]


def _opening(component: Component, form: Form) -> list[Any]:
    """The answers to a choice that show the most further questions; they are chosen more often, to cover those."""
    if component.type not in ("radio", "select", "checkbox") or not isinstance(component.options, tuple):
        return []
    values = [True, False] if component.type == "checkbox" else [o.value for o in options_of(component, {}, {})]
    conditions = [each.hide for each in _all_components(form) if each.hide and component.name in each.hide.names]

    def count_shown(value: Any) -> int:
        return sum(condition.test({component.name: value}) is not True for condition in conditions)

    highest = max(map(count_shown, values), default=0)
    return [value for value in values if count_shown(value) == highest] if highest else []


def _initial_values(form: Form, schema: dict[str, Any]) -> dict[str, list[Any]]:
    """Possible initial values of variables that the form's expressions read but it doesn't ask, and of some it asks."""
    asked = {each.path[0] for each in _all_components(form) if each.path and not (each.disabled or each.readonly)}
    known: dict[str, list[Any]] = {}
    for text in re.findall(r'"(=[^"\\]*(?:\\.[^"\\]*)*)"', json.dumps(schema)):
        text = json.loads(f'"{text}"')
        for name in Expression(text).names - asked - {"this", "parent", "i", "_this_"}:
            literals = re.findall(r'"([^"]*)"', text)
            known.setdefault(name, [None, True, False, 3, *literals]).extend(literals)
    for name, values in schema.get("oracle", {}).items():
        known[name] = values
    return known


def _answer_all(
    components: tuple[Component, ...],
    answers: AnswerSet,
    rng: random.Random,
    prefix: str,
    indexes: tuple[int, ...],
    opening: dict[str, list[Any]],
) -> None:
    for component in components:
        name, instance = prefix + component.name, "_".join([component.id, *map(str, indexes)])
        if component.repeats:
            count = rng.randint(1, MAX_ROWS)
            if component.more.get("allowAddRemove", True):
                answers.rows[instance] = count
                answers.posted[f"{name}-rows"] = str(count)
            for row in range(count):
                _answer_all(component.children, answers, rng, f"{name}-{row}-", (*indexes, row), opening)
        elif component.children:
            inner = f"{name}." if component.path else prefix
            _answer_all(component.children, answers, rng, inner, indexes, opening)
        elif component.type in INPUTS and not component.disabled and component.readonly is False:
            typed, posted = _answer(component, answers.data, rng, name, opening[component.id])
            answers.typed[instance] = typed
            answers.posted |= posted


def _answer(
    component: Component, data: dict[str, Any], rng: random.Random, name: str, opening: list[Any]
) -> tuple[Any, dict[str, Any]]:
    omitted = rng.random() < OMITTED
    opens = opening if rng.random() < 0.7 else []
    if component.type in CHOICES:
        options = options_of(component, data, data)
        if component.type in MULTIPLE_CHOICE:
            chosen = [] if omitted else [option for option in options if rng.random() < 0.5]
            return [option.value for option in chosen], {name: [option.posted for option in chosen]}
        options = [option for option in options if option.value in opens] or options
        option = None if omitted or not options else rng.choice(options)
        return option.value if option else None, {name: option.posted if option else ""}
    if component.type == "checkbox":
        ticked = rng.choice(opens or [True, False])
        return ticked, {name: ["true"] if ticked else []}
    if component.type == "datetime":
        return _moment(component, rng, name, omitted)
    if omitted:
        return (None if component.type == "number" else ""), {name: ""}
    text = _number(component, rng) if component.type == "number" else _text(component, rng)
    posted = text.replace("\n", "\r\n").replace(".", rng.choice(".,")) if component.type == "number" else text
    return text, {name: posted}


def _moment(component: Component, rng: random.Random, name: str, omitted: bool) -> tuple[Any, dict[str, str]]:
    subtype = component.more.get("subtype", "date")
    if omitted:
        return None, {}
    first = date(2021, 1, 1) if not component.more.get("disallowPassedDates") else date.today() + timedelta(days=2)
    day = first + timedelta(days=rng.randrange(1500))
    clock = f"{rng.randrange(24):02}:{rng.randrange(60):02}"
    parts = {f"{name}-{part}": str(getattr(day, part)) for part in DATE_PARTS} if subtype != "time" else {}
    times = {f"{name}-time": clock} if subtype != "date" else {}
    written = {"date": f"{day}", "time": clock, "datetime": f"{day}T{clock}"}[subtype]
    return written, parts | times


def _number(component: Component, rng: random.Random) -> str:
    decimals = component.more.get("decimalDigits", 2)
    step = component.more.get("increment") or 1
    limits = [rule for name in ("min", "max") if isinstance(rule := component.rules.get(name), int | float)]
    around = rng.choice([*limits, 0, 10, 100])
    value = around + rng.choice([-1, 0, 1, 0.5, -0.5, 10**-decimals, 10 ** -(decimals + 1), step, -step, 3 * step])
    text = javascript.to_string(round(value, 8))
    return "0" if "e" in text else text


def _text(component: Component, rng: random.Random) -> str:
    kind = component.rules.get("validationType")
    pattern = component.more.get("validate", {}).get("pattern")
    limits = [rule for name in ("minLength", "maxLength") if isinstance(rule := component.rules.get(name), int)]
    strategies = ["plain"]
    strategies += ["email"] * 3 if kind == "email" else []
    strategies += ["phone"] * 3 if kind == "phone" else []
    strategies += ["pattern"] * 3 if pattern else []
    strategies += ["limit"] * 7 if limits else []
    match rng.choice(strategies):
        case "email":
            return rng.choice(EMAILS)
        case "phone":
            digits = "".join(rng.choice("0123456789") for _ in range(rng.choice([3, 4, 5, 6, 7, 12, 20, 22, 24])))
            return rng.choice(["", "call ", "x"]) + rng.choice(CODES) + digits + rng.choice(["", "", " x"])
        case "pattern":
            # people can't type control characters into a single-line field
            typed = "".join(each if each.isprintable() else "x" for each in rstr.Rstr(rng).xeger(pattern))
            return javascript.trim(typed) or "x"
        case "limit":
            length = max(1, rng.choice(limits) + rng.choice([-1, 0, 1, 1]))
            return "".join(rng.choice("aé-") for _ in range(length))
    text = "".join(rng.choice(ALPHABET) for _ in range(rng.randint(1, 12) if rng.random() < 0.9 else 0))
    return javascript.trim(text) or "x"
