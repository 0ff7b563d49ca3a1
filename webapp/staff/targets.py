"""Targets of the KPIs, from the settings: which limit a KPI has, and whether it is met."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from kpi.indicator import SECONDS, SHARE, Indicator
from webapp.staff.formats import format_short_duration

# settings of targets by KPI: the highest values, and the lowest
AT_MOST = {
    "positivity": "positivity",
    "sample_to_result_median": "sample_to_result",
    "sample_to_last_contact_median": "sample_to_last_contact",
    "red_to_call_median": "red_to_call",
}
AT_LEAST = {key: key for key in ("with_contacts", "contacts_per_case", "notified_in_24_h", "mean_feedback")}


def find_limit(key: str, targets: Mapping[str, Any]) -> float | None:
    """Return the target of a KPI, a duration in seconds; None if it has none.

    Args:
        targets: by name in the settings.
    """
    target = targets.get((AT_MOST | AT_LEAST).get(key, ""))
    return target.total_seconds() if isinstance(target, timedelta) else target


def is_met(figure: Indicator, targets: Mapping[str, Any]) -> bool | None:
    """Whether a KPI meets its target; None without a value or a target."""
    limit = find_limit(figure.key, targets)
    if limit is None or figure.value is None:
        return None
    return figure.value <= limit if figure.key in AT_MOST else figure.value >= limit


def compute_excess(figure: Indicator, targets: Mapping[str, Any]) -> float:
    """Return how many times a missed target is exceeded, or divided into; infinite for a value of 0."""
    limit = find_limit(figure.key, targets) or 0
    high, low = (figure.value or 0, limit) if figure.key in AT_MOST else (limit, figure.value or 0)
    return high / low if low else math.inf


def describe_target(figure: Indicator, targets: Mapping[str, Any]) -> str:
    """Return the target of a KPI in words; empty if it has none."""
    limit = find_limit(figure.key, targets)
    if limit is None:
        return ""
    return f"{'at most' if figure.key in AT_MOST else 'at least'} {_format_limit(figure, limit)}"


def _format_limit(figure: Indicator, limit: float) -> str:
    if figure.unit == SECONDS:
        return format_short_duration(limit)
    return f"{limit:.0%}" if figure.unit == SHARE else f"{limit:g}"
