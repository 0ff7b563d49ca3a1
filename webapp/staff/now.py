"""What is going on: what changed since yesterday, who waits for what, and where on the pathway."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import current_app, render_template

from processes import incidents, standing
from processes.standing import Definition, Standing
from records.figures import kpis
from webapp.diagrams import Element, Heat, drawn, planes_of
from webapp.lab import LabUnavailable, Stock
from webapp.staff.history import is_included
from webapp.staff.managers import engine, least, managers_only, pages

DAY = timedelta(days=1)
# what patients wait for, and the step at which they do
BOTTLENECKS = {
    "A test kit": "Gateway_WaitForKit",
    "The visit": "Task_VisitPatient",
    "The result": "Task_WaitForTestResult",
    "The doctor's report": "Task_WriteDoctorsReport",
}
# what is within them is told by itself
SCOPES = ("subProcess", "callActivity")
CHANGES = ("closed", "positive", "negative")


@dataclass(frozen=True)
class Wait:
    """So many wait for something, and waited for it yesterday at this time."""

    what: str
    now: Standing | None
    yesterday: int


@dataclass(frozen=True)
class Step:
    """A step at which cases stand."""

    name: str
    standing: Standing


@dataclass(frozen=True)
class Picture:
    """A diagram with what stands where."""

    title: str
    svg: str
    steps: list[Step]


@pages.get("/now")
@managers_only
def show_now() -> str:
    versions = standing.definitions(engine())
    found = standing.standing(engine(), versions)
    return render_template(
        "staff/now.html",
        **overview(found),
        changes=list(changes()),
        pictures=list(pictures(versions, found)),
        cockpit=current_app.extensions["options"].cockpit_url,
    )


@pages.get("/now.json")
@managers_only
def now_json() -> dict[str, Any]:
    """Who waits, kits, doctors and incidents; durations in seconds."""
    told = overview(standing.standing(engine(), standing.definitions(engine())))
    waiting = [
        {
            "what": wait.what,
            "now": wait.now.count if wait.now else 0,
            "yesterday": wait.yesterday,
            "longest_s": wait.now.longest.total_seconds() if wait.now else None,
            "median_s": wait.now.median.total_seconds() if wait.now else None,
        }
        for wait in told["waits"]
    ]
    kits = told["stock"].kits if told["stock"] else None
    return {"waits": waiting, "kits": kits, "doctors": told["doctors"], "incidents": told["incidents"]}


def overview(found: Mapping[str, Standing]) -> dict[str, Any]:
    """What is told of now, on the page and as JSON."""
    return {
        "waits": list(waits(found)),
        "stock": stock(),
        "doctors": len(current_app.extensions["roster"].doctors_on_duty()),
        "incidents": len(incidents.incidents(engine())),
    }


def changes() -> Iterator[tuple[str, str, str]]:
    """Figures of today so far, and of yesterday."""
    today = datetime.now(UTC).date()
    now, before = (
        {figure.key: figure for figure in kpis(day, day, least(), is_included())} for day in (today, today - DAY)
    )
    return ((now[key].label, now[key].text, before[key].text) for key in CHANGES)


def waits(found: Mapping[str, Standing]) -> Iterator[Wait]:
    yesterday = datetime.now(UTC) - DAY
    for what, step in BOTTLENECKS.items():
        yield Wait(what, found.get(step), standing.stood(engine(), step, yesterday))


def stock() -> Stock | None:
    """None when the lab doesn't say."""
    try:
        return current_app.extensions["lab"].stock()
    except LabUnavailable:
        return None


def pictures(versions: list[Definition], found: Mapping[str, Standing]) -> Iterator[Picture]:
    """The newest version of each diagram, with all that stands in it."""
    hottest = max((heat(each) for each in found.values()), default=1)
    for key in standing.DIAGRAMS:
        newest = max((each for each in versions if each.key == key), key=lambda each: each.version)
        planes = planes_of(standing.diagram(engine(), newest.id))
        title = planes[0].shapes[0].element.name
        for plane in planes:
            elements = [shape.element for shape in plane.shapes if shape.element.id in found]
            marks = {each.id: Heat(brief(found[each.id]), heat(found[each.id]) / hottest) for each in elements}
            name = title if plane is planes[0] else f"{title}: {plane.element.name}"
            yield Picture(name, drawn(plane, marks, told(name, elements, found)), steps_of(elements, found))


def heat(each: Standing) -> float:
    """So many for so long: of twice as many, or for twice as long, it is more by the same."""
    return math.log1p(each.count * max(each.median.total_seconds(), 0))


def steps_of(elements: list[Element], found: Mapping[str, Standing]) -> list[Step]:
    """Those at which a case stands itself, the hottest first."""
    own = sorted((each for each in elements if each.kind not in SCOPES), key=lambda each: -heat(found[each.id]))
    return [Step(each.name or each.kind, found[each.id]) for each in own]


def told(title: str, elements: list[Element], found: Mapping[str, Standing]) -> str:
    """A picture in words."""
    if not elements:
        return f"{title}: the diagram; no case stands in it."
    where = ", ".join(f"{found[each.id].count} at {each.name or each.kind}" for each in elements)
    return f"{title}: the diagram, with the cases that stand in it: {where}."


def brief(each: Standing) -> str:
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
