"""Reads the diagram interchange of a BPMN file: https://www.omg.org/spec/BPMN/2.0.2, chapter 12.

Files of other tools may be damaged in any way: a part that can't be drawn is a Fault, and the others are drawn.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar
from xml.etree.ElementTree import Element as Node

from camunda7.xml import parse

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
BPMNDI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
DC = "{http://www.omg.org/spec/DD/20100524/DC}"
DI = "{http://www.omg.org/spec/DD/20100524/DI}"
EVENT_DEFINITION = "EventDefinition"
# limit of coordinates and sizes; beyond it browsers draw inexactly
MAX_PX = 100_000
MAX_NAME = 300
# in pixels, for a label without bounds or with bounds of size 0
LABEL_WIDTH, LABEL_HEIGHT, LABEL_GAP = 90, 14, 5
# xsd:double without INF and NaN
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)


@dataclass(frozen=True)
class Box:
    """A rectangle: upper left corner and size, in pixels."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y + self.height / 2


@dataclass(frozen=True)
class Element:
    """An element of the model.

    Attributes:
        kind: name of the XML element, like userTask; empty if it isn't in the file.
        name: its name, the text of an annotation, or the category of a group.
        definition: type of an event, like timer; multiple or parallelMultiple if it has several; empty if none.
        interrupts: whether an event is interrupting.
        triggered_by_event: whether it is an event sub-process.
        loop: standard, parallel or sequential; empty without a loop.
        compensates: whether it is a compensation activity.
        is_collection: whether it is a collection of data.
        is_black_box: whether it is a participant without a process.
        starts_instance: whether it is a gateway that starts the process.
        is_default: whether it is the default flow of its source.
        direction: associationDirection of an association: One, Both or empty.
    """

    id: str
    kind: str
    name: str = ""
    definition: str = ""
    interrupts: bool = True
    triggered_by_event: bool = False
    loop: str = ""
    compensates: bool = False
    is_collection: bool = False
    is_black_box: bool = False
    starts_instance: bool = False
    is_default: bool = False
    direction: str = ""


@dataclass(frozen=True)
class Shape:
    """A BPMNShape: an element with bounds.

    Attributes:
        label: bounds of its name, if that isn't drawn within the shape.
        expanded: whether a sub-process shows its content.
        marked: whether an exclusive gateway shows its cross.
        horizontal: whether a pool or lane is horizontal.
    """

    element: Element
    box: Box
    label: Box | None
    expanded: bool
    marked: bool
    horizontal: bool = True


@dataclass(frozen=True)
class Edge:
    """A BPMNEdge: an element with at least two waypoints.

    Attributes:
        points: x and y of the waypoints.
        label: bounds of its name.
    """

    element: Element
    points: list[tuple[float, float]]
    label: Box | None

    @property
    def middle(self) -> tuple[float, float]:
        """Centre of the middle segment."""
        (x, y), (to_x, to_y) = self.points[(len(self.points) - 1) // 2 :][:2]
        return (x + to_x) / 2, (y + to_y) / 2


@dataclass(frozen=True)
class Plane:
    """A BPMNPlane: the drawing of the process, or of a collapsed sub-process; not empty.

    Attributes:
        element: the process, collaboration or sub-process.
        shapes, edges: what is drawn.
    """

    element: Element
    shapes: list[Shape]
    edges: list[Edge]

    @property
    def parts(self) -> list[Shape | Edge]:
        """The shapes, then the edges."""
        return [*self.shapes, *self.edges]

    @property
    def title(self) -> str:
        """Name of the element; of a collaboration the name of its first pool; otherwise the id."""
        pools = [shape.element.name for shape in self.shapes if shape.element.kind == "participant"]
        return next(filter(None, [self.element.name, *pools]), self.element.id)


@dataclass(frozen=True)
class Fault:
    """A shape, edge or plane that can't be drawn.

    Attributes:
        element: id of the element to which it refers (bpmnElement).
        id: its own id.
        wrong: the problem.
    """

    element: str
    id: str
    wrong: str


@dataclass(frozen=True)
class Picture:
    """The diagram interchange of a file.

    Attributes:
        planes: drawings, that of the process first.
        faults: parts that can't be drawn.
        elements: all elements of the model by id, including those that aren't drawn.
    """

    planes: list[Plane]
    faults: list[Fault]
    elements: Mapping[str, Element]


Part = TypeVar("Part", Shape, Edge)


class _Unreadable(Exception):
    """A part can't be drawn; the message has the reason."""


def read_planes(source: str | bytes) -> list[Plane]:
    """Read the planes of a BPMN file that have content, that of the process first.

    Raises:
        XmlError: the source isn't valid XML.
    """
    return read_picture(parse(source)).planes


def read_picture(root: Node) -> Picture:
    """Read the diagram interchange of a BPMN file, given its root element."""
    elements = _elements(root)
    reader = _Reader(elements)
    planes = [reader.plane(found) for found in root.iter(f"{BPMNDI}BPMNPlane")]
    return Picture([plane for plane in planes if plane.shapes or plane.edges], reader.faults, elements)


def _elements(root: Node) -> dict[str, Element]:
    """Return the elements of the model by id, without those of the diagram interchange."""
    parts = {part for diagram in root.iter(f"{BPMNDI}BPMNDiagram") for part in diagram.iter()}
    categories = {each.get("id", ""): each.get("value", "") for each in root.iter(f"{BPMN}categoryValue")}
    defaults = {each.get("default", "") for each in root.iter()}
    collections = {each.get("id", "") for each in root.iter() if each.get("isCollection") == "true"}
    found = [each for each in root.iter() if each.get("id") and each not in parts]
    return {each.get("id", ""): _element(each, categories, defaults, collections) for each in found}


def _element(found: Node, categories: Mapping[str, str], defaults: set[str], collections: set[str]) -> Element:
    is_non_interrupting = "false" in (found.get("cancelActivity"), found.get("isInterrupting"))
    kind = found.tag.rpartition("}")[2]
    return Element(
        id=found.get("id", ""),
        kind=kind,
        name=_shortened(_name(found, categories)),
        definition=_definition(found),
        interrupts=not is_non_interrupting,
        triggered_by_event=found.get("triggeredByEvent") == "true",
        loop=_loop(found),
        compensates=found.get("isForCompensation") == "true",
        is_collection=not collections.isdisjoint({found.get("id"), found.get("dataObjectRef")}),
        is_black_box=kind == "participant" and not found.get("processRef"),
        starts_instance=found.get("instantiate") == "true",
        is_default=found.get("id") in defaults,
        direction=found.get("associationDirection", "").removeprefix("None"),
    )


def _name(found: Node, categories: Mapping[str, str]) -> str:
    if found.tag == f"{BPMN}textAnnotation":
        return found.findtext(f"{BPMN}text") or ""
    return found.get("name") or categories.get(found.get("categoryValueRef", "").rpartition(":")[2], "")


def _shortened(name: str) -> str:
    return name if len(name) <= MAX_NAME else f"{name[:MAX_NAME]}…"


def _definition(found: Node) -> str:
    tags = [child.tag.rpartition("}")[2] for child in found]
    definitions = [tag.removesuffix(EVENT_DEFINITION) for tag in tags if tag.endswith(EVENT_DEFINITION)]
    if len(definitions) > 1:
        return "parallelMultiple" if found.get("parallelMultiple") == "true" else "multiple"
    return definitions[0] if definitions else ""


def _loop(found: Node) -> str:
    several = found.find(f"{BPMN}multiInstanceLoopCharacteristics")
    if several is not None:
        return "sequential" if several.get("isSequential") == "true" else "parallel"
    return "standard" if found.find(f"{BPMN}standardLoopCharacteristics") is not None else ""


class _Reader:
    """Reads planes, and collects faults.

    Args:
        elements: elements of the model, by id.
    """

    def __init__(self, elements: Mapping[str, Element]):
        self._elements = elements
        self.faults: list[Fault] = []

    def plane(self, found: Node) -> Plane:
        name = found.get("bpmnElement", "")
        element = self._referred(name)
        if element is None:
            self._add_fault(found, f"the plane is of {name or 'no element'}, which isn't in the file")
        drawn: set[str] = set()
        shapes = list(self._parts(found, "BPMNShape", self._shape, drawn))
        edges = list(self._parts(found, "BPMNEdge", self._edge, drawn))
        return Plane(element or Element(name, ""), shapes, edges)

    def _parts(self, plane: Node, tag: str, read: Callable[[Node, Element], Part], drawn: set[str]) -> Iterator[Part]:
        """Yield the shapes or edges of a plane, each element once."""
        for found in plane.iter(BPMNDI + tag):
            name = found.get("bpmnElement", "")
            element = self._referred(name)
            try:
                if element is None:
                    raise _Unreadable(f"it is drawn for {name or 'no element'}, which isn't in the file")
                if element.id in drawn:
                    raise _Unreadable("it is drawn twice")
                yield read(found, element)
                drawn.add(element.id)
            except _Unreadable as error:
                self._add_fault(found, str(error))

    def _shape(self, found: Node, element: Element) -> Shape:
        bounds = found.findall(f"{DC}Bounds")
        if len(bounds) != 1:
            raise _Unreadable(f"its shape has {'several' if bounds else 'no'} bounds")
        box = _sized(bounds[0])
        beneath = (box.middle[0], box.y + box.height + LABEL_GAP)
        return Shape(
            element=element,
            box=box,
            label=self._label(found) or (_label_at(*beneath) if _is_named_beneath(element) else None),
            expanded=found.get("isExpanded") == "true",
            marked=found.get("isMarkerVisible") == "true",
            horizontal=found.get("isHorizontal") != "false",
        )

    def _edge(self, found: Node, element: Element) -> Edge:
        points = [(_number(point, "x"), _number(point, "y")) for point in found.iter(f"{DI}waypoint")]
        if len(points) < 2:
            raise _Unreadable(f"its line has {len(points)} of at least 2 points")
        edge = Edge(element, points, self._label(found))
        return edge if edge.label or not element.name else replace(edge, label=_label_at(*edge.middle))

    def _label(self, found: Node) -> Box | None:
        """Return the bounds of the label; None if there are none, or if they can't be read."""
        bounds = found.find(f"{BPMNDI}BPMNLabel/{DC}Bounds")
        if bounds is None:
            return None
        try:
            return _label(_box(bounds))
        except _Unreadable as error:
            self._add_fault(found, f"its label can't be placed: {error}")
            return None

    def _referred(self, name: str) -> Element | None:
        """Return the element of an id, or of a name with a namespace prefix (bpmnElement is an xsd:QName)."""
        return self._elements.get(name) or self._elements.get(name.rpartition(":")[2])

    def _add_fault(self, found: Node, wrong: str) -> None:
        self.faults.append(Fault(found.get("bpmnElement", "").rpartition(":")[2], found.get("id", ""), wrong))


def _sized(bounds: Node) -> Box:
    box = _box(bounds)
    if box.width <= 0 or box.height <= 0:
        raise _Unreadable(f"its size is {box.width:g} × {box.height:g}")
    return box


def _label(box: Box) -> Box:
    """Return the bounds of a label; earlier versions of Camunda Modeler wrote labels of size 0."""
    if box.width > 0 and box.height > 0:
        return box
    return _label_at(box.middle[0], box.y)


def _label_at(x: float, y: float) -> Box:
    return Box(x - LABEL_WIDTH / 2, y, LABEL_WIDTH, LABEL_HEIGHT)


def _is_named_beneath(element: Element) -> bool:
    """Whether the name is below the shape, if the file has no bounds for it."""
    return bool(element.name) and (element.kind.endswith(("Event", "Gateway")) or element.kind.startswith("data"))


def _box(bounds: Node) -> Box:
    return Box(*(_number(bounds, name) for name in ("x", "y", "width", "height")))


def _number(found: Node, name: str) -> float:
    text = found.get(name, "").strip()
    if not NUMBER.fullmatch(text):
        raise _Unreadable(f"its {name} is {f'“{text[:20]}”' if text else 'missing'} instead of a number")
    number = float(text)
    if not math.isfinite(number) or abs(number) > MAX_PX:
        raise _Unreadable(f"its {name} is beyond {MAX_PX} pixels")
    return number
