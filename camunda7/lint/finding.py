"""What is wrong with a file, in words for whoever changes diagrams, decisions and forms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

# what is wrong may quote a whole text of the file
MAX_LENGTH = 500


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that would not work.

    Attributes:
        file: its name.
        element: the label of the step, field or row, as its editor shows it; empty where it is of the whole file.
        id: of the element, empty where there is none.
        wrong: what is wrong.
        todo: what to do about it.
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


def like(name: str, known: Iterable[str]) -> str:
    """A hint at what may have been meant: nothing, or the name that it is like."""
    close = get_close_matches(name, list(known), n=1)
    return f" (is {close[0]} meant?)" if close else ""
