"""Sparklines: small charts without axes, as inline SVG. The page's text says what they show."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from webapp.staff.charts import draw_path

WIDTH, HEIGHT, MARGIN = 180, 36, 4


def draw_sparkline(values: Sequence[float | None], description: str) -> Markup:
    """Draw values from the oldest to the newest, from 0 up; None is a gap. The newest has a dot.

    Args:
        description: text alternative.
    """
    highest = max((value for value in values if value is not None), default=0) or 1
    gap = (WIDTH - 2 * MARGIN) / max(len(values) - 1, 1)
    points = [
        None if value is None else (MARGIN + number * gap, HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * value / highest)
        for number, value in enumerate(values)
    ]
    path = draw_path(points)
    last = points[-1] if points else None
    dot = Markup('<circle class="sparkline__last" cx="{:.1f}" cy="{:.1f}" r="3.5"/>').format(*last) if last else ""
    return Markup(
        '<svg class="sparkline" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}">'
        '<path class="sparkline__line" d="{}"/>{}</svg>'
    ).format(description, WIDTH, HEIGHT, WIDTH, HEIGHT, path, dot)
