"""What a BPMN file says of its picture: https://www.omg.org/spec/BPMN/2.0.2, chapter 12, "BPMN Diagram Interchange"."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
BPMNDI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
DC = "{http://www.omg.org/spec/DD/20100524/DC}"
DI = "{http://www.omg.org/spec/DD/20100524/DI}"
EVENT_DEFINITION = "EventDefinition"


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
        kind: its name in BPMN, as userTask.
        definition: what an event is about, as timer; empty for none.
        interrupts: it ends what it is attached to, or within.
        triggered_by_event: it is an event sub-process.
        several: it is done once for each of several.
    """

    id: str
    kind: str
    name: str = ""
    definition: str = ""
    interrupts: bool = True
    triggered_by_event: bool = False
    several: bool = False


@dataclass(frozen=True)
class Shape:
    """An element that has a place.

    Attributes:
        label: where its name stands, if not within it.
        expanded: what is within it is drawn there.
        marked: an exclusive gateway shows its cross.
    """

    element: Element
    box: Box
    label: Box | None
    expanded: bool
    marked: bool


@dataclass(frozen=True)
class Edge:
    """An element that leads from one place to another, by these points."""

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
    """One picture: of the process, or of a sub-process that is drawn by itself.

    Attributes:
        element: what is drawn.
    """

    element: Element
    shapes: list[Shape]
    edges: list[Edge]


def planes_of(source: str | bytes) -> list[Plane]:
    """The pictures of a BPMN file, the process's first."""
    root = ElementTree.fromstring(source)  # noqa: S314 - deployed by developers, who can do more than that
    elements = {found.get("id", ""): _element(found) for found in root.iter() if found.get("id")}
    return [_plane(plane, elements) for plane in root.iter(f"{BPMNDI}BPMNPlane")]


def _element(found: ElementTree.Element) -> Element:
    definitions = [child.tag for child in found if child.tag.endswith(EVENT_DEFINITION)]
    stays = "false" in (found.get("cancelActivity"), found.get("isInterrupting"))
    return Element(
        id=found.get("id", ""),
        kind=found.tag.partition("}")[2],
        name=found.get("name", ""),
        definition=definitions[0].removeprefix(BPMN).removesuffix(EVENT_DEFINITION) if definitions else "",
        interrupts=not stays,
        triggered_by_event=found.get("triggeredByEvent") == "true",
        several=found.find(f"{BPMN}multiInstanceLoopCharacteristics") is not None,
    )


def _plane(plane: ElementTree.Element, elements: dict[str, Element]) -> Plane:
    shapes = [_shape(found, elements) for found in plane.iter(f"{BPMNDI}BPMNShape")]
    edges = [_edge(found, elements) for found in plane.iter(f"{BPMNDI}BPMNEdge")]
    return Plane(elements[plane.get("bpmnElement", "")], shapes, edges)


def _shape(found: ElementTree.Element, elements: dict[str, Element]) -> Shape:
    return Shape(
        element=elements[found.get("bpmnElement", "")],
        box=_box(found.find(f"{DC}Bounds")),
        label=_label(found),
        expanded=found.get("isExpanded") == "true",
        marked=found.get("isMarkerVisible") == "true",
    )


def _edge(found: ElementTree.Element, elements: dict[str, Element]) -> Edge:
    points = [(float(point.get("x", 0)), float(point.get("y", 0))) for point in found.iter(f"{DI}waypoint")]
    return Edge(elements[found.get("bpmnElement", "")], points, _label(found))


def _label(found: ElementTree.Element) -> Box | None:
    bounds = found.find(f"{BPMNDI}BPMNLabel/{DC}Bounds")
    return None if bounds is None else _box(bounds)


def _box(bounds: ElementTree.Element) -> Box:
    return Box(*(float(bounds.get(name, 0)) for name in ("x", "y", "width", "height")))
