"""Draws elements in BPMN notation: https://www.omg.org/spec/BPMN/2.0.2, chapter 12.3, "Notational Depiction"."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from xml.etree.ElementTree import Element as Node

from camunda7.diagrams import symbols
from camunda7.diagrams.canvas import (
    INK,
    LANES,
    LINE,
    PAPER,
    add,
    add_rectangle,
    add_symbol,
    add_text,
    add_upright_text,
)
from camunda7.diagrams.reading import Box, Edge, Shape

POOLS = ("participant", "lane")
SUB_PROCESSES = ("subProcess", "transaction", "adHocSubProcess")
CHOREOGRAPHY = ("choreographyTask", "subChoreography", "callChoreography")
EVENT_KINDS = ("startEvent", "endEvent", "intermediateThrowEvent", "intermediateCatchEvent", "boundaryEvent")
DATA = ("dataObject", "dataObjectReference", "dataInput", "dataOutput")
STORES = ("dataStore", "dataStoreReference")
CONVERSATIONS = ("conversation", "subConversation", "callConversation")
THICK = ("callActivity", "callConversation", "callChoreography")
# height of a data store's curves, size of a data object's folded corner (pixels); width of a hexagon's slanted sides
BEND, CORNER, SIDE = 8, 12, 0.25
MARKER_WIDTH = 18


class Paint(NamedTuple):
    """Colours of a shape.

    Attributes:
        fill: fill colour.
        ink: colour of text and symbols on it.
    """

    fill: str = PAPER
    ink: str = INK


CLEAR = Paint("none")


def is_ground(shape: Shape) -> bool:
    """Whether a shape contains others: pools, lanes, groups, expanded sub-processes. It is drawn first, unfilled."""
    return shape.element.kind in (*POOLS, "group") or shape.expanded


def draw_shape(svg: Node, shape: Shape, paint: Paint) -> None:
    group = add(svg, "g", id=shape.element.id, stroke=INK, fill="none")
    _drawer(shape.element.kind)(group, shape, paint)
    if shape.label and shape.element.name:
        add_text(group, shape.element.name, shape.label, at_top=True)


def _drawer(kind: str) -> Callable[[Node, Shape, Paint], None]:
    if kind.endswith(("Task", "task", "callActivity", *SUB_PROCESSES)):
        return _activity
    if kind.endswith("Gateway"):
        return _gateway
    drawers = {
        **dict.fromkeys(POOLS, _pool),
        **dict.fromkeys(EVENT_KINDS, _event),
        **dict.fromkeys(DATA, _data),
        **dict.fromkeys(STORES, _store),
        **dict.fromkeys(CONVERSATIONS, _conversation),
        "textAnnotation": _annotation,
        "group": _group,
    }
    return drawers.get(kind, _other)


def _pool(group: Node, shape: Shape, paint: Paint) -> None:
    box, name = shape.box, shape.element.name
    add_rectangle(group, box, stroke=LANES)
    if shape.element.is_black_box:
        add_text(group, name, box)
    elif name and shape.horizontal:
        add_upright_text(group, name, box.x + 19, box.y + box.height / 2)
    elif name:
        add_text(group, name, Box(box.x, box.y + 8, box.width, LINE), at_top=True)
    if name and shape.element.kind == "participant" and not shape.element.is_black_box:
        line = (
            f"M{box.x + 30:g} {box.y:g}v{box.height:g}"
            if shape.horizontal
            else f"M{box.x:g} {box.y + 30:g}h{box.width:g}"
        )
        add(group, "path", d=line, stroke=LANES)


def _activity(group: Node, shape: Shape, paint: Paint) -> None:
    element, box = shape.element, shape.box
    style = {"stroke-width": "5" if element.kind in THICK else "2", "fill": paint.fill}
    if element.triggered_by_event:
        style["stroke-dasharray"] = "2 6"
    add_rectangle(group, box, rx="10", **style)
    if element.kind == "transaction":
        add_rectangle(group, Box(box.x + 3, box.y + 3, max(box.width - 6, 1), max(box.height - 6, 1)), rx="8")
    if element.kind in symbols.TASKS:
        is_filled = element.kind in symbols.FILLED_TASKS
        fill, ink = (paint.ink, paint.fill) if is_filled else ("none", paint.ink)
        add_symbol(group, symbols.TASKS[element.kind], box.x + 4, box.y + 2, ink, fill=fill)
    _markers(group, shape, paint.ink)
    if shape.expanded:
        add_text(group, element.name, Box(box.x, box.y + 4, box.width, LINE), paint.ink)
    else:
        add_text(group, element.name, Box(box.x + 5, box.y + 5, box.width - 10, box.height - 10), paint.ink)


def _markers(group: Node, shape: Shape, ink: str) -> None:
    """Draw the markers side by side at the middle of the lower edge."""
    element, box = shape.element, shape.box
    found = [symbols.LOOPS[element.loop]] if element.loop else []
    found += [symbols.COMPENSATES] if element.compensates else []
    found += [symbols.COLLAPSED] if not shape.expanded and element.kind in (*SUB_PROCESSES, "callActivity") else []
    found += [symbols.AD_HOC] if element.kind == "adHocSubProcess" else []
    x = box.x + box.width / 2 - MARKER_WIDTH * (len(found) - 1) / 2
    for number, path in enumerate(found):
        add_symbol(group, path, x + MARKER_WIDTH * number, box.y + box.height - 9, ink)


def _gateway(group: Node, shape: Shape, paint: Paint) -> None:
    box, element = shape.box, shape.element
    x, y = box.middle
    corners = f"{x:g},{box.y:g} {box.x + box.width:g},{y:g} {x:g},{box.y + box.height:g} {box.x:g},{y:g}"
    add(group, "polygon", points=corners, fill=paint.fill, **{"stroke-width": "2"})
    if element.kind == "eventBasedGateway":
        add_symbol(group, "M-12 0a12 12 0 1 0 24 0a12 12 0 1 0-24 0", x, y, paint.ink)
        if not element.starts_instance:
            add_symbol(group, "M-9 0a9 9 0 1 0 18 0a9 9 0 1 0-18 0", x, y, paint.ink, "1")
        add_symbol(group, symbols.PENTAGON, x, y, paint.ink)
    elif element.kind in symbols.GATEWAYS and (shape.marked or element.kind != "exclusiveGateway"):
        add_symbol(group, symbols.GATEWAYS[element.kind], x, y, paint.ink, "4")


def _event(group: Node, shape: Shape, paint: Paint) -> None:
    element, box = shape.element, shape.box
    (x, y), radius = box.middle, box.width / 2
    style = {"fill": paint.fill, "stroke-width": "4" if element.kind == "endEvent" else "2"}
    if not element.interrupts:
        style["stroke-dasharray"] = "5 3"
    add(group, "circle", cx=x, cy=y, r=radius, **style)
    if element.kind.startswith(("intermediate", "boundary")):
        inner = {**style, "fill": "none", "stroke-width": "1.5"}
        add(group, "circle", cx=x, cy=y, r=max(radius - 3, 1), **inner)
    if element.definition in symbols.EVENTS:
        throws = element.kind in ("endEvent", "intermediateThrowEvent")
        add_symbol(group, symbols.EVENTS[element.definition], x, y, paint.ink, fill=paint.ink if throws else "none",
                   stroke=PAPER if throws and element.definition == "message" else paint.ink)  # fmt: skip


def _annotation(group: Node, shape: Shape, paint: Paint) -> None:
    """Draw a bracket to the left of the text; unfilled, as annotations may overlap other shapes."""
    box = shape.box
    add_rectangle(group, box, stroke="none")
    add(group, "path", d=f"M{box.x + 10:g} {box.y:g}h-10v{box.height:g}h10", **{"stroke-width": "1.5"})
    inner = Box(box.x + 7, box.y + 5, max(box.width - 9, 1), box.height)
    add_text(group, shape.element.name, inner, at_top=True, at_left=True)


def _group(group: Node, shape: Shape, paint: Paint) -> None:
    add_rectangle(group, shape.box, rx="10", **{"stroke-width": "1.5", "stroke-dasharray": "10 6 1 6"})


def _data(group: Node, shape: Shape, paint: Paint) -> None:
    """Draw a page with a folded corner."""
    box, element = shape.box, shape.element
    corner = min(CORNER, box.width / 2, box.height / 2)
    edge = f"M{box.x:g} {box.y:g}h{box.width - corner:g}l{corner:g} {corner:g}v{box.height - corner:g}h{-box.width:g}z"
    fold = f"M{box.x + box.width - corner:g} {box.y:g}v{corner:g}h{corner:g}"
    add(group, "path", d=edge, fill=paint.fill, **{"stroke-width": "2"})
    add(group, "path", d=fold, **{"stroke-width": "1.5"})
    if element.kind in symbols.DATA:
        fill = paint.ink if element.kind in symbols.FILLED_DATA else "none"
        add_symbol(group, symbols.DATA[element.kind], box.x + 1, box.y + 1, paint.ink, fill=fill)
    if element.is_collection:
        add_symbol(group, symbols.LOOPS["parallel"], box.middle[0], box.y + box.height - 8, paint.ink)


def _store(group: Node, shape: Shape, paint: Paint) -> None:
    """Draw a cylinder."""
    box = shape.box
    bend = min(BEND, box.height / 4)
    half = box.width / 2
    top = f"M{box.x:g} {box.y + bend:g}a{half:g} {bend:g} 0 1 0 {box.width:g} 0"
    sides = f"{top}a{half:g} {bend:g} 0 1 0 {-box.width:g} 0v{box.height - 2 * bend:g}"
    add(group, "path", d=f"{sides}a{half:g} {bend:g} 0 0 0 {box.width:g} 0v{2 * bend - box.height:g}",
        fill=paint.fill, **{"stroke-width": "2"})  # fmt: skip
    add(group, "path", d=top, **{"stroke-width": "2"})


def _conversation(group: Node, shape: Shape, paint: Paint) -> None:
    box = shape.box
    side, middle, right = box.width * SIDE, box.y + box.height / 2, box.x + box.width
    corners = [
        (box.x + side, box.y), (right - side, box.y), (right, middle),
        (right - side, box.y + box.height), (box.x + side, box.y + box.height), (box.x, middle),
    ]  # fmt: skip
    points = " ".join(f"{x:g},{y:g}" for x, y in corners)
    add(group, "polygon", points=points, fill=paint.fill,
        **{"stroke-width": "5" if shape.element.kind in THICK else "2"})  # fmt: skip
    if shape.element.kind == "subConversation":
        add_symbol(group, symbols.COLLAPSED, box.middle[0], box.y + box.height - 9, paint.ink)


def _other(group: Node, shape: Shape, paint: Paint) -> None:
    """Draw an element without a drawer of its own as a box with its name."""
    is_choreography = shape.element.kind in CHOREOGRAPHY
    style = {} if is_choreography else {"stroke-dasharray": "3 3"}
    add_rectangle(group, shape.box, fill=paint.fill, **{"stroke-width": "1.5"}, **style)
    if not shape.label:
        add_text(group, shape.element.name or shape.element.kind, shape.box, paint.ink)


def draw_edge(svg: Node, edge: Edge, mark: str) -> None:
    """Draw an edge.

    Args:
        mark: colour of a broader line below it; empty for none.
    """
    group = add(svg, "g", id=edge.element.id, fill="none", stroke=INK)
    path = "M" + "L".join(f"{x:g} {y:g}" for x, y in edge.points)
    if mark:
        add(group, "path", d=path, stroke=mark, **{"stroke-width": "9", "stroke-linejoin": "round"})
    add(group, "path", d=path, **{"stroke-width": "1.5", "stroke-linejoin": "round"}, **_ends(edge))
    if edge.element.kind == "conversationLink":
        add(group, "path", d=path, stroke=PAPER, **{"stroke-width": "0.5"})
    if edge.label and edge.element.name:
        add_text(group, edge.element.name, edge.label, at_top=True)


def _ends(edge: Edge) -> dict[str, str]:
    """Return the SVG attributes for the dashes of an edge, and the markers at its ends."""
    element = edge.element
    match element.kind:
        case "association":
            ends = {"One": {"marker-end": OPEN}, "Both": {"marker-end": OPEN, "marker-start": OPEN}}
            return {"stroke-dasharray": "0.5 5", "stroke-linecap": "round", **ends.get(element.direction, {})}
        case "dataInputAssociation" | "dataOutputAssociation":
            return {"stroke-dasharray": "0.5 5", "stroke-linecap": "round", "marker-end": OPEN}
        case "messageFlow":
            return {"stroke-dasharray": "10 7", "marker-start": "url(#circle)", "marker-end": "url(#empty)"}
        case "conversationLink":
            return {"stroke-width": "4"}
    start = {"marker-start": "url(#default)"} if element.is_default else {}
    return {**start, "marker-end": "url(#end)"}


OPEN = "url(#open)"


def add_markers(svg: Node) -> None:
    """Define the markers at the ends of edges."""
    definitions = add(svg, "defs")
    for name, path, place, fill in (
        ("end", "M0 1l10 4l-10 4z", 10, INK),
        ("empty", "M0 1l10 4l-10 4z", 10, PAPER),
        ("open", "M1 1l8 4l-8 4", 9, "none"),
        ("circle", "M1 5a4 4 0 1 0 8 0a4 4 0 1 0-8 0", 5, PAPER),
        ("default", "M4 9l4-8", 0, "none"),
    ):
        marker = add(definitions, "marker", id=name, viewBox="0 0 10 10", refX=place, refY=5, markerWidth=9,
                     markerHeight=9, orient="auto-start-reverse")  # fmt: skip
        add(marker, "path", d=path, fill=fill, stroke=INK)
