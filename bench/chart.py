"""The chart of the documentation: tasks per second of each worker, on each work."""

from __future__ import annotations

from pathlib import Path

import pygal
from pygal.style import CleanStyle

from bench.measure import Figures

TITLES = {
    "nothing": "handler does nothing",
    "wait_100ms": "waits 100 ms, 16 slots",
    "wait_100ms_64_slots": "waits 100 ms, 64 slots",
}


def draw(medians: dict[str, dict[str, Figures]], labels: dict[str, str], file: Path) -> None:
    """Write the chart.

    Args:
        medians: figures by work and worker.
        labels: what the chart calls each worker.
    """
    chart = pygal.HorizontalBar(
        style=CleanStyle(font_family="sans-serif"),
        # no script from elsewhere
        js=[],
        disable_xml_declaration=True,
        print_values=True,
        value_formatter=lambda value: f"{value:.0f}",
        title="External tasks per second, one engine, 2 cores",
        width=900,
        height=700,
        legend_at_bottom=True,
        legend_at_bottom_columns=3,
    )
    # it draws from below
    names = list(next(iter(medians.values())))[::-1]
    chart.x_labels = [labels[name] for name in names]
    for work, peers in medians.items():
        chart.add(TITLES[work], [round(peers[name].tasks_per_s, 1) for name in names])
    file.write_text(chart.render(is_unicode=True) + "\n")
