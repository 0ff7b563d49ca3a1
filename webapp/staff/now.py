"""The page "Now": figures of today and yesterday, waiting patients, and diagrams with the current activities."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import render_template

from camunda7.diagrams import Element, Heat, Picture, Plane, draw_svg, read_picture
from camunda7.xml import parse
from hosting.clients.lab import Stock
from hosting.clients.service import ServiceError
from kpi.indicators import compute_kpis
from processes import incidents, positions
from processes.positions import ActivityCount, Definition
from webapp.resources import resources
from webapp.staff.history import is_included
from webapp.staff.managers import managers_only, min_people, pages

log = logging.getLogger("webapp.staff")

DAY = timedelta(days=1)
# not listed as steps: the activities within them are
SCOPES = ("subProcess", "callActivity")
MULTI_INSTANCE_BODY = "#multiInstanceBody"
NOT_DRAWN = "We can't show the deployed diagram. Run “make check” to find out why."
NO_PLACE = "The diagram doesn't show these steps, or they belong to an older version of it."
CHANGES = ("closed", "positive", "negative")


@dataclass(frozen=True)
class Step:
    """A step of the process and its current activity instances."""

    name: str
    activities: ActivityCount


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


@pages.get("/now")
@managers_only
def show_now() -> str:
    versions = positions.list_definitions(resources().engine)
    counts = positions.count_activities_by_diagram(resources().engine, versions)
    return render_template(
        "staff/now.html",
        **load_figures({step: each for own in counts.values() for step, each in own.items()}),
        changes=list(compare_days()),
        pictures=list(draw_diagrams(versions, counts)),
        cockpit=resources().options.cockpit_url,
    )


@pages.get("/now.json")
@managers_only
def now_json() -> dict[str, Any]:
    """Return waiting patients, kits, doctors and incidents; durations in seconds."""
    engine = resources().engine
    content = load_figures(positions.count_activities(engine, positions.list_definitions(engine)))
    waiting = [
        {
            "what": wait.label,
            "now": wait.now.count if wait.now else 0,
            "yesterday": wait.yesterday,
            "longest_s": wait.now.longest.total_seconds() if wait.now else None,
            "median_s": wait.now.median.total_seconds() if wait.now else None,
        }
        for wait in content["waits"]
    ]
    kits = content["stock"].kits if content["stock"] else None
    return {"waits": waiting, "kits": kits, "doctors": content["doctors"], "incidents": content["incidents"]}


def load_figures(counts: Mapping[str, ActivityCount]) -> dict[str, Any]:
    """Load the figures that the page and the JSON have in common."""
    return {
        "waits": positions.list_waits(resources().engine, counts),
        "stock": get_stock(),
        "doctors": len(resources().roster.doctors_on_duty()),
        "incidents": len(incidents.list_incidents(resources().engine)),
    }


def compare_days() -> Iterator[tuple[str, str, str]]:
    """Return (label, today so far, yesterday) of each figure of CHANGES."""
    today = datetime.now(UTC).date()
    now, before = (
        {figure.key: figure for figure in compute_kpis(day, day, min_people(), is_included())}
        for day in (today, today - DAY)
    )
    return ((now[key].label, now[key].text, before[key].text) for key in CHANGES)


def get_stock() -> Stock | None:
    """Return the lab's stock of test kits; None if the lab doesn't respond."""
    try:
        return resources().lab.stock()
    except ServiceError:
        return None


def draw_diagrams(versions: list[Definition], counts: Mapping[str, Mapping[str, ActivityCount]]) -> Iterator[Drawing]:
    """Draw the newest version of each diagram, with the activity instances of all versions.

    Args:
        counts: activity counts by step, by key of the process definition.
    """
    max_heat = max((compute_heat(each) for own in counts.values() for each in own.values()), default=0) or 1
    for key, own in counts.items():
        newest = max((each for each in versions if each.key == key), key=lambda each: each.version, default=None)
        if newest is not None:
            yield from _draw_planes(key, positions.get_diagram(resources().engine, newest.id), own, max_heat)


def _draw_planes(key: str, source: str, counts: Mapping[str, ActivityCount], max_heat: float) -> Iterator[Drawing]:
    """Draw the planes of a diagram; steps that aren't drawn on any are added as a table without a picture."""
    try:
        file = read_picture(parse(source))
        drawings = [_draw_plane(plane, file.planes[0], counts, max_heat) for plane in file.planes]
    except Exception:
        # the page shows the figures even if a deployed diagram is broken
        log.exception("the diagram %s can't be drawn", key)
        file, drawings = Picture([], [], {}), []
    yield from drawings
    shown = {shape.element.id for plane in file.planes for shape in plane.shapes}
    hidden = [step for step in counts if step not in shown and not step.endswith(MULTI_INSTANCE_BODY)]
    steps = list_steps([file.elements.get(step, Element(step, "")) for step in hidden], counts)
    if not drawings:
        yield Drawing(key, "", NOT_DRAWN, steps)
    elif steps:
        yield Drawing(f"{drawings[0].title}: other steps", "", NO_PLACE, steps)


def _draw_plane(plane: Plane, first: Plane, counts: Mapping[str, ActivityCount], max_heat: float) -> Drawing:
    title = plane.title if plane is first else f"{first.title}: {plane.title}"
    elements = [shape.element for shape in plane.shapes if shape.element.id in counts]
    found = {element.id: counts[element.id] for element in elements}
    marks = {id_: Heat(format_badge(each), compute_heat(each) / max_heat) for id_, each in found.items()}
    svg = draw_svg(plane, marks, describe_picture(title, elements, counts))
    return Drawing(title, svg, "", list_steps(elements, counts))


def compute_heat(activities: ActivityCount) -> float:
    """Return log(1 + count * median duration in seconds): doubling either adds about the same amount."""
    return math.log1p(activities.count * max(activities.median.total_seconds(), 0))


def list_steps(elements: list[Element], counts: Mapping[str, ActivityCount]) -> list[Step]:
    """Return the steps other than scopes, by descending heat."""
    steps = [Step(each.name or each.kind or each.id, counts[each.id]) for each in elements if each.kind not in SCOPES]
    return sorted(steps, key=lambda step: -compute_heat(step.activities))


def describe_picture(title: str, elements: list[Element], counts: Mapping[str, ActivityCount]) -> str:
    """Return the text alternative of a picture."""
    if not elements:
        return f"{title}: diagram. No cases."
    where = ", ".join(f"{counts[each.id].count} at {each.name or each.kind}" for each in elements)
    return f"{title}: diagram. Cases: {where}."


def format_badge(activities: ActivityCount) -> str:
    """Format count and median duration: `3 · 2 h`."""
    return f"{activities.count} · {format_short_duration(activities.median)}"


@pages.app_template_filter("short_duration")
def format_short_duration(span: timedelta | float) -> str:
    """Format a duration (seconds or timedelta) for badges and tables: `3 d`, `2 h`, `45 min`, `10 s`."""
    seconds = max(span.total_seconds() if isinstance(span, timedelta) else span, 0)
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
