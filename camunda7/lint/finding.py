"""Findings of the linter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

# in characters: a message may quote a long text of the file
MAX_LENGTH = 500


@dataclass(frozen=True, order=True)
class Finding:
    """A problem that would prevent a file from working.

    Attributes:
        file: name of the file.
        element: label of the step, field or row in its editor; empty for the whole file.
        id: id of the element; empty if it has none.
        wrong: the problem.
        todo: the remedy.
    """

    file: str
    element: str
    id: str
    wrong: str
    todo: str

    def __str__(self) -> str:
        ids = f" ({self.id})" if self.id and self.id != self.element else ""
        where = f"{self.element}{ids}: ".lstrip() if self.element or ids else ""
        wrong = self.wrong if len(self.wrong) <= MAX_LENGTH else f"{self.wrong[:MAX_LENGTH]}…"
        return f"{self.file}: {where}{wrong}. {self.todo}."


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a hint with the most similar known name; empty if there is none."""
    close = get_close_matches(name, list(known), n=1)
    return f" (did you mean {close[0]}?)" if close else ""
