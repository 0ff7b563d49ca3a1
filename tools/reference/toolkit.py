"""Generates camunda7/REFERENCE.md, for authors of workers, from signatures and docstrings.

The page has the names in `__all__` of each module in MODULES.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

MODULES = ("camunda7.worker",)
INTRODUCTION = """# Reference

The public names for workers: signature, purpose, arguments, errors. Written by `make reference` from the docstrings, so
change them, not this page; a test compares the two. How to start: [README.md](README.md).
"""
MAX_LINE = 90
SECTIONS = re.compile(r"\n*^(Args|Attributes|Raises):\n", re.MULTILINE)
Documented = ast.FunctionDef | ast.ClassDef


def render_page() -> str:
    """Render the page."""
    return "\n".join([INTRODUCTION, *(line for module in MODULES for line in _page(module))]).rstrip() + "\n"


def _page(name: str) -> Iterator[str]:
    module = importlib.import_module(name)
    entries = {public: _parse(getattr(module, public)) for public in sorted(module.__all__, key=str.lower)}
    yield f"## {name}\n"
    yield "| name | purpose |\n| --- | --- |"
    for public, node in entries.items():
        yield f"| [`{public}`](#{public.lower()}) | {_summary(public, node)} |"
    yield ""
    for public, node in entries.items():
        yield from _entry(public, node)


def _parse(member: Callable[..., Any]) -> Documented:
    node = ast.parse(textwrap.dedent(inspect.getsource(member))).body[0]
    assert isinstance(node, Documented)
    return node


def _entry(name: str, node: Documented) -> Iterator[str]:
    yield f"### {name}\n"
    yield f"```python\n{_signature(node)}\n```\n"
    yield from _description(name, node)
    members = node.body if isinstance(node, ast.ClassDef) else []
    for member in members:
        if isinstance(member, ast.FunctionDef) and not member.name.startswith("_"):
            yield f"#### {name}.{member.name}\n"
            yield f"```python\n{_signature(member)}\n```\n"
            yield from _description(f"{name}.{member.name}", member)


def _docstring(name: str, node: Documented) -> str:
    text = ast.get_docstring(node)
    if not text:
        raise ValueError(f"{name} has no docstring")
    return text


def _summary(name: str, node: Documented) -> str:
    """Return the first sentence of the docstring."""
    paragraph = " ".join(_docstring(name, node).partition("\n\n")[0].split())
    return paragraph.partition(". ")[0].removesuffix(".")


def _description(name: str, node: Documented) -> Iterator[str]:
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
    """Return the signature; for a class without constructor arguments, its name and bases."""
    if isinstance(node, ast.FunctionDef):
        is_property = any(isinstance(each, ast.Name) and each.id == "property" for each in node.decorator_list)
        returned = f" -> {ast.unparse(node.returns)}" if node.returns else ""
        return f"{node.name}{'' if is_property else _arguments(node)}{returned}"
    constructors = [each for each in node.body if isinstance(each, ast.FunctionDef) and each.name == "__init__"]
    if constructors:
        return f"{node.name}{_arguments(constructors[0])}"
    if any("dataclass" in ast.unparse(each) for each in node.decorator_list):
        fields = [ast.unparse(each) for each in node.body if isinstance(each, ast.AnnAssign)]
        return f"{node.name}{_in_parentheses(fields)}"
    return f"class {node.name}({', '.join(ast.unparse(each) for each in node.bases)})"


def _arguments(function: ast.FunctionDef) -> str:
    """Return the arguments of a function or method, without `self`."""
    given = function.args
    assert not given.posonlyargs, "positional-only arguments aren't supported"
    defaults = [*[None] * (len(given.args) - len(given.defaults)), *given.defaults]
    arguments = [_argument(*each) for each in zip(given.args, defaults, strict=True) if each[0].arg != "self"]
    if given.vararg:
        arguments.append(f"*{ast.unparse(given.vararg)}")
    elif given.kwonlyargs:
        arguments.append("*")
    arguments += map(_argument, given.kwonlyargs, given.kw_defaults)
    if given.kwarg:
        arguments.append(f"**{ast.unparse(given.kwarg)}")
    return _in_parentheses(arguments)


def _argument(argument: ast.arg, default: ast.expr | None) -> str:
    return ast.unparse(argument) + (f" = {ast.unparse(default)}" if default else "")


def _in_parentheses(arguments: list[str]) -> str:
    """Put arguments in parentheses, on lines of their own if one line would be too long."""
    line = ", ".join(arguments)
    return f"({line})" if len(line) < MAX_LINE else "(\n" + "".join(f"    {each},\n" for each in arguments) + ")"
