"""Answers to a form, by chance and by seed: each as a person types it, for form-js and for a browser's post alike."""

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
LEFT_OUT = 0.17


@dataclass
class AnswerSet:
    """One person's answers.

    Attributes:
        data: what the form begins with.
        typed: for form-js, by instance: text, option value, list of them, day, true or false.
        rows: how many rows each list gets, by instance.
        posted: the same, as a browser posts it.
    """

    data: dict[str, Any]
    typed: dict[str, Any] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    posted: dict[str, Any] = field(default_factory=dict)


def answer_sets(form: Form, schema: dict[str, Any], count: int, seed: str) -> Iterator[AnswerSet]:
    """So many sets of answers; the same for the same seed."""
    chance = random.Random(f"{form.id} {seed}")
    known = _known(form, schema)
    opening = {component.id: _opening(component, form) for component in _everything(form)}
    for _ in range(count):
        data = {name: chance.choice(values) for name, values in known.items() if chance.random() > LEFT_OUT}
        answers = AnswerSet(data)
        _answer_all(form.components, answers, chance, "", (), opening)
        yield answers


def _everything(form: Form) -> list[Component]:
    return [each for component in form.components for each in component.walk()]


def _opening(component: Component, form: Form) -> list[Any]:
    """The answers to a choice that open most further questions, so that these come up often enough."""
    if component.type not in ("radio", "select", "checkbox") or not isinstance(component.options, tuple):
        return []
    values = [True, False] if component.type == "checkbox" else [o.value for o in options_of(component, {}, {})]
    conditions = [each.hide for each in _everything(form) if each.hide and component.name in each.hide.names]

    def shown(value: Any) -> int:
        return sum(condition.test({component.name: value}) is not True for condition in conditions)

    most = max(map(shown, values), default=0)
    return [value for value in values if shown(value) == most] if most else []


def _known(form: Form, schema: dict[str, Any]) -> dict[str, list[Any]]:
    """Values that the form begins with: what its expressions read and it doesn't ask, and some of what it asks."""
    asked = {each.path[0] for each in _everything(form) if each.path and not (each.disabled or each.readonly)}
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
    chance: random.Random,
    prefix: str,
    indexes: tuple[int, ...],
    opening: dict[str, list[Any]],
) -> None:
    for component in components:
        name, instance = prefix + component.name, "_".join([component.id, *map(str, indexes)])
        if component.repeats:
            count = chance.randint(1, MAX_ROWS)
            if component.more.get("allowAddRemove", True):
                answers.rows[instance] = count
                answers.posted[f"{name}-rows"] = str(count)
            for row in range(count):
                _answer_all(component.children, answers, chance, f"{name}-{row}-", (*indexes, row), opening)
        elif component.children:
            inner = f"{name}." if component.path else prefix
            _answer_all(component.children, answers, chance, inner, indexes, opening)
        elif component.type in INPUTS and not component.disabled and component.readonly is False:
            typed, posted = _answer(component, answers.data, chance, name, opening[component.id])
            answers.typed[instance] = typed
            answers.posted |= posted


def _answer(
    component: Component, data: dict[str, Any], chance: random.Random, name: str, opening: list[Any]
) -> tuple[Any, dict[str, Any]]:
    left_out = chance.random() < LEFT_OUT
    opens = opening if chance.random() < 0.85 else []
    if component.type in CHOICES:
        options = options_of(component, data, data)
        if component.type in MULTIPLE_CHOICE:
            chosen = [] if left_out else [option for option in options if chance.random() < 0.5]
            return [option.value for option in chosen], {name: [option.posted for option in chosen]}
        options = [option for option in options if option.value in opens] or options
        option = None if left_out or not options else chance.choice(options)
        return option.value if option else None, {name: option.posted if option else ""}
    if component.type == "checkbox":
        ticked = chance.choice(opens or [True, False])
        return ticked, {name: ["true"] if ticked else []}
    if component.type == "datetime":
        return _moment(component, chance, name, left_out)
    if left_out:
        return (None if component.type == "number" else ""), {name: ""}
    text = _number(component, chance) if component.type == "number" else _text(component, chance)
    posted = text.replace("\n", "\r\n").replace(".", chance.choice(".,")) if component.type == "number" else text
    return text, {name: posted}


def _moment(component: Component, chance: random.Random, name: str, left_out: bool) -> tuple[Any, dict[str, str]]:
    subtype = component.more.get("subtype", "date")
    if left_out:
        return None, {}
    first = date(2021, 1, 1) if not component.more.get("disallowPassedDates") else date.today() + timedelta(days=2)
    day = first + timedelta(days=chance.randrange(1500))
    clock = f"{chance.randrange(24):02}:{chance.randrange(60):02}"
    parts = {f"{name}-{part}": str(getattr(day, part)) for part in DATE_PARTS} if subtype != "time" else {}
    times = {f"{name}-time": clock} if subtype != "date" else {}
    written = {"date": f"{day}", "time": clock, "datetime": f"{day}T{clock}"}[subtype]
    return written, parts | times


def _number(component: Component, chance: random.Random) -> str:
    decimals = component.more.get("decimalDigits", 2)
    step = component.more.get("increment") or 1
    limits = [rule for name in ("min", "max") if isinstance(rule := component.rules.get(name), int | float)]
    around = chance.choice([*limits, 0, 10, 100])
    value = around + chance.choice([-1, 0, 1, 0.5, -0.5, 10**-decimals, 10 ** -(decimals + 1), step, -step, 3 * step])
    text = javascript.to_string(round(value, 8))
    return "0" if "e" in text else text


def _text(component: Component, chance: random.Random) -> str:
    kind = component.rules.get("validationType")
    pattern = component.more.get("validate", {}).get("pattern")
    limits = [rule for name in ("minLength", "maxLength") if isinstance(rule := component.rules.get(name), int)]
    ways = ["plain"]
    ways += ["email"] * 3 if kind == "email" else []
    ways += ["phone"] * 3 if kind == "phone" else []
    ways += ["pattern"] * 3 if pattern else []
    ways += ["limit"] * 7 if limits else []
    match chance.choice(ways):
        case "email":
            return chance.choice(EMAILS)
        case "phone":
            digits = "".join(chance.choice("0123456789") for _ in range(chance.choice([3, 4, 5, 6, 7, 12, 20, 22, 24])))
            return chance.choice(["", "call ", "x"]) + chance.choice(CODES) + digits + chance.choice(["", "", " x"])
        case "pattern":
            # nobody types tabs and the like into one line
            typed = "".join(each if each.isprintable() else "x" for each in rstr.Rstr(chance).xeger(pattern))
            return javascript.trim(typed) or "x"
        case "limit":
            length = max(1, chance.choice(limits) + chance.choice([-1, 0, 1, 1]))
            return "".join(chance.choice("aé-") for _ in range(length))
    text = "".join(chance.choice(ALPHABET) for _ in range(chance.randint(1, 12) if chance.random() < 0.9 else 0))
    return javascript.trim(text) or "x"
