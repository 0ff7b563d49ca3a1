"""Draws a plane as SVG: shapes after https://www.omg.org/spec/BPMN/2.0.2, chapter 12.3, "Notational Depiction"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol
from xml.etree import ElementTree
from xml.etree.ElementTree import Element as Node

from webapp.diagrams.reading import Box, Edge, Plane, Shape

INK, PAPER, LANES = "#0b0c0c", "#ffffff", "#505a5f"
FONT, SIZE, LINE = "Arial, Helvetica, sans-serif", 12, 14
# read also where the whole picture is made smaller
BADGE_SIZE = 17
MARGIN = 20
# of a letter, on the average
LETTER = 0.53 * SIZE
POOLS = ("participant", "lane")
ACTIVITIES = ("Task", "task", "subProcess", "callActivity")
# from few to many, told apart by their lightness alone; the ink on the last ones is white
HEAT = ("#fff3d6", "#fdd49e", "#fc8d59", "#d7301f", "#7f0000")
LIGHT_INK_FROM = 3

ICONS = {
    "userTask": "M5 17v-2c0-3 2-5 5-5s5 2 5 5v2z M7 6a3 3 0 1 0 6 0a3 3 0 1 0-6 0",
    "serviceTask": "M10 4v2M10 14v2M4 10h2M14 10h2M6 6l1.4 1.4M12.6 12.6L14 14M14 6l-1.4 1.4M7.4 12.6L6 14"
    "M7 10a3 3 0 1 0 6 0a3 3 0 1 0-6 0",
    "businessRuleTask": "M4 5h13v10h-13z M4 8h13 M8 8v7 M4 11.5h13",
    "receiveTask": "M4 5h13v9h-13z M4 5l6.5 5l6.5-5",
}
EVENTS = {
    "timer": "M-9 0a9 9 0 1 0 18 0a9 9 0 1 0-18 0 M0-6v6l4 3",
    "message": "M-8-6h16v11h-16z M-8-6l8 6l8-6",
    "escalation": "M0-9l6 15l-6-5l-6 5z",
    "error": "M-8 7l5-13l5 7l6-9l-4 14l-6-7z",
    "signal": "M0-8l8 13h-16z",
    "terminate": "M-7 0a7 7 0 1 0 14 0a7 7 0 1 0-14 0",
}
GATEWAYS = {"exclusiveGateway": "M-7-9l14 18 M7-9l-14 18", "parallelGateway": "M0-11v22 M-11 0h22"}


class Paint(NamedTuple):
    """What a shape is filled with, and what is drawn on it."""

    fill: str = PAPER
    ink: str = INK


class Mark(Protocol):
    """What is told of an element, on the picture.

    Attributes:
        text: a few letters.
        paint: of the element; of a line its fill.
    """

    @property
    def text(self) -> str: ...

    @property
    def paint(self) -> Paint: ...


@dataclass(frozen=True)
class Heat:
    """A mark that tells of more or less.

    Attributes:
        heat: from 0, as others, to 1, the hottest.
    """

    text: str
    heat: float

    @property
    def paint(self) -> Paint:
        step = min(int(self.heat * len(HEAT)), len(HEAT) - 1)
        return Paint(HEAT[step], PAPER if step >= LIGHT_INK_FROM else INK)


def drawn(plane: Plane, marks: Mapping[str, Mark], description: str) -> str:
    """The picture as an SVG document.

    Args:
        marks: by the elements' ids.
        description: of the picture, for whoever can't see it.
    """
    box = _bounds(plane)
    svg = Node("svg", xmlns="http://www.w3.org/2000/svg", role="img", **{"aria-label": description})
    svg.set("viewBox", " ".join(f"{number:g}" for number in (box.x, box.y, box.width, box.height)))
    svg.set("width", f"{box.width:g}")
    svg.set("height", f"{box.height:g}")
    svg.set("font-family", FONT)
    svg.set("font-size", f"{SIZE}")
    _add(svg, "title").text = description
    _add(_add(svg, "defs"), "marker", id="end", viewBox="0 0 10 10", refX="10", refY="5", markerWidth="9",
         markerHeight="9", orient="auto").append(Node("path", d="M0 1l10 4l-10 4z", fill=INK))  # fmt: skip
    _add(svg, "rect", x=box.x, y=box.y, width=box.width, height=box.height, fill=PAPER)
    # what others are drawn on stays as it is
    grounds = [shape for shape in plane.shapes if shape.element.kind in POOLS or shape.expanded]
    for shape in grounds:
        _draw_shape(svg, shape, Paint("none"))
    for edge in plane.edges:
        _draw_edge(svg, edge, marks.get(edge.element.id))
    for shape in plane.shapes:
        if shape not in grounds:
            mark = marks.get(shape.element.id)
            _draw_shape(svg, shape, mark.paint if mark else Paint())
    for shape in plane.shapes:
        if shape.element.id in marks:
            _badge(svg, (shape.box.x, shape.box.y), marks[shape.element.id])
    for edge in plane.edges:
        if edge.element.id in marks:
            _badge(svg, edge.middle, marks[edge.element.id])
    return ElementTree.tostring(svg, encoding="unicode")


def _bounds(plane: Plane) -> Box:
    boxes = [shape.box for shape in plane.shapes]
    boxes += [found.label for found in (*plane.shapes, *plane.edges) if found.label]
    xs = [x for box in boxes for x in (box.x, box.x + box.width)] + [x for e in plane.edges for x, _ in e.points]
    ys = [y for box in boxes for y in (box.y, box.y + box.height)] + [y for e in plane.edges for _, y in e.points]
    left, top = min(xs) - MARGIN, min(ys) - MARGIN
    return Box(left, top, max(xs) + MARGIN - left, max(ys) + MARGIN - top)


def _draw_shape(svg: Node, shape: Shape, paint: Paint) -> None:
    kind = shape.element.kind
    group = _add(svg, "g", id=shape.element.id, stroke=INK, fill="none")
    if kind in POOLS:
        _pool(group, shape)
    elif kind.endswith(ACTIVITIES):
        _activity(group, shape, paint)
    elif kind.endswith("Gateway"):
        _gateway(group, shape, paint)
    else:
        _event(group, shape, paint)
    if shape.label and shape.element.name:
        _text(group, shape.element.name, shape.label, at_top=True)


def _pool(group: Node, shape: Shape) -> None:
    box = shape.box
    _rectangle(group, box, stroke=LANES)
    if shape.element.name:
        x, y = box.x + 19, box.y + box.height / 2
        text = _add(group, "text", x=x, y=y, fill=INK, stroke="none", transform=f"rotate(-90 {x:g} {y:g})")
        text.set("text-anchor", "middle")
        text.text = shape.element.name
        if shape.element.kind == "participant":
            _add(group, "path", d=f"M{box.x + 30:g} {box.y:g}v{box.height:g}", stroke=LANES)


def _activity(group: Node, shape: Shape, paint: Paint) -> None:
    element, box = shape.element, shape.box
    style = {"stroke-width": "5" if element.kind == "callActivity" else "2", "fill": paint.fill}
    if element.triggered_by_event:
        style["stroke-dasharray"] = "2 6"
    _rectangle(group, box, rx="10", **style)
    if element.kind in ICONS:
        _icon(group, ICONS[element.kind], box.x + 4, box.y + 2, paint.ink)
    if not shape.expanded and element.kind in ("subProcess", "callActivity"):
        _icon(group, "M-7-14h14v14h-14z M0-11v8 M-4-7h8", box.x + box.width / 2, box.y + box.height - 2, paint.ink)
    if element.several:
        _icon(group, "M-4-12v10 M0-12v10 M4-12v10", box.x + box.width / 2, box.y + box.height, paint.ink)
    if shape.expanded:
        _text(group, element.name, Box(box.x, box.y + 4, box.width, LINE), paint.ink)
    else:
        _text(group, element.name, Box(box.x + 5, box.y + 5, box.width - 10, box.height - 10), paint.ink)


def _gateway(group: Node, shape: Shape, paint: Paint) -> None:
    box = shape.box
    x, y = box.middle
    corners = f"{x:g},{box.y:g} {box.x + box.width:g},{y:g} {x:g},{box.y + box.height:g} {box.x:g},{y:g}"
    _add(group, "polygon", points=corners, fill=paint.fill, **{"stroke-width": "2"})
    kind = shape.element.kind
    if kind == "eventBasedGateway":
        _icon(group, "M-12 0a12 12 0 1 0 24 0a12 12 0 1 0-24 0", x, y, paint.ink)
        _icon(group, "M0-7l7 5l-3 8h-8l-3-8z", x, y, paint.ink)
    elif kind in GATEWAYS and (shape.marked or kind != "exclusiveGateway"):
        _icon(group, GATEWAYS[kind], x, y, paint.ink, "4")


def _event(group: Node, shape: Shape, paint: Paint) -> None:
    element, box = shape.element, shape.box
    (x, y), radius = box.middle, box.width / 2
    style = {"fill": paint.fill, "stroke-width": "4" if element.kind == "endEvent" else "2"}
    if not element.interrupts:
        style["stroke-dasharray"] = "5 3"
    _add(group, "circle", cx=x, cy=y, r=radius, **style)
    if element.kind.startswith(("intermediate", "boundary")):
        _add(group, "circle", cx=x, cy=y, r=radius - 3, **{**style, "fill": "none", "stroke-width": "1.5"})
    if element.definition in EVENTS:
        throws = element.kind in ("endEvent", "intermediateThrowEvent")
        _icon(group, EVENTS[element.definition], x, y, paint.ink, fill=paint.ink if throws else "none",
              stroke=PAPER if throws and element.definition == "message" else paint.ink)  # fmt: skip


def _draw_edge(svg: Node, edge: Edge, mark: Mark | None) -> None:
    group = _add(svg, "g", id=edge.element.id, fill="none", stroke=INK)
    path = "M" + "L".join(f"{x:g} {y:g}" for x, y in edge.points)
    if mark:
        _add(group, "path", d=path, stroke=mark.paint.fill, **{"stroke-width": "9", "stroke-linejoin": "round"})
    _add(group, "path", d=path, **{"stroke-width": "1.5", "stroke-linejoin": "round", "marker-end": "url(#end)"})
    if edge.label and edge.element.name:
        _text(group, edge.element.name, edge.label, at_top=True)


def _badge(svg: Node, corner: tuple[float, float], mark: Mark) -> None:
    """What is told, at the upper left corner."""
    width = len(mark.text) * LETTER * BADGE_SIZE / SIZE + 16
    x, y = corner[0] - 10, corner[1] - 22
    group = _add(svg, "g")
    _rectangle(group, Box(x, y, width, 26), rx="13", fill=INK)
    text = _add(group, "text", x=x + width / 2, y=y + 19, fill=PAPER)
    text.set("font-size", str(BADGE_SIZE))
    text.set("text-anchor", "middle")
    text.set("font-weight", "bold")
    text.text = mark.text


def _text(group: Node, words: str, box: Box, ink: str = INK, at_top: bool = False) -> None:
    """Text in the middle of a box, or from its top on, in as many lines as it takes."""
    lines = list(_lines(words, box.width))
    x, top = box.x + box.width / 2, box.y + (0 if at_top else (box.height - LINE * len(lines)) / 2)
    text = _add(group, "text", fill=ink, stroke="none")
    text.set("text-anchor", "middle")
    for number, line in enumerate(lines):
        _add(text, "tspan", x=x, y=top + LINE * number + SIZE - 1).text = line


def _lines(words: str, width: float) -> Iterator[str]:
    most, line = max(1, int(width / LETTER)), ""
    for word in words.split():
        if line and len(line) + 1 + len(word) > most:
            yield line
            line = word
        else:
            line = f"{line} {word}".strip()
    if line:
        yield line


def _icon(group: Node, path: str, x: float, y: float, ink: str, width: str = "1.3", **style: str) -> None:
    drawn_so = {"fill": "none", "stroke": ink, "stroke-width": width, "stroke-linejoin": "round", **style}
    _add(group, "path", d=path, transform=f"translate({x:g} {y:g})", **drawn_so)


def _rectangle(group: Node, box: Box, **style: str) -> None:
    _add(group, "rect", x=box.x, y=box.y, width=box.width, height=box.height, **style)


def _add(parent: Node, tag: str, **attributes: str | float) -> Node:
    texts = {name: value if isinstance(value, str) else f"{value:g}" for name, value in attributes.items()}
    return ElementTree.SubElement(parent, tag, texts)
