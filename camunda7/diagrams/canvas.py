"""SVG elements: rectangles, paths and wrapped text."""

from __future__ import annotations

import textwrap
from xml.etree import ElementTree
from xml.etree.ElementTree import Element as Node

from camunda7.diagrams.reading import Box

INK, PAPER, LANES = "#0b0c0c", "#ffffff", "#505a5f"
FONT, SIZE, LINE = "Arial, Helvetica, sans-serif", 12, 14
# average width of a letter, in pixels
LETTER = 0.53 * SIZE
# minimum length of a line, also in a narrow box
MIN_LETTERS = 4


def add(parent: Node, tag: str, **attributes: str | float) -> Node:
    """Add an element to its parent, and return it."""
    texts = {name: value if isinstance(value, str) else f"{value:g}" for name, value in attributes.items()}
    return ElementTree.SubElement(parent, tag, texts)


def add_rectangle(group: Node, box: Box, **style: str) -> None:
    add(group, "rect", x=box.x, y=box.y, width=box.width, height=box.height, **style)


def add_symbol(group: Node, path: str, x: float, y: float, ink: str, width: str = "1.3", **style: str) -> None:
    own = {"fill": "none", "stroke": ink, "stroke-width": width, "stroke-linejoin": "round", **style}
    add(group, "path", d=path, transform=f"translate({x:g} {y:g})", **own)


def add_text(group: Node, words: str, box: Box, ink: str = INK, at_top: bool = False, at_left: bool = False) -> None:
    """Add text, wrapped to the width of a box: centred, or aligned to its top or left edge."""
    lines = textwrap.wrap(words, max(MIN_LETTERS, int(box.width / LETTER)), break_on_hyphens=False)
    x = box.x if at_left else box.x + box.width / 2
    top = box.y + (0 if at_top else (box.height - LINE * len(lines)) / 2)
    text = add(group, "text", fill=ink, stroke="none")
    text.set("text-anchor", "start" if at_left else "middle")
    for number, line in enumerate(lines):
        add(text, "tspan", x=x, y=top + LINE * number + SIZE - 1).text = line


def add_upright_text(group: Node, words: str, x: float, y: float) -> None:
    """Add a line of text that reads from bottom to top, centred at a point."""
    text = add(group, "text", x=x, y=y, fill=INK, stroke="none", transform=f"rotate(-90 {x:g} {y:g})")
    text.set("text-anchor", "middle")
    text.text = words
