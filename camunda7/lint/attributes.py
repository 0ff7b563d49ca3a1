"""Linter for the values of Camunda's extension attributes: history time to live, priorities, retries, multi-instance.

Source: ParseUtil and DurationHelper of Camunda 7.24. The engine refuses some invalid values at the deployment, others
at runtime; it logs and ignores an invalid retry time cycle.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from camunda7.expressions.juel import is_expression
from camunda7.lint.diagram import CAMUNDA, Diagram, Element
from camunda7.lint.finding import Finding
from camunda7.lint.times import is_cycle, is_duration

TIME_TO_LIVE = re.compile(r"P(\d+)D|\+?(\d+)", re.ASCII)
WHOLE = re.compile(r"[-+]?\d{1,10}", re.ASCII)
MAX_INTEGER = 2**31 - 1
PRIORITIES = ("priority", "jobPriority", "taskPriority")
SET_TIME_TO_LIVE = "Set its history time to live to P180D"
# problem, and remedy
Problem = tuple[str, str]


def findings(diagram: Diagram) -> Iterator[Finding]:
    """Lint a diagram's attributes."""
    for process in diagram.processes:
        for problem in check_time_to_live(process.node.get(CAMUNDA + "historyTimeToLive")):
            yield diagram.finding(process, *problem)
    for element in diagram.elements.values():
        for problem in (*_check_priorities(element), *_check_retries(element), *_check_multi_instance(element)):
            yield diagram.finding(element, *problem)


def check_time_to_live(text: str | None) -> Iterator[Problem]:
    """Check the history time to live of a process or decision."""
    if not text:
        yield "it has no history time to live", SET_TIME_TO_LIVE
        return
    found = TIME_TO_LIVE.fullmatch(text)
    if not found or int((found[1] or found[2])[:20]) > MAX_INTEGER:
        yield f"its history time to live is “{text[:40]}” instead of a number of days", SET_TIME_TO_LIVE


def _check_priorities(element: Element) -> Iterator[Problem]:
    for name in PRIORITIES:
        text = element.node.get(CAMUNDA + name)
        # the engine ignores an empty priority of a user task, and refuses an empty one of jobs
        if text is None or (not text and name == "priority") or is_expression(text):
            continue
        if not WHOLE.fullmatch(text) or abs(int(text)) > MAX_INTEGER:
            yield f"its {name} is “{text[:40]}” instead of a whole number", "Write one as in 50, or an expression"


def _check_retries(element: Element) -> Iterator[Problem]:
    """Check the retry time cycles of an element and of its multi-instance."""
    loop = element.find_child("multiInstanceLoopCharacteristics")
    for node in (element.node, *([loop] if loop is not None else [])):
        for found in node.findall(f"{{*}}extensionElements/{CAMUNDA}failedJobRetryTimeCycle"):
            text = (found.text or "").strip()
            if text and not is_expression(text) and not all(_is_retry(part.strip()) for part in text.split(",")):
                wrong = f"its retry time cycle is “{text[:40]}”, which the engine can't read"
                yield wrong, "Write a repetition as in R3/PT10M (3 times, every 10 minutes), or times as in PT1M,PT10M"


def _is_retry(text: str) -> bool:
    return is_duration(text) or (text.startswith("R") and is_cycle(text))


def _check_multi_instance(element: Element) -> Iterator[Problem]:
    loop = element.find_child("multiInstanceLoopCharacteristics")
    if loop is None or loop.get(CAMUNDA + "collection"):
        return
    if all(loop.find(f"{{*}}{tag}") is None for tag in ("loopCardinality", "loopDataInputRef")):
        yield "its multi-instance has neither a collection nor a loop cardinality", "Give it one of them"
