"""Chart for the documentation: tasks per second of each worker."""

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
    """Write the chart as SVG.

    Args:
        medians: figures by work and worker.
        labels: labels of the workers in the chart.
    """
    chart = pygal.HorizontalBar(
        style=CleanStyle(font_family="sans-serif"),
        # pygal would otherwise link a script on its own server
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
    # pygal draws the bars from bottom to top
    names = list(next(iter(medians.values())))[::-1]
    chart.x_labels = [labels[name] for name in names]
    for work, peers in medians.items():
        chart.add(TITLES[work], [round(peers[name].tasks_per_s, 1) for name in names])
    file.write_text(chart.render(is_unicode=True) + "\n")
