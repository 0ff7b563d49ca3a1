"""Merges a page's post into earlier posts, with rows added to and removed from lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from camunda7.forms.moments import DATE_PARTS, DAY_CHOICE
from camunda7.forms.schema import INPUTS, Component

# names of the pages' own controls
SHOWN, ADD, REMOVE = "shown", "add", "remove"
MAX_ROWS = 50


@dataclass(frozen=True)
class MergedPost:
    """Merged posts of a form's pages.

    Attributes:
        posted: posted texts, by name of the input.
        rows_changed: whether a row was added or removed, so that the page must be rendered again.
        dropped: number of posted fields that the page doesn't have.
    """

    posted: MultiDict[str, str]
    rows_changed: bool
    dropped: int


def merge_post(
    before: MultiDict[str, str], components: tuple[Component, ...], posted: MultiDict[str, str]
) -> MergedPost:
    """Merge a post of these components into the earlier posts."""
    posted = MultiDict(posted)
    rows_changed = _change_rows(posted, components)
    now: MultiDict[str, str] = MultiDict()
    for name in _posted_names(components, posted):
        now.setlist(name, posted.getlist(name))
    after: MultiDict[str, str] = MultiDict()
    earlier = set(_posted_names(components, before))
    for name in before:
        if name not in earlier and name != SHOWN:
            after.setlist(name, before.getlist(name))
    after.update(now)
    names = _names(components, posted)
    seen = [name for name in posted.getlist(SHOWN) if name in names]
    for name in dict.fromkeys([*before.getlist(SHOWN), *seen]):
        after.add(SHOWN, name)
    return MergedPost(after, rows_changed, len(set(posted) - set(now) - {SHOWN, ADD, REMOVE}))


def row_count(posted: MultiDict[str, str], name: str) -> int:
    """Return the posted number of rows of a list; 1 if it is missing or invalid."""
    count = posted.get(f"{name}-rows", "")
    is_number = count.isascii() and count.isdigit() and len(count) < 5
    return min(int(count), MAX_ROWS) if is_number else 1


def _posted_names(components: tuple[Component, ...], posted: MultiDict[str, str]) -> Iterator[str]:
    """Yield the posted names that are controls of these components."""
    for component, name in _inputs(components, posted):
        suffixes = [""]
        if component.type == "datetime":
            suffixes = [*(f"-{part}" for part in DATE_PARTS), "-time", DAY_CHOICE]
        elif component.repeats:
            suffixes = ["-rows"]
        yield from (name + suffix for suffix in suffixes if name + suffix in posted)


def _names(components: tuple[Component, ...], posted: MultiDict[str, str]) -> set[str]:
    return {name for _, name in _inputs(components, posted)}


def _inputs(
    components: tuple[Component, ...], posted: MultiDict[str, str], prefix: str = ""
) -> Iterator[tuple[Component, str]]:
    """Yield inputs and lists with their names; those in a list for each posted row."""
    for component in components:
        name = prefix + component.name
        if component.repeats:
            yield component, name
            for row in range(row_count(posted, name)):
                yield from _inputs(component.children, posted, f"{name}-{row}-")
        elif component.children:
            yield from _inputs(component.children, posted, f"{name}." if component.path else prefix)
            if component.has_none_of_these:
                yield component, prefix + component.none_name
        elif component.type in INPUTS:
            yield component, name


def _change_rows(posted: MultiDict[str, str], components: tuple[Component, ...]) -> bool:
    """Add a row to a list (button add=NAME) or remove one (button remove=NAME-ROW)."""
    lists = {name for component, name in _inputs(components, posted) if component.repeats}
    if posted.get(ADD) in lists:
        _count(posted, posted[ADD], +1)
        return True
    name, _, row = posted.get(REMOVE, "").rpartition("-")
    if name not in lists or not (row.isascii() and row.isdigit() and int(row[:6]) < row_count(posted, name)):
        return False
    for old in _of_row(posted, name, int(row)):
        del posted[old]
    _remove_shown(posted, name, row_count(posted, name) - 1)
    for number in range(int(row) + 1, row_count(posted, name)):
        for old in _of_row(posted, name, number):
            posted.setlist(f"{name}-{number - 1}-" + old.removeprefix(f"{name}-{number}-"), posted.poplist(old))
    _count(posted, name, -1)
    return True


def _of_row(posted: MultiDict[str, str], name: str, row: int) -> list[str]:
    return [control for control in posted if control.startswith(f"{name}-{row}-")]


def _remove_shown(posted: MultiDict[str, str], name: str, last: int) -> None:
    kept = [each for each in posted.getlist(SHOWN) if not each.startswith(f"{name}-{last}-")]
    posted.setlist(SHOWN, kept)


def _count(posted: MultiDict[str, str], name: str, change: int) -> None:
    posted[f"{name}-rows"] = str(max(1, min(MAX_ROWS, row_count(posted, name) + change)))
