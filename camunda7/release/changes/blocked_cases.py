"""At which steps whoever stands there can't come along to the new version of a diagram, and why."""

from __future__ import annotations

from camunda7.lint.diagram import Diagram
from camunda7.release.hints import Hints

NO_SUCH_STEP = "the new version has no such step"


def reason_blocked(old: Diagram, step: str, new: Diagram, hints: Hints) -> str:
    """Why a case at a step of the older version stays under it; empty if nothing is in its way."""
    now = hints.now(step, new.elements)
    if now is None:
        return NO_SUCH_STEP
    if step in old.elements and old.elements[step].kind != new.elements[now].kind:
        return f"it is a {old.elements[step].kind}, and in the new version a {new.elements[now].kind}"
    return other_topic(old, step, new, now)


def other_topic(old: Diagram, step: str, new: Diagram, now: str) -> str:
    """The engine keeps the topic of an external task that is there: the worker of the new one would never get it."""
    before, after = old.elements.get(step), new.elements.get(now)
    if before and after and before.topic != after.topic:
        return f"waits for a worker of the topic {before.topic}, and the new version has {after.topic or 'none'} there"
    return ""
