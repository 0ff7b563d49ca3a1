"""The page "Now": who waits too long, where and why; then the pathway with the current activities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from flask import render_template, url_for

from hosting.clients.lab import Stock
from hosting.clients.service import ServiceError
from kpi.indicators import compute_kpis
from processes import incidents, positions
from processes.elements import UserTask
from processes.positions import ActivityCount
from webapp.options import Doctor
from webapp.resources import resources
from webapp.staff import waits
from webapp.staff.history import is_included
from webapp.staff.incidents import name_step
from webapp.staff.kpi_groups import CASES_OF
from webapp.staff.pathway import draw_diagrams
from webapp.staff.period import DAY, today
from webapp.staff.sign_in import managers_only, min_people, pages
from webapp.staff.watched import count_watched

CHANGES = ("closed", "positive", "negative")


@pages.get("/now")
@managers_only
def show_now() -> str:
    engine, options, now = resources().engine, resources().options, datetime.now(UTC)
    versions = positions.list_definitions(engine)
    counts = positions.count_activities_by_diagram(engine, versions)
    figures = load_figures({step: each for own in counts.values() for step, each in own.items()})
    tiles = waits.load_tiles(engine, figures["waits"], options.targets, resources().place.zone, now)
    worst = waits.find_worst(tiles)
    alarms = waits.list_alarms(tiles, figures["stock"], figures["doctors"])
    return render_template(
        "staff/now.html",
        tiles=tiles,
        worst=worst,
        excess=waits.describe_excess(worst) if worst else "",
        cause=waits.describe_cause(worst, figures["stock"], figures["doctors"]) if worst else "",
        action=waits.choose_action(worst, figures["doctors"]) if worst else "",
        alarms=alarms,
        emergency_step=UserTask.CALL_PATIENT,
        alarm_status={step: alarm.status for alarm in reversed(alarms) for step in alarm.steps},
        overdue=waits.list_overdue(engine, tiles, now),
        incidents=count_incidents(),
        stock=figures["stock"],
        on_duty=list_on_duty(),
        steps_of_doctors=waits.FOR_DOCTORS,
        watched=figures["watched"],
        changes=list(compare_days()),
        pictures=list(draw_diagrams(versions, counts, {tile.wait.step: tile.target for tile in tiles if tile.target})),
        cockpit=options.cockpit_url,
    )


@pages.get("/now.json")
@managers_only
def now_json() -> dict[str, Any]:
    """Return waiting and watched patients, kits, doctors and incidents; durations in seconds."""
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
    found = sum(count_incidents().values())
    watched = [{"what": label, "now": count} for label, count in content["watched"]]
    return {
        "waits": waiting,
        "watched": watched,
        "kits": kits,
        "doctors": content["doctors"],
        "incidents": found,
    }


def load_figures(counts: Mapping[str, ActivityCount]) -> dict[str, Any]:
    """Load the figures that the page and the JSON have in common."""
    return {
        "waits": positions.list_waits(resources().engine, counts),
        "stock": get_stock(),
        "doctors": len(resources().roster.doctors_on_duty()),
        "watched": count_watched(counts),
    }


def list_on_duty() -> list[Doctor]:
    """List the doctors on duty; one that the people file doesn't have is called by the account."""
    doctors = resources().options.doctors
    return [doctors.get(account, Doctor(account)) for account in resources().roster.doctors_on_duty()]


def count_incidents() -> Counter[str]:
    """Count the open incidents by the name of their step."""
    found = incidents.list_incidents(resources().engine)
    return Counter(name_step(incident.definition_id, incident.element) for incident in found)


def compare_days() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield the label of each figure of CHANGES, and its text with the URL of its cases for today and yesterday."""
    figures = {
        day: {figure.key: figure for figure in compute_kpis(day, day, min_people(), is_included())}
        for day in (today(), today() - DAY)
    }
    for key in CHANGES:
        cells = [
            (own[key].text, url_for("staff.show_closed", first=day, last=day, **CASES_OF[key]))
            for day, own in figures.items()
        ]
        yield figures[today()][key].label, cells


def get_stock() -> Stock | None:
    """Return the lab's stock of test kits; None if the lab doesn't respond."""
    try:
        return resources().lab.stock()
    except ServiceError:
        return None
