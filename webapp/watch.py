"""The watch at home, for its patient: the course of their days, until when they stay at home, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask_babel import format_date, format_decimal, gettext, lazy_gettext
from markupsafe import Markup

from webapp.formatting import day, duration
from webapp.staff.charts import draw_path

FEELINGS = {
    "better": lazy_gettext("Better"),
    "same": lazy_gettext("About the same"),
    "worse": lazy_gettext("Worse"),
}


# of the chart, %: below and above it there are hardly any values
LOWEST_SPO2, HIGHEST_SPO2 = 85, 100
WIDTH, HEIGHT, MARGIN, LABEL_WIDTH = 300, 90, 10, 40


@dataclass(frozen=True)
class ReportedDay:
    """A day of the diary, as texts; empty what wasn't reported."""

    day: str
    feeling: str
    temperature: str
    spo2: str
    pulse: str


def list_days(values: dict[str, Any]) -> list[ReportedDay]:
    """Return the reported days of the diary, the newest first.

    Args:
        values: process variables of the case.
    """
    reported = (each for each in reversed(values.get("diary") or []) if each.get("status"))
    return [
        ReportedDay(
            format_date(date.fromisoformat(each["day"]), "d MMM"),
            str(FEELINGS.get(each["feeling"] or "", "")),
            _with_unit(each["day_temperature_c"], "°C"),
            _with_unit(each["spo2"], "%"),
            _with_unit(each["pulse"]),
        )
        for each in reported
    ]


def draw_spo2(values: dict[str, Any]) -> Markup | None:
    """Draw the measured oxygen saturations as inline SVG, the oldest first; None with fewer than two.

    Args:
        values: process variables of the case.
    """
    measured = [each["spo2"] for each in values.get("diary") or [] if each.get("spo2") is not None]
    if len(measured) < 2:
        return None
    gap = (WIDTH - 2 * MARGIN - LABEL_WIDTH) / (len(measured) - 1)
    points = [(MARGIN + number * gap, _height_of(value)) for number, value in enumerate(measured)]
    x, y = points[-1]
    return Markup(
        '<svg class="course" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}">'
        '<path class="course__line" d="{}"/><circle class="course__last" cx="{:.1f}" cy="{:.1f}" r="4"/>'
        '<text class="course__label" x="{:.1f}" y="{:.1f}">{}</text></svg>'
    ).format(
        gettext("Your oxygen, day by day"),
        *(WIDTH, HEIGHT, WIDTH, HEIGHT),
        draw_path(points),
        *(x, y, x + MARGIN, y + MARGIN / 2),
        _with_unit(measured[-1], "%"),
    )


def _height_of(spo2: int) -> float:
    """Return the y coordinate of an oxygen saturation."""
    share = (min(max(spo2, LOWEST_SPO2), HIGHEST_SPO2) - LOWEST_SPO2) / (HIGHEST_SPO2 - LOWEST_SPO2)
    return HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * share


def describe_release(values: dict[str, Any]) -> list[str]:
    """Return until when the patient stays at home, and why; empty before the first report of the watch."""
    if values.get("watch_outcome") == "released":
        if values.get("lab_result") != "positive":
            return [gettext("Your quarantine is over. You can leave home again.")]
        return [gettext("Your isolation is over. You can leave home again.")]
    if values.get("watch_outcome") or not values.get("release_from"):
        return []
    policy = values["policy"]
    last_day = day(date.fromisoformat(values["release_from"]) - timedelta(days=1))
    stay = gettext("Stay at home and away from other people until %(day)s.", day=last_day)
    match values.get("release"):
        case "isolation":
            time = duration(policy["isolation_days"], "day")
            if values.get("onset_date"):
                return [stay, gettext("Isolation lasts %(time)s from your first symptoms.", time=time)]
            return [stay, gettext("Isolation lasts %(time)s from the day of your test.", time=time)]
        case "quarantine":
            time = duration(policy["quarantine_days"], "day")
            why = gettext(
                "Quarantine lasts %(time)s from the day you were last close to someone with COVID-19. A negative test "
                "doesn't shorten it.",
                time=time,
            )
            return [stay, why]
        case "fever":
            time = duration(policy["fever_free_days"], "day")
            why = gettext("You need %(time)s without fever, and without medicine against fever, first.", time=time)
            return [stay, why]
        case "symptoms":
            return [
                gettext("Stay at home and away from other people until you feel better."),
                gettext("We'll ask you again tomorrow how you are."),
            ]
    return [stay]


def _with_unit(number: float | None, unit: str = "") -> str:
    return "" if number is None else f"{format_decimal(number)} {unit}".strip()
