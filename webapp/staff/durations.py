"""Short durations for badges, tiles and tables."""

from __future__ import annotations

from datetime import timedelta

from webapp.staff.managers import pages


@pages.app_template_filter("short_duration")
def format_short_duration(span: timedelta | float) -> str:
    """Format a duration (seconds or timedelta) for badges and tables: `3 d`, `2 h`, `45 min`, `10 s`."""
    seconds = max(span.total_seconds() if isinstance(span, timedelta) else span, 0)
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
