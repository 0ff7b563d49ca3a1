"""Reads the picture of a BPMN file: https://www.omg.org/spec/BPMN/2.0.2, chapter 12, "BPMN Diagram Interchange".

Any tool may have written it, so it may be wrong in any way: what can't be drawn is a Fault, the rest is drawn.
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
# no drawing is larger; beyond it browsers draw inexactly
MAX_PX = 100_000
MAX_NAME = 300
# of a label whose place or size the file doesn't have
LABEL_WIDTH, LABEL_HEIGHT, LABEL_GAP = 90, 14, 5
# xsd:double without INF and NaN
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)


@dataclass(frozen=True)
class Box:
    """Where something is, in pixels from the left and from the top."""

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
        kind: its name in BPMN, as userTask; empty for one that isn't in the file.
        name: its name, text or category, as people read it.
        definition: what an event is about, as timer; multiple or parallelMultiple for several; empty for none.
        interrupts: it ends what it is attached to, or within.
        triggered_by_event: it is an event sub-process.
        loop: standard, parallel or sequential; empty for none.
        compensates: it undoes an activity.
        is_collection: it is data of several.
        is_black_box: it is a participant without a process.
        starts_instance: it is a gateway that starts the process.
        is_default: it is the default flow of its source.
        direction: of an association: One, Both or empty.
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
    """An element that has a place.

    Attributes:
        label: where its name stands, if not within it.
        expanded: what is within it is drawn there.
        marked: an exclusive gateway shows its cross.
        horizontal: a pool or lane runs from left to right.
    """

    element: Element
    box: Box
    label: Box | None
    expanded: bool
    marked: bool
    horizontal: bool = True


@dataclass(frozen=True)
class Edge:
    """An element that leads from one place to another, by two points or more."""

    element: Element
    points: list[tuple[float, float]]
    label: Box | None

    @property
    def middle(self) -> tuple[float, float]:
        """Of the line between the points in its middle."""
        (x, y), (to_x, to_y) = self.points[(len(self.points) - 1) // 2 :][:2]
        return (x + to_x) / 2, (y + to_y) / 2


@dataclass(frozen=True)
class Plane:
    """One picture: of the process, or of a collapsed sub-process.

    Attributes:
        element: what is drawn.
        shapes, edges: one at least of either.
    """

    element: Element
    shapes: list[Shape]
    edges: list[Edge]

    @property
    def parts(self) -> list[Shape | Edge]:
        """All that is drawn: the shapes, then the edges."""
        return [*self.shapes, *self.edges]

    @property
    def title(self) -> str:
        """The name of what is drawn; of a collaboration that of its first pool."""
        pools = [shape.element.name for shape in self.shapes if shape.element.kind == "participant"]
        return next(filter(None, [self.element.name, *pools]), self.element.id)


@dataclass(frozen=True)
class Fault:
    """A part of the picture that can't be drawn.

    Attributes:
        element: the id that it refers to.
        id: of the part.
        wrong: what is wrong with it.
    """

    element: str
    id: str
    wrong: str


@dataclass(frozen=True)
class Picture:
    """The picture of a file.

    Attributes:
        planes: the process's first.
        faults: what of them isn't drawn.
        elements: of the model, by their ids, whether they are drawn or not.
    """

    planes: list[Plane]
    faults: list[Fault]
    elements: Mapping[str, Element]


Part = TypeVar("Part", Shape, Edge)


class _Unreadable(Exception):
    """A part can't be drawn; the message says why."""


def read_planes(source: str | bytes) -> list[Plane]:
    """The pictures of a BPMN file, the process's first.

    Raises:
        XmlError: it isn't XML.
    """
    return read_picture(parse(source)).planes


def read_picture(root: Node) -> Picture:
    """The picture that the file with this root has."""
    elements = _elements(root)
    reader = _Reader(elements)
    planes = [reader.plane(found) for found in root.iter(f"{BPMNDI}BPMNPlane")]
    return Picture([plane for plane in planes if plane.shapes or plane.edges], reader.faults, elements)


def _elements(root: Node) -> dict[str, Element]:
    """What has an id, but for the picture itself."""
    parts = {part for diagram in root.iter(f"{BPMNDI}BPMNDiagram") for part in diagram.iter()}
    categories = {each.get("id", ""): each.get("value", "") for each in root.iter(f"{BPMN}categoryValue")}
    defaults = {each.get("default", "") for each in root.iter()}
    collections = {each.get("id", "") for each in root.iter() if each.get("isCollection") == "true"}
    found = [each for each in root.iter() if each.get("id") and each not in parts]
    return {each.get("id", ""): _element(each, categories, defaults, collections) for each in found}


def _element(found: Node, categories: Mapping[str, str], defaults: set[str], collections: set[str]) -> Element:
    stays = "false" in (found.get("cancelActivity"), found.get("isInterrupting"))
    kind = found.tag.rpartition("}")[2]
    return Element(
        id=found.get("id", ""),
        kind=kind,
        name=_shortened(_name(found, categories)),
        definition=_definition(found),
        interrupts=not stays,
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
    """Reads planes; collects the faults of what can't be drawn.

    Args:
        elements: of the model, by their ids.
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
        """The shapes or edges of a plane, each element once."""
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
        """Where the name stands; nowhere if that can't be read."""
        bounds = found.find(f"{BPMNDI}BPMNLabel/{DC}Bounds")
        if bounds is None:
            return None
        try:
            return _label(_box(bounds))
        except _Unreadable as error:
            self._add_fault(found, f"its label can't be placed: {error}")
            return None

    def _referred(self, name: str) -> Element | None:
        """The element of an id, or of a name with a namespace's prefix (bpmnElement is an xsd:QName)."""
        return self._elements.get(name) or self._elements.get(name.rpartition(":")[2])

    def _add_fault(self, found: Node, wrong: str) -> None:
        self.faults.append(Fault(found.get("bpmnElement", "").rpartition(":")[2], found.get("id", ""), wrong))


def _sized(bounds: Node) -> Box:
    box = _box(bounds)
    if box.width <= 0 or box.height <= 0:
        raise _Unreadable(f"its size is {box.width:g} × {box.height:g}")
    return box


def _label(box: Box) -> Box:
    """Former versions of Camunda Modeler wrote labels of size 0."""
    if box.width > 0 and box.height > 0:
        return box
    return _label_at(box.middle[0], box.y)


def _label_at(x: float, y: float) -> Box:
    return Box(x - LABEL_WIDTH / 2, y, LABEL_WIDTH, LABEL_HEIGHT)


def _is_named_beneath(element: Element) -> bool:
    """Whether its name stands beneath it, if the file doesn't say where."""
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
