"""Parses a form's schema into components; refuses what isn't supported, with a message that names it.

Supports all components of form-js 1.8.7 with all their properties, the subset of FEEL in expressions/feel.py, and the
templates in template.py.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import regress

from camunda7.expressions.feel import Expression, UnsupportedExpression
from camunda7.forms.patterns import Pattern
from camunda7.forms.properties import CHOICES, COMPONENTS, PROPERTIES, describe, find_unsupported
from camunda7.forms.template import NO_TEXT, Template
from camunda7.inputs.days import TODAY, DayLimit, parse_limits

NEWEST_SCHEMA = 16
MULTIPLE_CHOICE = ("checklist", "taglist")
INPUTS = ("textfield", "textarea", "number", "datetime", "checkbox", *CHOICES)
KEYED = (*INPUTS, "expression")
TELEPHONE = "telephone"
# properties that may be templates, besides label, description and content
TEMPLATES = ("timeLabel", "alt")
ADORNERS = ("prefixAdorner", "suffixAdorner")
# names of the pages' own controls
RESERVED = ("shown", "add", "remove")
MAX_DEPTH = 20
# beyond Number.MAX_SAFE_INTEGER JavaScript rounds whole numbers
MAX_NUMBER = 2**53
ROW = "[]"
CORRECT_PROPERTY = "Correct its name or value, or delete it, as form-js 1.8.7 reads no other (docs/reference/forms.md)"
FEEL_RULES = ("min", "max", "minLength", "maxLength")


class UnsupportedForm(Exception):
    """A form isn't supported; the message names the form, the component and the reason.

    Attributes:
        todo: the remedy; empty if it is to use something else.
    """

    def __init__(self, wrong: str, todo: str = ""):
        super().__init__(wrong)
        self.todo = todo


@dataclass(frozen=True)
class Component:
    """A component of a form.

    Attributes:
        path: path of its value in the form's data; of a group or list, path of its components' values.
        rules: its validation rules, by name; min, max, minLength and maxLength may be an Expression.
        hide: condition under which it is neither shown, nor validated, nor submitted.
        options: options of a choice, or the variable or expression that has them.
        content: what a view shows.
        templates: other texts that may be templates, by property.
        columns: expression for a table's columns, which replaces those of the schema.
        page: title of the page that it begins; empty if it is on the page of the previous component.
        subject: its name in validation errors; if empty, its label.
        missing: the validation error of a required answer that is missing; if empty, a general one.
        not_before, not_after: limits of its date.
        stop_after: last of its days for which the form goes on; empty if it goes on for all.
        more: its properties in the schema.
    """

    type: str
    id: str
    path: tuple[str, ...] = ()
    label: Template = NO_TEXT
    description: Template = NO_TEXT
    rules: dict[str, Any] = field(default_factory=dict)
    hide: Expression | None = None
    disabled: bool = False
    readonly: bool | Expression = False
    options: tuple[Any, ...] | str | Expression = ()
    expression: Expression | None = None
    content: Template | Expression | None = None
    templates: Mapping[str, Template] = field(default_factory=dict)
    columns: Expression | None = None
    page: str = ""
    subject: str = ""
    missing: str = ""
    not_before: tuple[DayLimit, ...] = ()
    not_after: tuple[DayLimit, ...] = ()
    stop_after: tuple[DayLimit, ...] = ()
    children: tuple[Component, ...] = ()
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def is_recent_day(self) -> bool:
        """Whether it is a date of the last days: its limits count days back from today, and end today."""
        is_date = self.type == "datetime" and self.more.get("subtype", "date") == "date"
        counted = [limit for limit in self.not_before if limit.base == TODAY]
        is_bounded = any(limit.days < 0 and not limit.years for limit in counted)
        return is_date and is_bounded and any(limit.is_today for limit in self.not_after)

    @property
    def required(self) -> bool:
        return bool(self.rules.get("required"))

    @property
    def repeats(self) -> bool:
        return self.type == "dynamiclist" and self.more.get("isRepeating", True)

    @property
    def name(self) -> str:
        """Its name within its row or page."""
        return ".".join(self.path)

    @property
    def none_name(self) -> str:
        """Name of a group's box "None of these"; no key has a hyphen."""
        return f"{self.id}-none"

    @property
    def has_none_of_these(self) -> bool:
        """Whether the pages add a box "None of these" to the boxes of this group, and require one of them."""
        return self.type == "group" and "boxes" in self.properties

    @property
    def is_telephone(self) -> bool:
        return self.properties.get("format") == TELEPHONE

    @property
    def properties(self) -> dict[str, str]:
        """Its custom properties, which form-js ignores."""
        return self.more.get("properties") or {}

    @property
    def reads(self) -> frozenset[str]:
        """Names of the variables that its expressions, texts and options read."""
        parts = [self.hide, self.readonly, self.options, self.expression, self.content, self.label, self.description]
        parts += [self.columns, *self.templates.values(), *self.rules.values()]
        names = [part.names for part in parts if isinstance(part, Expression | Template)]
        limits = {limit.answer for limit in (*self.not_before, *self.not_after, *self.stop_after) if limit.answer}
        return frozenset({self.options} if isinstance(self.options, str) else set()).union(limits, *names)

    @property
    def texts(self) -> Iterator[str]:
        """Its own texts: labels, hints and contents."""
        yield from filter(None, (self.page, self.subject, self.missing, self.label.text, self.description.text))
        if self.type in ("text", "html") and isinstance(self.content, Template):
            yield self.content.text
        labelled = [*(self.options if isinstance(self.options, tuple) else ()), *self.more.get("columns", [])]
        labels = [item.get("label") for item in labelled if isinstance(item, dict)]
        yield from (label for label in labels if isinstance(label, str) and label)
        yield from (template.text for template in self.templates.values() if template.text)

    def is_hidden(self, values: dict[str, Any]) -> bool:
        return self.hide is not None and self.hide.test(values) is True

    def is_readonly(self, values: dict[str, Any]) -> bool:
        return self.readonly.test(values) is True if isinstance(self.readonly, Expression) else self.readonly

    def walk(self) -> Iterator[Component]:
        """Yield the component and its descendants."""
        yield self
        for child in self.children:
            yield from child.walk()


def parse_components(form: str, items: list[dict[str, Any]]) -> tuple[Component, ...]:
    """Parse the components of the named form.

    Raises:
        UnsupportedForm: one of them isn't supported.
    """
    _refuse_unsafe_values(form, items)
    components = tuple(_parse_component(form, item) for item in add_missing_ids(items))
    everything = [each for component in components for each in component.walk()]
    _refuse_duplicate_ids(form, [each.id for each in everything])
    _refuse_overlapping_paths(form, list(_value_paths(components, ())))
    _refuse_dependent_expressions(form, everything)
    return components


def _refuse_unsafe_values(form: str, value: Any, depth: int = 0) -> None:
    """Refuse numbers that JavaScript rounds, and nesting deeper than MAX_DEPTH."""
    if isinstance(value, int | float) and not abs(value) <= MAX_NUMBER:
        raise UnsupportedForm(f"{form}: the number {describe(value)[len('the number ') :]} is too large")
    if depth > MAX_DEPTH:
        raise UnsupportedForm(f"{form}: it is nested more than {MAX_DEPTH} deep")
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _refuse_unsafe_values(form, each, depth + 1)


def add_missing_ids(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the components with an id for those without, as form-js does; the ids are the same each time.

    Earlier versions of Camunda Modeler wrote no ids.
    """
    ids = set(_existing_ids(items))
    return _add_missing_ids(items, (name for number in itertools.count(1) if (name := f"Field_{number}") not in ids))


def _add_missing_ids(items: list[dict[str, Any]], names: Iterator[str]) -> list[dict[str, Any]]:
    found = []
    for item in items:
        item = item if item.get("id") not in (None, "") else {**item, "id": next(names)}
        children = item.get("components")
        if isinstance(children, list) and COMPONENTS.accepts(children):
            item = {**item, "components": _add_missing_ids(children, names)}
        found.append(item)
    return found


def _existing_ids(items: list[dict[str, Any]]) -> Iterator[str]:
    for item in items:
        if isinstance(item.get("id"), str):
            yield item["id"]
        if COMPONENTS.accepts(item.get("components")):
            yield from _existing_ids(item["components"])


def _parse_component(form: str, item: dict[str, Any]) -> Component:
    kind = item.get("type", "")
    where = f"{form}: component {item['id']} ({kind})"
    _refuse_unknown(where, item)
    custom = item.get("properties") or {}
    try:
        component = Component(
            type=kind,
            id=item["id"],
            path=_parse_path(where, item),
            label=Template(_get_label(item)),
            description=Template(item.get("description") or ""),
            rules=_parse_rules(item),
            hide=_parse_expression((item.get("conditional") or {}).get("hide")),
            disabled=bool(item.get("disabled")),
            readonly=_parse_expression(item.get("readonly")) or bool(item.get("readonly")),
            options=_parse_options(item),
            expression=_parse_expression(item.get("expression")),
            content=_parse_content(item),
            templates=_parse_templates(item),
            columns=_parse_expression(item.get("columnsExpression")),
            page=custom.get("page") or "",
            subject=custom.get("subject") or "",
            missing=custom.get("missing") or "",
            not_before=parse_limits(custom.get("notBefore") or ""),
            not_after=parse_limits(custom.get("notAfter") or ""),
            stop_after=parse_limits(custom.get("stopAfter") or ""),
            children=tuple(_parse_component(form, child) for child in item.get("components", [])),
            more=item,
        )
    except (UnsupportedExpression, regress.RegressError, ValueError) as error:
        raise UnsupportedForm(f"{where}: {error}") from None
    return component


def _refuse_unknown(where: str, item: dict[str, Any]) -> None:
    kind = item.get("type", "")
    if not isinstance(kind, str) or kind not in PROPERTIES:
        raise UnsupportedForm(f"{where} is not supported")
    for wrong in find_unsupported(item):
        raise UnsupportedForm(f"{where}: {wrong}", CORRECT_PROPERTY)


def _refuse_duplicate_ids(form: str, ids: list[str]) -> None:
    duplicates = sorted(each for each, count in Counter(ids).items() if count > 1)
    if duplicates:
        raise UnsupportedForm(f"{form}: component {', '.join(duplicates)}: more than one has this id")


def _refuse_overlapping_paths(form: str, paths: list[tuple[tuple[str, ...], str]]) -> None:
    """Refuse two components with the same path, or with a path within the other's value."""
    owners: dict[tuple[str, ...], str] = {}
    for path, owner in paths:
        _refuse_used_path(form, owners.get(path), path, owner)
        owners[path] = owner
    for path, owner in paths:
        for end in range(1, len(path)):
            if path[end] != ROW:
                _refuse_used_path(form, owners.get(path[:end]), path, owner)


def _refuse_used_path(form: str, owner: str | None, path: tuple[str, ...], component: str) -> None:
    if owner is not None:
        raise UnsupportedForm(f"{form}: component {component}: {'.'.join(path)} is already used by {owner}")


def _value_paths(components: tuple[Component, ...], prefix: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the paths of values, with the components' ids; those in a list are in its rows."""
    for component in components:
        path = prefix + component.path
        if component.type in KEYED or component.repeats:
            yield path, component.id
        yield from _value_paths(component.children, (*path, ROW) if component.repeats else path)


def _refuse_dependent_expressions(form: str, components: list[Component]) -> None:
    """Refuse expressions that depend on others: form-js computes each once, so that its value may be outdated."""
    computed = {each.path[0] for each in components if each.type == "expression"}
    for each in components:
        if each.expression and each.expression.names & computed:
            raise UnsupportedForm(f"{form}: component {each.id} (expression) depends on another expression")


def _parse_path(where: str, item: dict[str, Any]) -> tuple[str, ...]:
    text = item.get("key") if item["type"] in KEYED else item.get("path")
    if not text and (item["type"] in KEYED or item["type"] == "dynamiclist"):
        missing = "key" if item["type"] in KEYED else "path"
        raise UnsupportedForm(f"{where} has no {missing}", f"Give it a {missing}: the name of its variable")
    steps = tuple(text.split(".")) if text else ()
    if len(steps) > MAX_DEPTH:
        raise UnsupportedForm(f"{where}: its name has more than {MAX_DEPTH} parts")
    if text in RESERVED:
        raise UnsupportedForm(f"{where}: {text} can't be a name: the pages have a control of this name")
    if any(not step or step.isdigit() or "-" in step for step in steps):
        raise UnsupportedForm(f"{where}: {text} can't be a name: it has an empty part, a number or a hyphen")
    return steps


def _get_label(item: dict[str, Any]) -> str:
    if item["type"] == "datetime":
        return item.get("dateLabel") or item.get("timeLabel") or item.get("label") or "Date"
    return item.get("label") or ""


def _parse_rules(item: dict[str, Any]) -> dict[str, Any]:
    rules = dict(item.get("validate", {}))
    for name in FEEL_RULES:
        if isinstance(rules.get(name), str) and rules[name].startswith("="):
            rules[name] = Expression(rules[name])
    if rules.get("pattern"):
        rules["pattern"] = Pattern(rules["pattern"])
    return rules


def _parse_options(item: dict[str, Any]) -> tuple[Any, ...] | str | Expression:
    """Return the source of a choice's options: a tuple of them, a key of the form's data, or an expression."""
    if item["type"] not in CHOICES:
        return ()
    if "valuesKey" in item:
        key: str = item["valuesKey"]
        return key
    if "values" in item:
        return tuple(item["values"])
    return Expression(item.get("valuesExpression") or "=null")


def _parse_content(item: dict[str, Any]) -> Template | Expression | None:
    """Return the content of a view."""
    if item["type"] == "table":
        return _parse_expression(item.get("dataSource"))
    name = {"text": "text", "html": "content", "image": "source", "iframe": "url"}.get(item["type"])
    return Template(item.get(name) or "") if name else None


def _parse_templates(item: dict[str, Any]) -> dict[str, Template]:
    """Return the other texts of a component that may be templates, by property."""
    texts = {name: item.get(name) for name in TEMPLATES}
    texts |= {name: item.get("appearance", {}).get(name) for name in ADORNERS}
    return {name: Template(text) for name, text in texts.items() if text}


def _parse_expression(text: Any) -> Expression | None:
    return Expression(text) if isinstance(text, str) and text.startswith("=") else None
