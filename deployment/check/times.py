"""Whether timers say times that the engine can read (ISO 8601)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deployment.check.declared import Declared
from deployment.check.diagram import BPMN, Diagram, Element
from deployment.check.finding import Finding
from deployment.check.juel import is_expression

DURATION = r"P(?!$)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?"
TIME = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?"
# by kind of timer, and what one looks like
TIMES = {
    "timeDuration": (DURATION, "a duration as in PT30M (30 minutes) or P2D (2 days)"),
    "timeCycle": (rf"R\d*/{DURATION}", "a repetition as in R3/PT1H (3 times, once an hour)"),
    "timeDate": (TIME, "a time as in 2020-03-20T09:00:00Z"),
}
OF_POLICY = re.compile(r"\$\{policy\.prop\([\"'](\w+)[\"']\)\.stringValue\(\)\}")


def findings(diagram: Diagram, declared: Declared) -> Iterator[Finding]:
    for element in diagram.nodes:
        for wrong, todo in _problems(element, declared):
            yield diagram.finding(element, wrong, todo)


def _problems(element: Element, declared: Declared) -> Iterator[tuple[str, str]]:
    timers = [child for child in element.node if child.tag == BPMN + "timerEventDefinition"]
    # a task's listener may have a timer, too
    timers += [child for child in element.node.iter(BPMN + "timerEventDefinition") if element.kind == "userTask"]
    for timer in timers:
        told = [(kind, (each.text or "").strip()) for kind in TIMES for each in timer.iter(BPMN + kind)]
        if not told:
            yield "its timer has no time", f"Give it {TIMES['timeDuration'][1]}"
        for kind, text in told:
            in_policy = OF_POLICY.fullmatch(text)
            value = declared.policy.get(in_policy[1]) if in_policy else text
            if isinstance(value, str) and not is_expression(value) and not re.fullmatch(TIMES[kind][0], value):
                yield f"“{value}” is no time that its timer can read", f"Write {TIMES[kind][1]}"
