"""Draws a plane as an SVG document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from xml.etree import ElementTree
from xml.etree.ElementTree import Element as Node

from camunda7.diagrams.canvas import FONT, INK, LETTER, PAPER, SIZE, add, add_rectangle
from camunda7.diagrams.reading import Box, Plane
from camunda7.diagrams.shapes import CLEAR, Paint, add_markers, draw_edge, draw_shape, is_ground

# font size in pixels; larger than SIZE, to be readable in a scaled-down picture
BADGE_SIZE = 17
MARGIN = 20
# from low to high, distinguishable by lightness alone; from LIGHT_INK_FROM on the text is white
HEAT = ("#fff3d6", "#fdd49e", "#fc8d59", "#d7301f", "#7f0000")
LIGHT_INK_FROM = 3


class Mark(Protocol):
    """A mark on an element."""

    @property
    def text(self) -> str:
        """Text of the badge; a few letters."""

    @property
    def paint(self) -> Paint:
        """Colours of the element; a sequence flow is highlighted in the fill colour."""


@dataclass(frozen=True)
class Heat:
    """A mark of a heat map.

    Attributes:
        text: text of the badge.
        heat: from 0 to 1.
    """

    text: str
    heat: float

    @property
    def paint(self) -> Paint:
        """Colours of the element: light for 0, dark for 1."""
        step = min(int(self.heat * len(HEAT)), len(HEAT) - 1)
        return Paint(HEAT[step], PAPER if step >= LIGHT_INK_FROM else INK)


def draw_svg(plane: Plane, marks: Mapping[str, Mark], description: str) -> str:
    """Draw a plane; returns an SVG document.

    Args:
        plane: one of read_planes().
        marks: marks of elements, by element id.
        description: text alternative of the picture.
    """
    box = _bounds(plane)
    svg = Node("svg", xmlns="http://www.w3.org/2000/svg", role="img")
    svg.set("aria-label", description)
    svg.set("viewBox", " ".join(f"{number:g}" for number in (box.x, box.y, box.width, box.height)))
    svg.set("width", f"{box.width:g}")
    svg.set("height", f"{box.height:g}")
    svg.set("font-family", FONT)
    svg.set("font-size", f"{SIZE}")
    add(svg, "title").text = description
    add_markers(svg)
    add_rectangle(svg, box, fill=PAPER)
    # pools, lanes and expanded sub-processes first, below the elements on them; never marked
    for shape in filter(is_ground, plane.shapes):
        draw_shape(svg, shape, CLEAR)
    for edge in plane.edges:
        mark = marks.get(edge.element.id)
        draw_edge(svg, edge, mark.paint.fill if mark else "")
    for shape in plane.shapes:
        if not is_ground(shape):
            mark = marks.get(shape.element.id)
            draw_shape(svg, shape, mark.paint if mark else Paint())
    for shape in plane.shapes:
        if shape.element.id in marks:
            _badge(svg, (shape.box.x, shape.box.y), marks[shape.element.id])
    for edge in plane.edges:
        if edge.element.id in marks:
            _badge(svg, edge.middle, marks[edge.element.id])
    return ElementTree.tostring(svg, encoding="unicode")


def _bounds(plane: Plane) -> Box:
    boxes = [shape.box for shape in plane.shapes]
    boxes += [found.label for found in plane.parts if found.label]
    xs = [x for box in boxes for x in (box.x, box.x + box.width)] + [x for e in plane.edges for x, _ in e.points]
    ys = [y for box in boxes for y in (box.y, box.y + box.height)] + [y for e in plane.edges for _, y in e.points]
    left, top = min(xs) - MARGIN, min(ys) - MARGIN
    return Box(left, top, max(xs) + MARGIN - left, max(ys) + MARGIN - top)


def _badge(svg: Node, corner: tuple[float, float], mark: Mark) -> None:
    """Draw a mark's badge at the upper left corner."""
    width = len(mark.text) * LETTER * BADGE_SIZE / SIZE + 16
    x, y = corner[0] - 10, corner[1] - 22
    group = add(svg, "g")
    add_rectangle(group, Box(x, y, width, 26), rx="13", fill=INK)
    text = add(group, "text", x=x + width / 2, y=y + 19, fill=PAPER)
    text.set("font-size", str(BADGE_SIZE))
    text.set("text-anchor", "middle")
    text.set("font-weight", "bold")
    text.text = mark.text
