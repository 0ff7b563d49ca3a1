"""What a deployment changes, told: as text, and as a page with the diagrams drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from camunda7.diagrams import Mark, Paint, drawn, planes_of
from camunda7.release.changes.blocked_cases import NO_SUCH_STEP
from camunda7.release.changes.difference import ADDED, CHANGED, REMOVED, Change
from camunda7.release.changes.running import Open
from camunda7.xml import XmlError

SIGNS = {ADDED: "+", REMOVED: "-", CHANGED: "~"}
# told apart by the sign as well
PAINTS = {ADDED: Paint("#cce2d8"), REMOVED: Paint("#f4cdc6"), CHANGED: Paint("#fff7bf")}
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>What a deployment changes</title>
<style>body {{ font: 16px/1.5 Arial, sans-serif; margin: 2rem }} svg {{ max-width: 100%; height: auto }}
li {{ white-space: pre-wrap }}</style>
<h1>What a deployment changes</h1>
<p>Green and + is new, red and - is gone, yellow and ~ is another.</p>
{body}
</html>
"""


@dataclass(frozen=True)
class Changed:
    """A mark on an element that is new, gone or another."""

    how: str

    @property
    def text(self) -> str:
        return SIGNS[self.how]

    @property
    def paint(self) -> Paint:
        return PAINTS[self.how]


def as_text(changes: Sequence[Change], cases: Sequence[Open]) -> Iterator[str]:
    """Lines: what differs, file by file; then where open cases stand."""
    for file, own in _by_file(changes).items():
        yield file
        yield from (f"  {SIGNS[change.how]} {change}" for change in own)
    for each in cases:
        yield from _told(each)
    yield from ["`make migrate` brings along those that can come"] if cases else []


def _told(cases: Open) -> Iterator[str]:
    at = ", ".join(f"{count} at {step}" for step, count in sorted(cases.at.items()))
    told = f"{cases.name}: {cases.count} open cases go on under the version with which they began"
    yield f"{told} ({at})" if at else told
    if cases.stuck:
        yield f"  {cases.stay} of them can't come along, and will end as they began:"
        yield from (f"    {each.count} at {each.name}: {each.why}" for each in cases.stuck)
    if any(each.why == NO_SUCH_STEP for each in cases.stuck):
        yield "  If such a step is called otherwise now, say so in processes/migration.yaml"


def as_page(changes: Sequence[Change], before: Mapping[str, bytes], after: Mapping[str, bytes]) -> str:
    """An HTML page: of each file what differs, and its diagram before and after."""
    parts = []
    for file, own in _by_file(changes).items():
        lines = "".join(f"<li>{escape(f'{SIGNS[change.how]} {change}')}" for change in own)
        parts.append(f"<h2>{escape(file)}</h2><ul>{lines}</ul>")
        if file.endswith(".bpmn"):
            parts += _pictures("before", before.get(file), own, (REMOVED, CHANGED))
            parts += _pictures("after", after.get(file), own, (ADDED, CHANGED))
    return PAGE.format(body="\n".join(parts))


def _pictures(when: str, content: bytes | None, changes: Sequence[Change], shown: Sequence[str]) -> Iterator[str]:
    """The planes of a diagram on which something is to be seen."""
    marks: dict[str, Mark] = {change.id: Changed(change.how) for change in changes if change.how in shown}
    try:
        planes = planes_of(content) if content else []
    except XmlError as error:
        yield f"<p>{when}: not drawn, since the file can't be read ({escape(str(error))})</p>"
        return
    for plane in planes:
        here = {each.element.id for each in plane.parts} & marks.keys()
        if here:
            names = f"{plane.title}, {when}: {len(here)} elements marked"
            yield f"<h3>{escape(names)}</h3>{drawn(plane, marks, names)}"


def _by_file(changes: Sequence[Change]) -> dict[str, list[Change]]:
    files = dict.fromkeys(change.file for change in changes)
    return {file: [change for change in changes if change.file == file] for file in files}
