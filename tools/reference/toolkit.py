"""camunda7/REFERENCE.md: the public names of the toolkit, from signatures and docstrings.

The page has the modules in MODULES, with the names in their `__all__`.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

MODULES = (
    "camunda7.worker",
    "camunda7.engine",
    "camunda7.variables",
    "camunda7.forms",
    "camunda7.expressions.feel",
    "camunda7.expressions.juel",
    "camunda7.expressions.unary_tests",
    "camunda7.diagrams",
    "camunda7.lint",
    "camunda7.release.deploy",
    "camunda7.release.watch",
    "camunda7.release.changes",
    "camunda7.release.hints",
    "camunda7.release.migration",
    "camunda7.release.rehearsal",
)
INTRODUCTION = """# Reference

The public names of the toolkit: signature, purpose, arguments, errors. Written by `make reference` from the docstrings,
so change them, not this page; a test compares the two. How to start: [README.md](README.md).
"""
MAX_LINE = 90
PROPERTIES = ("property", "cached_property")
SECTIONS = re.compile(r"\n*^(Args|Attributes|Raises):\n", re.MULTILINE)
Documented = ast.FunctionDef | ast.ClassDef


def render_page() -> str:
    """Return the whole page."""
    parts = [line for module in MODULES for line in _part(module)]
    headings = [line for line in parts if line.startswith("#")]
    for heading, count in Counter(heading.lstrip("# ").strip().lower() for heading in headings).items():
        if count > 1:
            raise ValueError(f"{heading} is on the page {count} times, so that links to it are ambiguous")
    contents = [f"- [{name}](#{_anchor(name)}): {_first_sentence(_module_docstring(name))}" for name in MODULES]
    return "\n".join([INTRODUCTION, *contents, "", *parts]).rstrip() + "\n"


def _part(name: str) -> Iterator[str]:
    """Yield the lines on a module."""
    module = importlib.import_module(name)
    members = {public: getattr(module, public) for public in sorted(module.__all__, key=str.lower)}
    # modules are documented by a part of their own
    entries = {public: _parsed(member) for public, member in members.items() if not inspect.ismodule(member)}
    yield f"## {name}\n"
    yield f"{_first_sentence(_module_docstring(name))}.\n"
    yield "| name | purpose |\n| --- | --- |"
    for public, node in entries.items():
        yield f"| [`{public}`](#{_anchor(public)}) | {_first_sentence(_docstring(public, node))} |"
    yield ""
    for public, node in entries.items():
        yield from _entry(public, node)


def _parsed(member: Callable[..., Any]) -> Documented:
    node = ast.parse(textwrap.dedent(inspect.getsource(member))).body[0]
    assert isinstance(node, Documented)
    return node


def _entry(name: str, node: Documented) -> Iterator[str]:
    yield f"### {name}\n"
    yield f"```python\n{_signature(node)}\n```\n"
    yield from _described(name, node)
    members = node.body if isinstance(node, ast.ClassDef) else []
    for member in members:
        if isinstance(member, ast.FunctionDef) and not member.name.startswith("_"):
            yield f"#### {name}.{member.name}\n"
            yield f"```python\n{_signature(member)}\n```\n"
            yield from _described(f"{name}.{member.name}", member)


def _docstring(name: str, node: Documented) -> str:
    text = ast.get_docstring(node)
    if not text:
        raise ValueError(f"{name} has no docstring")
    return text


def _module_docstring(name: str) -> str:
    text = inspect.getdoc(importlib.import_module(name))
    if not text:
        raise ValueError(f"{name} has no docstring")
    return text


def _first_sentence(docstring: str) -> str:
    """Return the first sentence of a docstring, without the full stop."""
    paragraph = " ".join(docstring.partition("\n\n")[0].split())
    return paragraph.partition(". ")[0].removesuffix(".")


def _anchor(heading: str) -> str:
    """Return the anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w-]", "", heading.lower())


def _described(name: str, node: Documented) -> Iterator[str]:
    """Yield the docstring in Markdown."""
    description, *sections = SECTIONS.split(_docstring(name, node))
    yield f"{description}\n"
    for title, body in zip(sections[::2], sections[1::2], strict=True):
        yield f"{title}:\n"
        for item in re.split(r"\n(?=\S)", textwrap.dedent(body).strip()):
            term, _, meaning = re.sub(r"\s+", " ", item).partition(": ")
            yield f"- `{term}`: {meaning}"
        yield ""


def _signature(node: Documented) -> str:
    """Return the call of a function or constructor; for a class without a constructor, the class and its bases."""
    if isinstance(node, ast.FunctionDef):
        is_property = any(isinstance(each, ast.Name) and each.id in PROPERTIES for each in node.decorator_list)
        returned = f" -> {ast.unparse(node.returns)}" if node.returns else ""
        return f"{node.name}{'' if is_property else _arguments(node)}{returned}"
    constructors = [each for each in node.body if isinstance(each, ast.FunctionDef) and each.name == "__init__"]
    if constructors:
        return f"{node.name}{_arguments(constructors[0])}"
    if any("dataclass" in ast.unparse(each) for each in node.decorator_list):
        fields = [ast.unparse(each) for each in node.body if isinstance(each, ast.AnnAssign)]
        return f"{node.name}{_enclosed(fields)}"
    return f"class {node.name}({', '.join(ast.unparse(each) for each in node.bases)})"


def _arguments(function: ast.FunctionDef) -> str:
    """Return the arguments of a function or method, without `self` or `cls`."""
    parameters = function.args
    assert not parameters.posonlyargs, "positional-only arguments aren't supported"
    defaults = [*[None] * (len(parameters.args) - len(parameters.defaults)), *parameters.defaults]
    named = zip(parameters.args, defaults, strict=True)
    arguments = [_argument(*each) for each in named if each[0].arg not in ("self", "cls")]
    if parameters.vararg:
        arguments.append(f"*{ast.unparse(parameters.vararg)}")
    elif parameters.kwonlyargs:
        arguments.append("*")
    arguments += map(_argument, parameters.kwonlyargs, parameters.kw_defaults)
    if parameters.kwarg:
        arguments.append(f"**{ast.unparse(parameters.kwarg)}")
    return _enclosed(arguments)


def _argument(argument: ast.arg, default: ast.expr | None) -> str:
    return ast.unparse(argument) + (f" = {ast.unparse(default)}" if default else "")


def _enclosed(arguments: list[str]) -> str:
    """Return the arguments in parentheses, one per line if they don't fit on one."""
    line = ", ".join(arguments)
    return f"({line})" if len(line) < MAX_LINE else "(\n" + "".join(f"    {each},\n" for each in arguments) + ")"
