"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Format a table; cells must not have line breaks."""
    header = list(header)
    return "\n".join([_line(header), _line("---" for _ in header), *map(_line, rows)]) + "\n"


def code(text: object) -> str:
    """Format a text as code; an empty text stays empty."""
    return f"`{text}`" if text != "" else ""


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
