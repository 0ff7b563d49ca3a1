"""Generate docs/pathway.md, for process managers, from the diagrams: `python -m tools.pathway > docs/pathway.md`.

Descriptions are the elements' documentation in the diagrams; times are those of config/default.yaml.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import yaml

from processes import elements

ROOT = Path(__file__).parent.parent
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
BPMNDI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
CAMUNDA = "{http://camunda.org/schema/1.0/bpmn}"
INTRODUCTION = """# The pathway, in plain words

For process managers. Written by `make pathway` from the diagrams in `processes/`, so change them, not this page; a test
compares the two. Times are the defaults of `config/default.yaml`; a case keeps the values of its start.
"""
WORKERS = "a worker"
ACTIVITIES = ("userTask", "serviceTask", "receiveTask", "businessRuleTask", "callActivity", "subProcess")
EVENTS = ("startEvent", "boundaryEvent", "intermediateCatchEvent", "intermediateThrowEvent")
UNITS = {"D": "day", "H": "hour", "M": "minute", "S": "second"}


class Process:
    """A process of a diagram, and its description in Markdown."""

    def __init__(self, path: Path, policy: dict[str, str]):
        self._tree = ElementTree.parse(path).getroot()  # noqa: S314 - our own files
        self._policy = policy
        process = self._tree.find(f"{BPMN}process")
        assert process is not None, f"{path} has no process"
        self.process = process
        self._names = {
            element.get("id", ""): element.get("name", "") for element in self.process.iter() if element.get("id")
        }
        self._lanes = {
            reference.text or "": lane.get("name", "")
            for lane in self.process.iter(f"{BPMN}lane")
            for reference in lane.iter(f"{BPMN}flowNodeRef")
        }
        for parent in self.process.iter(f"{BPMN}subProcess"):
            for child in parent.iter():
                if child.get("id") and child is not parent:
                    self._lanes.setdefault(child.get("id", ""), self._lanes.get(parent.get("id", ""), ""))
        self._messages = {message.get("id"): message.get("name") for message in self._tree.iter(f"{BPMN}message")}

    def page(self) -> Iterator[str]:
        name = self.process.get("id", "")
        yield f"\n## {self.process.get('name')}\n"
        yield f"{self._documentation(self.process)}\n"
        yield f"![{self.process.get('name')}](screenshots/{name}.png)\n"
        for plane in self._planes():
            part = plane.get("id", "").removeprefix("SubProcess_")
            yield f"{plane.get('name')}:\n\n![{plane.get('name')}](screenshots/{name}-{part}.png)\n"
        yield from _table("Steps", ("step", "who", "what"), self._steps())
        yield from _table("Decisions", ("question", "answers", "what it is about"), self._decisions())
        yield from _table("Timers, messages and errors", ("event", "when", "what"), self._events())
        yield from _table("Ends", ("end", "what"), self._ends())

    def _planes(self) -> list[ElementTree.Element]:
        """Return the collapsed sub-processes, which have a plane of their own."""
        drawn = {plane.get("bpmnElement") for plane in self._tree.iter(f"{BPMNDI}BPMNPlane")}
        return [element for element in self.process.iter(f"{BPMN}subProcess") if element.get("id") in drawn]

    def _steps(self) -> Iterator[tuple[str, ...]]:
        for element in self._elements(*ACTIVITIES):
            yield element.get("name", ""), self._who(element), self._documentation(element)

    def _decisions(self) -> Iterator[tuple[str, ...]]:
        for element in self._elements("exclusiveGateway"):
            answers = [
                f"{flow.get('name')} → {self._next(flow.get('targetRef', ''))}"
                for flow in self.process.iter(f"{BPMN}sequenceFlow")
                if flow.get("sourceRef") == element.get("id") and flow.get("name")
            ]
            yield element.get("name", ""), "<br>".join(answers), self._documentation(element)

    def _events(self) -> Iterator[tuple[str, ...]]:
        for element in self._elements(*EVENTS):
            yield element.get("name", ""), self._when(element), self._documentation(element)
        for element in self._elements("userTask"):
            for listener in element.iter(f"{CAMUNDA}taskListener"):
                if listener.get("event") == "timeout":
                    when = f"during “{element.get('name')}”, {self._timer(listener[0])}, without interrupting it"
                    yield element.get("name", ""), when, _effect(listener.get("expression", ""))

    def _ends(self) -> Iterator[tuple[str, ...]]:
        for element in self._elements("endEvent"):
            yield element.get("name", ""), self._documentation(element)

    def _elements(self, *tags: str) -> Iterator[ElementTree.Element]:
        for element in self.process.iter():
            if element.tag.removeprefix(BPMN) in tags and element.get("name"):
                yield element

    def _who(self, element: ElementTree.Element) -> str:
        groups = element.get(CAMUNDA + "candidateGroups")
        lane = self._lanes.get(element.get("id", ""), "")
        if element.tag == f"{BPMN}userTask":
            return groups.replace("-", " ") if groups else lane.lower()
        if element.get(CAMUNDA + "topic"):
            return f"{WORKERS} (`{element.get(CAMUNDA + 'topic')}`)"
        return {"receiveTask": lane.lower(), "callActivity": "a process of its own"}.get(
            element.tag.removeprefix(BPMN), "the engine"
        )

    def _when(self, element: ElementTree.Element) -> str:
        parts = []
        if element.get("attachedToRef"):
            parts.append(f"during “{self._names[element.get('attachedToRef', '')]}”")
        for definition in element:
            kind = definition.tag.removeprefix(BPMN).removesuffix("EventDefinition")
            if kind == "timer":
                parts.append(self._timer(definition))
            elif kind == "message" and not definition.get(CAMUNDA + "topic"):
                parts.append(f"message `{self._messages[definition.get('messageRef')]}`")
            elif kind == "message":
                parts.append(f"{WORKERS} (`{definition.get(CAMUNDA + 'topic')}`)")
            elif kind in ("error", "escalation"):
                parts.append(kind)
        if element.get("cancelActivity") == "false" or element.get("isInterrupting") == "false":
            parts.append("without interrupting it")
        return ", ".join(parts)

    def _timer(self, definition: ElementTree.Element) -> str:
        text = definition[0].text or ""
        setting = re.search(r'policy\.prop\("(\w+)"\)', text)
        if not setting:
            return f"at `{text.strip('${}')}`"
        return f"{_format_time(self._policy[setting[1]])} (`{setting[1]}`)"

    def _next(self, reference: str) -> str:
        """Return the name of the element, or of the first one after it that has a name."""
        while not self._names.get(reference):
            reference = next(
                flow.get("targetRef", "")
                for flow in self.process.iter(f"{BPMN}sequenceFlow")
                if flow.get("sourceRef") == reference
            )
        return self._names[reference]

    @staticmethod
    def _documentation(element: ElementTree.Element) -> str:
        return (element.findtext(f"{BPMN}documentation") or "").strip()


def _effect(expression: str) -> str:
    """Describe the effect of a task's timer by its expression."""
    group = re.search(r"addCandidateGroup\('([\w-]+)'\)", expression)
    if group:
        return f"The task is for the {group[1].replace('-', ' ')} too, who may call and fill it in."
    if "setPriority" in expression:
        return "The task's priority rises by 1."
    raise ValueError(f"no description for {expression}")


def _format_time(time: str) -> str:
    """Format an ISO 8601 duration or repetition: `after 1 hour`, `each 6 hours, 30 times at most`."""
    times, _, duration = time.rpartition("/")
    if times:
        return f"each {_format_duration(duration)}, {times.removeprefix('R')} times at most"
    return f"after {_format_duration(duration)}"


def _format_duration(duration: str) -> str:
    found = re.findall(r"(\d+)([DHMS])", duration)
    return " ".join(f"{number} {UNITS[unit]}{'' if number == '1' else 's'}" for number, unit in found)


def _table(title: str, columns: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    if lines:
        yield f"### {title}\n"
        yield "| " + " | ".join(columns) + " |"
        yield "|" + " --- |" * len(columns)
        yield from lines
        yield ""


def render_page() -> str:
    """Render the whole page."""
    policy = yaml.safe_load((ROOT / "config" / "default.yaml").read_text())["policy"]
    lines = [INTRODUCTION]
    for name in elements.Process:
        lines += Process(ROOT / "processes" / f"{name}.bpmn", policy).page()
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    print(render_page(), end="")
