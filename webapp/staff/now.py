"""What is going on: what changed since yesterday, who waits for what, and where on the pathway."""

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
from webapp.staff.managers import least, managers_only, pages

log = logging.getLogger("webapp.staff")

DAY = timedelta(days=1)
# what is within them is told by itself
SCOPES = ("subProcess", "callActivity")
MULTI_INSTANCE_BODY = "#multiInstanceBody"
NOT_DRAWN = "We can't show the deployed diagram. Run “make check” to find out why."
NO_PLACE = "The diagram doesn't show these steps, or they belong to an older version of it."
CHANGES = ("closed", "positive", "negative")


@dataclass(frozen=True)
class Step:
    """A step at which cases stand."""

    name: str
    standing: ActivityCount


@dataclass(frozen=True)
class Drawing:
    """A diagram with what stands where.

    Attributes:
        svg: empty where there is no picture; then `why` says why.
    """

    title: str
    svg: str
    why: str
    steps: list[Step]


@pages.get("/now")
@managers_only
def show_now() -> str:
    versions = positions.list_definitions(resources().engine)
    found = positions.count_activities_by_diagram(resources().engine, versions)
    return render_template(
        "staff/now.html",
        **overview({step: each for own in found.values() for step, each in own.items()}),
        changes=list(changes()),
        pictures=list(pictures(versions, found)),
        cockpit=resources().options.cockpit_url,
    )


@pages.get("/now.json")
@managers_only
def now_json() -> dict[str, Any]:
    """Who waits, kits, doctors and incidents; durations in seconds."""
    content = overview(positions.count_activities(resources().engine, positions.list_definitions(resources().engine)))
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


def overview(found: Mapping[str, ActivityCount]) -> dict[str, Any]:
    """The figures of now, on the page and as JSON."""
    return {
        "waits": positions.list_waits(resources().engine, found),
        "stock": stock(),
        "doctors": len(resources().roster.doctors_on_duty()),
        "incidents": len(incidents.list_incidents(resources().engine)),
    }


def changes() -> Iterator[tuple[str, str, str]]:
    """Figures of today so far, and of yesterday."""
    today = datetime.now(UTC).date()
    now, before = (
        {figure.key: figure for figure in compute_kpis(day, day, least(), is_included())}
        for day in (today, today - DAY)
    )
    return ((now[key].label, now[key].text, before[key].text) for key in CHANGES)


def stock() -> Stock | None:
    """None when the lab doesn't say."""
    try:
        return resources().lab.stock()
    except ServiceError:
        return None


def pictures(versions: list[Definition], found: Mapping[str, Mapping[str, ActivityCount]]) -> Iterator[Drawing]:
    """The newest version of each diagram, with all that stands in any of its versions.

    Args:
        found: where cases stand, by diagram.
    """
    hottest = max((heat(each) for own in found.values() for each in own.values()), default=0) or 1
    for key, own in found.items():
        newest = max((each for each in versions if each.key == key), key=lambda each: each.version, default=None)
        if newest is not None:
            yield from _pictures(key, positions.get_diagram(resources().engine, newest.id), own, hottest)


def _pictures(key: str, source: str, found: Mapping[str, ActivityCount], hottest: float) -> Iterator[Drawing]:
    """The planes of a diagram, and a table of the steps that have no place on them."""
    try:
        file = read_picture(parse(source))
        drawings = [_drawing(plane, file.planes[0], found, hottest) for plane in file.planes]
    except Exception:
        # managers need the figures, whatever was deployed
        log.exception("the diagram %s can't be drawn", key)
        file, drawings = Picture([], [], {}), []
    yield from drawings
    shown = {shape.element.id for plane in file.planes for shape in plane.shapes}
    hidden = [step for step in found if step not in shown and not step.endswith(MULTI_INSTANCE_BODY)]
    steps = steps_of([file.elements.get(step, Element(step, "")) for step in hidden], found)
    if not drawings:
        yield Drawing(key, "", NOT_DRAWN, steps)
    elif steps:
        yield Drawing(f"{drawings[0].title}: other steps", "", NO_PLACE, steps)


def _drawing(plane: Plane, first: Plane, found: Mapping[str, ActivityCount], hottest: float) -> Drawing:
    title = plane.title if plane is first else f"{first.title}: {plane.title}"
    elements = [shape.element for shape in plane.shapes if shape.element.id in found]
    marks = {each.id: Heat(brief(found[each.id]), heat(found[each.id]) / hottest) for each in elements}
    return Drawing(title, draw_svg(plane, marks, told(title, elements, found)), "", steps_of(elements, found))


def heat(each: ActivityCount) -> float:
    """So many for so long: of twice as many, or for twice as long, it is more by the same."""
    return math.log1p(each.count * max(each.median.total_seconds(), 0))


def steps_of(elements: list[Element], found: Mapping[str, ActivityCount]) -> list[Step]:
    """Those at which a case stands itself, the hottest first."""
    own = sorted((each for each in elements if each.kind not in SCOPES), key=lambda each: -heat(found[each.id]))
    return [Step(each.name or each.kind or each.id, found[each.id]) for each in own]


def told(title: str, elements: list[Element], found: Mapping[str, ActivityCount]) -> str:
    """A picture in words."""
    if not elements:
        return f"{title}: diagram. No cases."
    where = ", ".join(f"{found[each.id].count} at {each.name or each.kind}" for each in elements)
    return f"{title}: diagram. Cases: {where}."


def brief(each: ActivityCount) -> str:
    """How many, and for how long half of them do."""
    return f"{each.count} · {brief_duration(each.median)}"


@pages.app_template_filter("brief")
def brief_duration(span: timedelta | float) -> str:
    """A span, or so many seconds, in a few letters."""
    seconds = max(span.total_seconds() if isinstance(span, timedelta) else span, 0)
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
