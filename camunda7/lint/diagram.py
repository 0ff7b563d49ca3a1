"""A diagram as the check reads it: its elements, what they are called, and which way leads where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from xml.etree import ElementTree

from camunda7.diagrams import Picture, read_picture
from camunda7.lint.finding import Finding

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
CAMUNDA = "{http://camunda.org/schema/1.0/bpmn}"

EVENTS = ("startEvent", "endEvent", "intermediateThrowEvent", "intermediateCatchEvent", "boundaryEvent")
TASKS = ("userTask", "serviceTask", "receiveTask", "businessRuleTask", "sendTask", "scriptTask", "manualTask", "task")
SCOPES = ("subProcess", "transaction", "adHocSubProcess")
GATEWAYS = ("exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway", "complexGateway")
NODES = (*EVENTS, *TASKS, *SCOPES, "callActivity", *GATEWAYS)
KINDS = {
    "startEvent": "a start",
    "endEvent": "an end",
    "boundaryEvent": "an event at a step's edge",
    "intermediateThrowEvent": "an event",
    "intermediateCatchEvent": "an event that is waited for",
    "callActivity": "a step that calls another diagram",
}


@dataclass(frozen=True)
class Element:
    """A step, event, gateway, flow, or process of a diagram.

    Attributes:
        scope: the id of the process or sub-process that it lies in; empty for a process.
    """

    node: ElementTree.Element
    scope: str

    @property
    def id(self) -> str:
        return self.node.get("id", "")

    @property
    def kind(self) -> str:
        return self.node.tag.removeprefix(BPMN)

    @property
    def name(self) -> str:
        return " ".join(self.node.get("name", "").split())

    def camunda(self, attribute: str) -> str:
        """A property of the engine's own; empty when it isn't there."""
        return self.node.get(CAMUNDA + attribute, "")

    def has(self, *tags: str) -> ElementTree.Element | None:
        """The first child that is one of these."""
        return next((each for tag in tags if (each := self.node.find(BPMN + tag)) is not None), None)

    @property
    def definition(self) -> ElementTree.Element | None:
        """What kind of event it is: its …EventDefinition."""
        return next((child for child in self.node if child.tag.endswith("EventDefinition")), None)

    @property
    def link(self) -> str | None:
        """The name by which a link event leads on to another, or another leads to it; None for any other element."""
        found = self.has("linkEventDefinition")
        return None if found is None else found.get("name", "")

    @property
    def compensates(self) -> bool:
        """Whether it undoes another step; no sequence flow leads to it or on from it."""
        return self.node.get("isForCompensation") == "true"

    @property
    def topic(self) -> str:
        """Of what a worker does: an external task's, or that of an event which sends."""
        sender = self.definition if self.kind in EVENTS else self.node
        return sender.get(CAMUNDA + "topic", "") if sender is not None else ""


@dataclass(frozen=True)
class Diagram:
    """A BPMN file.

    Attributes:
        file: its name.
    """

    file: str
    root: ElementTree.Element

    @cached_property
    def elements(self) -> dict[str, Element]:
        """Processes, steps, events, gateways and sequence flows, by their ids."""
        found = {}
        for process in self.root.findall(BPMN + "process"):
            for element in _walk(process, ""):
                found[element.id] = element
        return found

    @cached_property
    def nodes(self) -> list[Element]:
        """What flows lead to and from."""
        return self.of(*NODES)

    @cached_property
    def flows(self) -> list[Element]:
        return self.of("sequenceFlow")

    @cached_property
    def processes(self) -> list[Element]:
        return self.of("process")

    def of(self, *kinds: str) -> list[Element]:
        return [each for each in self.elements.values() if each.kind in kinds]

    def out_of(self, node: Element) -> list[Element]:
        return self._outgoing.get(node.id, [])

    def into(self, node: Element) -> list[Element]:
        return self._incoming.get(node.id, [])

    @cached_property
    def _outgoing(self) -> dict[str | None, list[Element]]:
        return self._flows_by("sourceRef")

    @cached_property
    def _incoming(self) -> dict[str | None, list[Element]]:
        return self._flows_by("targetRef")

    def _flows_by(self, end: str) -> dict[str | None, list[Element]]:
        """Sequence flows by the id of the element at one of their ends."""
        found: dict[str | None, list[Element]] = {}
        for flow in self.flows:
            found.setdefault(flow.node.get(end), []).append(flow)
        return found

    def called(self, element: Element | str | None) -> str:
        """What people call an element: its name, or else what it is and where."""
        found = self.elements.get(element) if isinstance(element, str) else element
        if found is None:
            return "nothing"
        if found.kind == "sequenceFlow" and not found.name:
            return f"the way from {self._end_of(found, 'sourceRef')} to {self._end_of(found, 'targetRef')}"
        return found.name or KINDS.get(found.kind, f"a {found.kind}")

    def _end_of(self, flow: Element, end: str) -> str:
        found = self.elements.get(flow.node.get(end, ""))
        # a damaged flow may lead to a flow, and so to itself
        return "another way" if found and found.kind == "sequenceFlow" else self.called(found)

    def finding(self, element: Element, wrong: str, todo: str) -> Finding:
        """What is wrong with an element, and what to do."""
        return Finding(self.file, self.called(element), element.id, wrong, todo)

    @cached_property
    def picture(self) -> Picture:
        """What is drawn of it, and what can't be."""
        return read_picture(self.root)

    @cached_property
    def drawn(self) -> set[str]:
        """Ids of what has a shape or a line, even if that can't be drawn."""
        shapes = {part.element.id for plane in self.picture.planes for part in plane.parts}
        return shapes | {fault.element for fault in self.picture.faults}

    @cached_property
    def associated(self) -> set[tuple[str, str]]:
        """Ids of what associations connect, from source to target."""
        return {(each.get("sourceRef", ""), each.get("targetRef", "")) for each in self.root.iter(BPMN + "association")}

    def declared(self, tag: str) -> dict[str, ElementTree.Element]:
        """Messages, errors, escalations or signals of the file, by their ids."""
        return {each.get("id", ""): each for each in self.root.findall(BPMN + tag)}

    def owner(self, node: ElementTree.Element) -> Element | None:
        """The element within which something stands in the file."""
        return self._owners.get(node)

    @cached_property
    def _owners(self) -> dict[ElementTree.Element, Element]:
        owners = {}
        for element in self.elements.values():
            for node in element.node.iter():
                # those that lie deeper come later
                owners[node] = element
        return owners


def _walk(node: ElementTree.Element, scope: str) -> Iterator[Element]:
    """An element, and all in it."""
    yield Element(node, scope)
    for child in node:
        if child.tag.removeprefix(BPMN) in (*NODES, "sequenceFlow"):
            yield from _walk(child, node.get("id", ""))
