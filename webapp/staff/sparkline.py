"""Sparklines: small charts without axes, as inline SVG. The page's text says what they show."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

WIDTH, HEIGHT, MARGIN = 180, 36, 4
LINE, POINT = "#505a5f", "#0b0c0c"


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
    path = " ".join(
        f"{'M' if number == 0 or points[number - 1] is None else 'L'}{point[0]:.1f} {point[1]:.1f}"
        for number, point in enumerate(points)
        if point is not None
    )
    last = points[-1] if points else None
    dot = Markup('<circle cx="{:.1f}" cy="{:.1f}" r="3.5" fill="{}"/>').format(*last, POINT) if last else ""
    return Markup(
        '<svg class="sparkline" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}">'
        '<path d="{}" fill="none" stroke="{}" stroke-width="2" stroke-linecap="round"/>{}</svg>'
    ).format(description, WIDTH, HEIGHT, WIDTH, HEIGHT, path, LINE, dot)
