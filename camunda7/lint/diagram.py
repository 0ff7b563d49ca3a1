"""Model of a BPMN diagram for the linter: elements, labels and sequence flows."""

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
    "startEvent": "a start event",
    "endEvent": "an end event",
    "boundaryEvent": "a boundary event",
    "intermediateThrowEvent": "an intermediate throw event",
    "intermediateCatchEvent": "an intermediate catch event",
    "callActivity": "a call activity",
}


@dataclass(frozen=True)
class Element:
    """An activity, event, gateway, sequence flow or process.

    Attributes:
        node: its XML element.
        scope: id of the process or sub-process that contains it; empty for a process.
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
        """Return one of Camunda's extension attributes; empty if it is missing."""
        return self.node.get(CAMUNDA + attribute, "")

    def find_child(self, *tags: str) -> ElementTree.Element | None:
        """Return the first child with one of these tags; None if there is none."""
        return next((each for tag in tags if (each := self.node.find(BPMN + tag)) is not None), None)

    @property
    def definition(self) -> ElementTree.Element | None:
        """The event definition; None if it has none."""
        return next((child for child in self.node if child.tag.endswith("EventDefinition")), None)

    @property
    def link(self) -> str | None:
        """Name of a link event's definition; None for any other element."""
        found = self.find_child("linkEventDefinition")
        return None if found is None else found.get("name", "")

    @property
    def compensates(self) -> bool:
        """Whether it is a compensation activity, which has no sequence flows."""
        return self.node.get("isForCompensation") == "true"

    @property
    def topic(self) -> str:
        """Topic of an external task, or of a throwing message event; empty without one."""
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
        """Processes, activities, events, gateways and sequence flows, by id."""
        found = {}
        for process in self.root.findall(BPMN + "process"):
            for element in _walk(process, ""):
                found[element.id] = element
        return found

    @cached_property
    def nodes(self) -> list[Element]:
        """Flow nodes: activities, events and gateways."""
        return self.of(*NODES)

    @cached_property
    def flows(self) -> list[Element]:
        return self.of("sequenceFlow")

    @cached_property
    def processes(self) -> list[Element]:
        return self.of("process")

    def of(self, *kinds: str) -> list[Element]:
        """Return the elements of these kinds."""
        return [each for each in self.elements.values() if each.kind in kinds]

    def outgoing(self, node: Element) -> list[Element]:
        """Return the outgoing sequence flows of a flow node."""
        return self._flows_by_source.get(node.id, [])

    def incoming(self, node: Element) -> list[Element]:
        """Return the incoming sequence flows of a flow node."""
        return self._flows_by_target.get(node.id, [])

    @cached_property
    def _flows_by_source(self) -> dict[str | None, list[Element]]:
        return self._group_flows_by("sourceRef")

    @cached_property
    def _flows_by_target(self) -> dict[str | None, list[Element]]:
        return self._group_flows_by("targetRef")

    def _group_flows_by(self, end: str) -> dict[str | None, list[Element]]:
        """Group the sequence flows by their sourceRef or targetRef."""
        found: dict[str | None, list[Element]] = {}
        for flow in self.flows:
            found.setdefault(flow.node.get(end), []).append(flow)
        return found

    def describe(self, element: Element | str | None) -> str:
        """Describe an element, or the element of an id, for people: by its name, or else by its kind."""
        found = self.elements.get(element) if isinstance(element, str) else element
        if found is None:
            return "nothing"
        if found.kind == "sequenceFlow" and not found.name:
            return f"the sequence flow from {self._end_of(found, 'sourceRef')} to {self._end_of(found, 'targetRef')}"
        return found.name or KINDS.get(found.kind, f"a {found.kind}")

    def _end_of(self, flow: Element, end: str) -> str:
        found = self.elements.get(flow.node.get(end, ""))
        # a damaged sequence flow may have a sequence flow as its end, and so itself: don't recurse
        return "another sequence flow" if found and found.kind == "sequenceFlow" else self.describe(found)

    def finding(self, element: Element, wrong: str, todo: str) -> Finding:
        """Create a finding on an element, with problem and remedy."""
        return Finding(self.file, self.describe(element), element.id, wrong, todo)

    @cached_property
    def picture(self) -> Picture:
        """The diagram interchange."""
        return read_picture(self.root)

    @cached_property
    def drawn(self) -> set[str]:
        """Ids of the elements with a shape or edge, also if that is damaged."""
        shapes = {part.element.id for plane in self.picture.planes for part in plane.parts}
        return shapes | {fault.element for fault in self.picture.faults}

    @cached_property
    def associated(self) -> set[tuple[str, str]]:
        """Ids of the elements that associations connect: source, target."""
        return {(each.get("sourceRef", ""), each.get("targetRef", "")) for each in self.root.iter(BPMN + "association")}

    def declared(self, tag: str) -> dict[str, ElementTree.Element]:
        """Return the file's messages, errors, escalations or signals, by id."""
        return {each.get("id", ""): each for each in self.root.findall(BPMN + tag)}

    def owner(self, node: ElementTree.Element) -> Element | None:
        """Return the innermost element that contains an XML node; None outside of processes."""
        return self._owners.get(node)

    @cached_property
    def _owners(self) -> dict[ElementTree.Element, Element]:
        owners = {}
        for element in self.elements.values():
            for node in element.node.iter():
                # inner elements come later, and replace outer ones
                owners[node] = element
        return owners


def _walk(node: ElementTree.Element, scope: str) -> Iterator[Element]:
    """Yield an element and its descendants."""
    yield Element(node, scope)
    for child in node:
        if child.tag.removeprefix(BPMN) in (*NODES, "sequenceFlow"):
            yield from _walk(child, node.get("id", ""))
