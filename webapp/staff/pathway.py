"""The diagrams of the pathway, with the current activities of each step compared with its target."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from camunda7.diagrams import Element, Heat, Mark, Paint, Picture, Plane, draw_svg, read_picture
from camunda7.xml import parse
from processes import positions
from processes.positions import BOTTLENECKS, ActivityCount, Definition
from webapp.resources import resources
from webapp.staff.formats import format_short_duration

log = logging.getLogger("webapp.staff")

# not listed as steps: the activities within them are
SUB_PROCESS = "subProcess"
SCOPES = (SUB_PROCESS, "callActivity")
MULTI_INSTANCE_BODY = "#multiInstanceBody"
NOT_DRAWN = "We can't show the deployed diagram. Run “make check” to find out why."
NO_PLACE = "The diagram doesn't show these steps, or they belong to an older version of it."
# in badges and tables, so that colour isn't the only sign
BEYOND, STUCK = "▲", "!"
# heat of a wait as long as its target, and of one twice as long
AT_TARGET, TWICE = 0.6, 1.0
UNMEASURED = Paint("#dfe6ee")

Counts = Mapping[str, ActivityCount]
Targets = Mapping[str, timedelta]


@dataclass(frozen=True)
class Unmeasured:
    """A mark of a step without a target, or of a sub-process."""

    text: str

    @property
    def paint(self) -> Paint:
        return UNMEASURED


@dataclass(frozen=True)
class Step:
    """A step of the process and its current activity instances.

    Attributes:
        target: longest wait; None if there is no target.
    """

    name: str
    activities: ActivityCount
    target: timedelta | None

    @property
    def sign(self) -> str:
        return choose_sign(self.activities, self.target)


@dataclass(frozen=True)
class Drawing:
    """A diagram with the number of activity instances at each step.

    Attributes:
        svg: empty if the diagram can't be drawn or has no steps to draw.
        reason: why `svg` is empty.
    """

    title: str
    svg: str
    reason: str
    steps: list[Step]


def draw_diagrams(versions: list[Definition], counts: Mapping[str, Counts], targets: Targets) -> Iterator[Drawing]:
    """Draw the newest version of each diagram, with the activity instances of all versions.

    Args:
        counts: activity counts by step, by key of the process definition.
        targets: longest waits by step.
    """
    for key, own in counts.items():
        newest = max((each for each in versions if each.key == key), key=lambda each: each.version, default=None)
        if newest is not None:
            yield from _draw_planes(key, positions.get_diagram(resources().engine, newest.id), own, targets)


def _draw_planes(key: str, source: str, counts: Counts, targets: Targets) -> Iterator[Drawing]:
    """Draw the planes of a diagram; steps that aren't drawn on any are added as a table without a picture."""
    try:
        file = _read_file(source)
        drawings = [_draw_plane(plane, file, counts, targets) for plane in file.planes]
    except Exception:
        # the page shows the figures even if a deployed diagram is broken
        log.exception("the diagram %s can't be drawn", key)
        file, drawings = Picture([], [], {}), []
    yield from drawings
    shown = {shape.element.id for plane in file.planes for shape in plane.shapes}
    hidden = [step for step in counts if step not in shown and not step.endswith(MULTI_INSTANCE_BODY)]
    steps = list_steps([file.elements.get(step, Element(step, "")) for step in hidden], counts, targets)
    if not drawings:
        yield Drawing(key, "", NOT_DRAWN, steps)
    elif steps:
        yield Drawing(f"{drawings[0].title}: other steps", "", NO_PLACE, steps)


@lru_cache(maxsize=32)
def _read_file(source: str) -> Picture:
    """Read a diagram; cached, because a deployed version never changes."""
    return read_picture(parse(source))


def _draw_plane(plane: Plane, file: Picture, counts: Counts, targets: Targets) -> Drawing:
    first = file.planes[0]
    title = plane.title if plane is first else f"{first.title}: {plane.title}"
    steps = list_steps([shape.element for shape in plane.shapes if shape.element.id in counts], counts, targets)
    marks = {
        shape.element.id: mark
        for shape in plane.shapes
        if (mark := _mark(shape.element, file, counts, targets)) is not None
    }
    return Drawing(title, draw_svg(plane, marks, describe_picture(title, steps)), "", steps)


def _mark(element: Element, file: Picture, counts: Counts, targets: Targets) -> Mark | None:
    """Return the mark of an element; of a collapsed sub-process the number of cases within it."""
    if element.id in counts:
        return create_mark(counts[element.id], targets.get(element.id))
    if element.kind != SUB_PROCESS:
        return None
    inside = [
        shape.element.id
        for plane in file.planes
        if plane.element.id == element.id
        for shape in plane.shapes
        if shape.element.id in counts and shape.element.kind not in SCOPES
    ]
    signs = {choose_sign(counts[step], targets.get(step)) for step in inside}
    sign = next((each for each in (STUCK, BEYOND) if each in signs), "")
    return Unmeasured(f"{sign} {sum(counts[step].count for step in inside)}".strip()) if inside else None


def create_mark(activities: ActivityCount, target: timedelta | None) -> Mark:
    """Return the mark of a step: darker the closer the longest wait is to the target, and dark beyond it."""
    text = f"{choose_sign(activities, target)} {format_badge(activities)}".strip()
    if activities.incidents:
        return Heat(text, TWICE)
    if target is None:
        return Unmeasured(text)
    ratio = max(activities.longest / target, 0)
    # just below AT_TARGET, so that colours change at the target
    heat = min(ratio * AT_TARGET, AT_TARGET - 0.01) if ratio <= 1 else min(AT_TARGET + (ratio - 1) / 2, TWICE)
    return Heat(text, heat)


def choose_sign(activities: ActivityCount, target: timedelta | None) -> str:
    """Return the sign of a step with an incident or a wait beyond its target; empty for others."""
    if activities.incidents:
        return STUCK
    return BEYOND if target is not None and activities.longest > target else ""


def list_steps(elements: list[Element], counts: Counts, targets: Targets) -> list[Step]:
    """Return the steps other than scopes: those with a sign first, then by descending number."""
    steps = [
        Step(name_element(each), counts[each.id], targets.get(each.id)) for each in elements if each.kind not in SCOPES
    ]
    return sorted(steps, key=lambda step: (not step.sign, -step.activities.count))


def name_element(element: Element) -> str:
    """Return an element's name; of one without a name what patients wait for there, or its kind."""
    awaited = next((label for label, step in BOTTLENECKS.items() if step == element.id), "")
    return element.name or (f"Wait: {awaited.lower()}" if awaited else element.kind or element.id)


def describe_picture(title: str, steps: list[Step]) -> str:
    """Return the text alternative of a picture."""
    if not steps:
        return f"{title}: diagram. No cases."
    where = ", ".join(f"{step.activities.count} at {step.name}" for step in steps)
    return f"{title}: diagram. Cases: {where}."


def format_badge(activities: ActivityCount) -> str:
    """Format count and median duration: `3 · 2 h`."""
    return f"{activities.count} · {format_short_duration(activities.median)}"
