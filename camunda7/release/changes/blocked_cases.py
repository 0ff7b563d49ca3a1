"""Steps whose cases can't be migrated to the new version of a diagram, and the reasons."""

from __future__ import annotations

from camunda7.lint.diagram import Diagram
from camunda7.release.hints import Hints

NO_SUCH_STEP = "the new version has no such step"


def reason_blocked(old: Diagram, step: str, new: Diagram, hints: Hints) -> str:
    """Return why a case at a step of the older version can't be migrated; empty if it can."""
    new_id = hints.new_id(step, new.elements)
    if new_id is None:
        return NO_SUCH_STEP
    if step in old.elements and old.elements[step].kind != new.elements[new_id].kind:
        return f"it is a {old.elements[step].kind}, and in the new version a {new.elements[new_id].kind}"
    return reason_other_topic(old, step, new, new_id)


def reason_other_topic(old: Diagram, step: str, new: Diagram, new_id: str) -> str:
    """Return why a changed topic blocks the migration: the engine keeps the topic of an existing external task."""
    before, after = old.elements.get(step), new.elements.get(new_id)
    if before and after and before.topic != after.topic:
        return f"waits for a worker of the topic {before.topic}, and the new version has {after.topic or 'none'} there"
    return ""
