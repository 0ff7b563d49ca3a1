"""Reports of a deployment's changes: as text, and as an HTML page with drawings of the diagrams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from camunda7.diagrams import Mark, Paint, draw_svg, read_planes
from camunda7.release.changes.blocked_cases import NO_SUCH_STEP
from camunda7.release.changes.difference import ADDED, CHANGED, REMOVED, Change
from camunda7.release.changes.running import OpenCases
from camunda7.xml import XmlError

SIGNS = {ADDED: "+", REMOVED: "-", CHANGED: "~"}
# the signs distinguish them without colour, too
PAINTS = {ADDED: Paint("#cce2d8"), REMOVED: Paint("#f4cdc6"), CHANGED: Paint("#fff7bf")}
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>What a deployment changes</title>
<style>body {{ font: 16px/1.5 Arial, sans-serif; margin: 2rem }} svg {{ max-width: 100%; height: auto }}
li {{ white-space: pre-wrap }}</style>
<h1>What a deployment changes</h1>
<p>Green and + is added, red and - is removed, yellow and ~ is changed.</p>
{body}
</html>
"""


@dataclass(frozen=True)
class ChangeMark:
    """Mark of an added, removed or changed element in a drawing."""

    how: str

    @property
    def text(self) -> str:
        return SIGNS[self.how]

    @property
    def paint(self) -> Paint:
        return PAINTS[self.how]


def as_text(changes: Sequence[Change], cases: Sequence[OpenCases]) -> Iterator[str]:
    """Yield lines with the changes by file, then with the steps of running cases."""
    for file, own in _by_file(changes).items():
        yield file
        yield from (f"  {SIGNS[change.how]} {change}" for change in own)
    for each in cases:
        yield from _describe_cases(each)
    yield from ["`make migrate` migrates those that can be migrated"] if cases else []


def _describe_cases(cases: OpenCases) -> Iterator[str]:
    steps = ", ".join(f"{count} at {step}" for step, count in sorted(cases.by_step.items()))
    line = f"{cases.name}: {cases.count} running cases stay on their version"
    yield f"{line} ({steps})" if steps else line
    if cases.blocked:
        yield f"  {cases.blocked_count} of them can't be migrated, and will end on it:"
        yield from (f"    {each.count} at {each.name}: {each.reason}" for each in cases.blocked)
    if any(each.reason == NO_SUCH_STEP for each in cases.blocked):
        yield "  If such a step has a new id, add it to processes/migration.yaml"


def as_page(changes: Sequence[Change], before: Mapping[str, bytes], after: Mapping[str, bytes]) -> str:
    """Return an HTML page with each file's changes, and its diagram before and after."""
    parts = []
    for file, own in _by_file(changes).items():
        lines = "".join(f"<li>{escape(f'{SIGNS[change.how]} {change}')}" for change in own)
        parts.append(f"<h2>{escape(file)}</h2><ul>{lines}</ul>")
        if file.endswith(".bpmn"):
            parts += _pictures("before", before.get(file), own, (REMOVED, CHANGED))
            parts += _pictures("after", after.get(file), own, (ADDED, CHANGED))
    return PAGE.format(body="\n".join(parts))


def _pictures(when: str, content: bytes | None, changes: Sequence[Change], shown: Sequence[str]) -> Iterator[str]:
    """Yield the drawings of a diagram's planes that have changes."""
    marks: dict[str, Mark] = {change.id: ChangeMark(change.how) for change in changes if change.how in shown}
    try:
        planes = read_planes(content) if content else []
    except XmlError as error:
        yield f"<p>{when}: not drawn, since the file can't be read ({escape(str(error))})</p>"
        return
    for plane in planes:
        marked = {each.element.id for each in plane.parts} & marks.keys()
        if marked:
            title = f"{plane.title}, {when}: {len(marked)} elements marked"
            yield f"<h3>{escape(title)}</h3>{draw_svg(plane, marks, title)}"


def _by_file(changes: Sequence[Change]) -> dict[str, list[Change]]:
    files = dict.fromkeys(change.file for change in changes)
    return {file: [change for change in changes if change.file == file] for file in files}
