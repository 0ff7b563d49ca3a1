"""Our FEEL compared with feelin 3.1.0, with which form-js 1.8.7 evaluates conditions."""

from __future__ import annotations

import copy
import itertools
import json
import random
import subprocess
from collections import Counter
from typing import Any

import pytest

from camunda7.expressions import feel
from camunda7.lint.bpmnlint import find_node
from config.settings import ROOT
from tests.support.tier import rounds

OPERANDS: dict[str, list[Any]] = {
    "null": [None],
    "boolean": [True, False],
    "number": [-1, 0, 1, 2.5, 5, 18, 1e6],
    "string": ["", " ", "a", "b", "Z", "yes", "no", "10", "0x1f", "1e3", "-1", "\n", "é", "😀", "\uffff"],
    "list": [[], [1], ["a"], ["yes", "no"], [None], [[1]], [True], [1, 2], [{"a": 1}], [[], []]],
    "context": [{}, {"a": 1}, {"a": {"b": "x"}}, {"a": None}, {"a": [{"b": 1}, {"b": "x"}]}],
}
MISSING = "missing"
COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
LOGIC = ("and", "or")
# expressions for each operator and pair of types, nested ones, and sequences of operators
TIMES = rounds(test=8, verify=50)
NESTED = rounds(test=800, verify=3000)
SEQUENCES = rounds(test=200, verify=1000)


def evaluate_with_feelin(cases: list[tuple[str, dict[str, Any]]]) -> list[list[Any]]:
    """Evaluate each expression with its values in feelin, as a value and as a condition."""
    node = find_node()
    assert node, "Node.js is missing: `make setup` installs it"
    lines = "".join(json.dumps({"expression": text, "values": values}) + "\n" for text, values in cases)
    done = subprocess.run(
        [node, "tests/oracle/feel.cjs"], cwd=ROOT, input=lines, capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def ours(text: str, values: dict[str, Any]) -> list[Any]:
    expression = feel.Expression(text)
    return [expression.evaluate(values), expression.test(values)]


def disagreements(cases: list[tuple[str, dict[str, Any]]]) -> list[Any]:
    pairs = zip(cases, evaluate_with_feelin(cases), strict=True)
    return [(case, theirs, ours(*case)) for case, theirs in pairs if not same(ours(*case), theirs)]


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal as JSON: 1 equals 1.0, but not true."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def operand(rng: random.Random, kind: str, name: str, values: dict[str, Any]) -> str:
    """Generate an operand of this type: a literal if the type has literals, a variable, or an entry of a context."""
    if kind == MISSING:
        return name
    value = copy.deepcopy(rng.choice(OPERANDS[kind]))
    way = rng.randrange(3)
    if way == 0 and kind not in ("list", "context") and value != "\n":
        return json.dumps(value, ensure_ascii=False) if value != 1e6 else "1000000"
    if way == 1:
        values[name] = {"inner": value}
        return f"{name}.inner"
    values[name] = value
    return name


def pairs(operators: tuple[str, ...], write: str) -> list[tuple[str, dict[str, Any]]]:
    rng = random.Random(7)
    kinds = [*OPERANDS, MISSING]
    cases = []
    for operator, one, other, _ in itertools.product(operators, kinds, kinds, range(TIMES)):
        values: dict[str, Any] = {}
        left, right = operand(rng, one, "x", values), operand(rng, other, "y", values)
        cases.append((write.format(left=left, operator=operator, right=right), values))
    return cases


@pytest.mark.parametrize(
    ("operators", "write"),
    [
        (COMPARISONS, "{left} {operator} {right}"),
        (LOGIC, "{left} {operator} {right}"),
        (LOGIC, "not({left}) {operator} not({right})"),
        (("list contains",), "{operator}({left}, {right})"),
        (("list contains",), "{operator}([{left}, {right}], {left})"),
        (("not",), "{operator}({left})"),
        (("not",), "({operator}({left}))"),
        (("",), "{left}"),
        (("",), "[{left}, {right}]"),
    ],
)
def test_each_operator_with_each_pair_of_types(operators: tuple[str, ...], write: str) -> None:
    cases = pairs(operators, write)
    assert len(cases) == len(operators) * 49 * TIMES
    assert disagreements(cases) == []


def test_paths_into_each_type() -> None:
    roots = list(itertools.chain.from_iterable(OPERANDS.values()))
    paths = ("x", "x.a", "x.a.b", "x.a.b.c", "x.missing", "(x.a).b")
    cases = [(path, {"x": root}) for path, root in itertools.product(paths, roots)]
    assert disagreements(cases) == []


def test_nested_expressions() -> None:
    rng = random.Random(11)

    def generate(depth: int, values: dict[str, Any]) -> str:
        if depth == 0:
            kind = rng.choice([*OPERANDS, MISSING])
            return operand(rng, kind, f"v{len(values)}_{rng.randrange(10**6)}", values)
        form = rng.choice(["({} {} {})", "not({})", "list contains([{}], {})"])
        if form.startswith("("):
            operator = rng.choice(COMPARISONS + LOGIC)
            return form.format(generate(depth - 1, values), operator, generate(depth - 1, values))
        return form.format(*(generate(depth - 1, values) for _ in range(form.count("{}"))))

    cases = []
    for number in range(NESTED):
        values: dict[str, Any] = {}
        cases.append((generate(1 + number % 4, values), values))
    assert disagreements(cases) == []
    outcomes = Counter(str(condition) for _, condition in evaluate_with_feelin(cases))
    assert min(outcomes[outcome] for outcome in ("True", "False", "None")) > NESTED / 60, "each of the three occurs"


def test_operators_have_the_same_precedence() -> None:
    rng = random.Random(13)
    truths = ("true", "false", "null", "x", "1 = 1", "1 < 0", "not(x)")
    cases = []
    for _ in range(SEQUENCES):
        words = [rng.choice(truths)]
        for _ in range(rng.randrange(1, 5)):
            words += [rng.choice(LOGIC), rng.choice(truths)]
        cases.append((" ".join(words), {"x": rng.choice([True, False, None])}))
    assert disagreements(cases) == []


def test_the_comparison_finds_a_planted_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feel.javascript, "less", feel.javascript.less_or_equal)
    assert disagreements([("x < 1", {"x": 1}), ("x < 1", {"x": 2})]) == [
        (("x < 1", {"x": 1}), [False, False], [True, True])
    ]
