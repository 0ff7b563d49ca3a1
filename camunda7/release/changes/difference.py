"""Differences between two sets of diagrams, decisions and forms, as texts: of steps, flows, rows and fields."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any
from xml.etree import ElementTree

from camunda7.lint import forms
from camunda7.lint.diagram import BPMN, NODES, Element
from camunda7.lint.files import FileError, read_decisions, read_diagram, read_form
from camunda7.lint.tables import DMN

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
# children of an element that are compared as elements of their own, or don't affect a case
NOT_COMPARED = {BPMN + tag for tag in ("incoming", "outgoing", *NODES, "sequenceFlow", "laneSet", "textAnnotation")}
# by id
Items = Mapping[str, "Item"]


@dataclass(frozen=True)
class Item:
    """An item to compare: a step, sequence flow, row of a decision, field of a form.

    Attributes:
        label: its name for people.
        properties: compared texts, by name.
    """

    kind: str
    label: str
    properties: Mapping[str, str]


@dataclass(frozen=True)
class Change:
    """One difference.

    Attributes:
        file: name of the file.
        how: ADDED, REMOVED or CHANGED.
        kind, label, id: of the item: step, sequence flow, row or field.
        details: of a changed item: "name: before → after".
    """

    file: str
    how: str
    kind: str
    label: str
    id: str
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        details = f": {'; '.join(self.details)}" if self.details else ""
        named = " ".join(dict.fromkeys(filter(None, (self.kind, self.label or self.id))))
        ids = f" ({self.id})" if self.id != self.label else ""
        return f"{named}{ids} {self.how}{details}"


def differences(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> list[Change]:
    """Return the changes from one set of files to another.

    Args:
        before, after: contents of the files, by file name.
    """
    found: list[Change] = []
    for file in sorted({*before, *after}):
        if file not in after:
            found.append(Change(file, REMOVED, "the file", file, file))
        elif file not in before:
            found.append(Change(file, ADDED, "the file", file, file))
        elif before[file] != after[file]:
            found += _diff_file(file, before[file], after[file])
    return found


def _diff_file(file: str, before: bytes, after: bytes) -> Iterator[Change]:
    read = READERS.get(PurePath(file).suffix, _unknown)
    try:
        changes = list(_diff_items(file, read(file, before), read(file, after)))
    except FileError as error:
        yield Change(file, CHANGED, "the file", file, file, (f"one of both can't be read: {error}",))
        return
    yield from changes or [Change(file, CHANGED, "the file", file, file, ("only how it is drawn or written",))]


def _diff_items(file: str, old: Items, new: Items) -> Iterator[Change]:
    for key in old.keys() - new.keys():
        yield Change(file, REMOVED, old[key].kind, old[key].label, key)
    for key, thing in new.items():
        if key not in old:
            yield Change(file, ADDED, thing.kind, thing.label, key)
        elif details := tuple(_diff_properties(old[key].properties, thing.properties)):
            yield Change(file, CHANGED, thing.kind, thing.label, key, details)


def _diff_properties(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for name in sorted({*old, *new}):
        before, after = old.get(name, ""), new.get(name, "")
        if before != after:
            yield f"{name}: {before or 'nothing'} → {after or 'nothing'}"


def _diagram(file: str, content: bytes) -> Items:
    diagram = read_diagram(file, content)
    return {each.id: Item(_kind(each), diagram.describe(each), _element(each)) for each in diagram.elements.values()}


def _kind(element: Element) -> str:
    if element.kind == "sequenceFlow":
        # one without a name is labelled “the sequence flow from … to …”
        return "sequence flow" if element.name else ""
    return "event" if element.kind.endswith("Event") else "gateway" if element.kind.endswith("Gateway") else "step"


def _element(element: Element) -> dict[str, str]:
    """Return the properties of an element and its children."""
    found = {_local(name): value for name, value in element.node.attrib.items()} | {"is a": element.kind}
    for child in element.node:
        if child.tag not in NOT_COMPARED:
            found.update(_describe_node(child, _local(child.tag)))
    return found | {"lies in": element.scope}


def _describe_node(node: ElementTree.Element, path: str) -> Iterator[tuple[str, str]]:
    """Yield the texts of a node and its descendants by path; siblings of the same name are numbered."""
    attributes = ", ".join(
        f"{_local(name)} {value}" for name, value in sorted(node.attrib.items()) if _is_relevant(name)
    )
    text = " ".join((node.text or "").split())
    yield path, " ".join(filter(None, (attributes, text))) or "there"
    seen: dict[str, int] = {}
    for child in node:
        name = _local(child.tag)
        seen[name] = seen.get(name, 0) + 1
        yield from _describe_node(child, f"{path} {name}" + (f" {seen[name]}" if seen[name] > 1 else ""))


def _is_relevant(name: str) -> bool:
    """Whether an attribute affects a case: not the id, nor xsi:type."""
    return name != "id" and not name.startswith("{http://www.w3.org/2001/XMLSchema-instance}")


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _decisions(file: str, content: bytes) -> Items:
    root = read_decisions(content)
    found = {}
    for decision in root.iter(DMN + "decision"):
        name = decision.get("name") or decision.get("id") or ""
        table = decision.find(DMN + "decisionTable")
        columns = [each for tag in ("input", "output") for each in decision.iter(DMN + tag)]
        required = ", ".join(sorted(each.get("href", "") for each in decision.iter(DMN + "requiredDecision")))
        own = {"hit policy": table.get("hitPolicy", "") if table is not None else "", "requires": required}
        own |= {f"column {_column(each)}": _texts(each) or each.get("name", "") for each in columns}
        found[decision.get("id", "")] = Item("decision", name, own)
        for number, row in enumerate(decision.iter(DMN + "rule"), 1):
            cells = [_texts(entry) for tag in ("inputEntry", "outputEntry") for entry in row.findall(DMN + tag)]
            texts = dict(zip(map(_column, columns), cells, strict=False))
            found[row.get("id", "")] = Item("row", f"{number} of {name}", texts)
    return found


def _column(column: ElementTree.Element) -> str:
    return column.get("label") or column.get("name") or _texts(column)


def _texts(node: ElementTree.Element) -> str:
    return " ".join(" ".join((each.text or "").split()) for each in node.iter(DMN + "text"))


def _form(file: str, content: bytes) -> Items:
    form = read_form(content)
    about = {"id": str(form.get("id")), "schemaVersion": str(form.get("schemaVersion"))}
    return {file: Item("form", file, about)} | {
        str(each.get("id")): Item("field", forms.get_label(each), _field(each))
        for each in forms.walk(form.get("components"))
    }


def _field(component: forms.Component) -> dict[str, str]:
    return {key: _plain(value) for key, value in component.items() if key not in ("components", "id", "layout")}


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _unknown(file: str, content: bytes) -> Items:
    raise FileError("it isn't a diagram, decision or form")


READERS: Mapping[str, Callable[[str, bytes], Items]] = {".bpmn": _diagram, ".dmn": _decisions, ".form": _form}
