"""Whether events meet: messages, errors, escalations and signals are sent or thrown, and somewhere gone on from."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from xml.etree import ElementTree

from camunda7.lint.declared import Declared
from camunda7.lint.diagram import Diagram, Element
from camunda7.lint.files import Files
from camunda7.lint.finding import Finding, like

CATCHING = ("startEvent", "boundaryEvent", "intermediateCatchEvent", "receiveTask")
THROWING = ("endEvent", "intermediateThrowEvent", "sendTask")
KINDS = ("message", "error", "escalation", "signal")
# a decision that fails throws a Java exception, which Camunda matches by the name of its class
JAVA_EXCEPTION = "java.lang.RuntimeException"


def findings(files: Files, declared: Declared) -> Iterator[Finding]:
    for diagram in files.diagrams:
        yield from _kinds(diagram)
        yield from _messages(diagram, declared)
        yield from _errors(diagram, files, declared)
        yield from _escalations(diagram, files)
    yield from _unawaited(files, declared)


def _unawaited(files: Files, declared: Declared) -> Iterator[Finding]:
    awaited = {
        refers_to(diagram, each, "message")
        for diagram in files.diagrams
        for each in diagram.nodes
        if each.kind in CATCHING
    }
    for message in sorted(set(declared.messages) - awaited):
        wrong, todo = "no case waits for this message", "Give it an event, or delete it"
        yield Finding("processes/elements.py", message, "", wrong, todo)


def _errors(diagram: Diagram, files: Files, declared: Declared) -> Iterator[Finding]:
    codes = {code for of_topic in declared.topics.values() for code in of_topic} | _thrown(files, "error")
    for each in diagram.nodes:
        for code in declared.topics.get(each.topic, ()):
            if not _is_caught(diagram, each, "error", code, files):
                yield diagram.finding(
                    each,
                    f"its worker may report the error {code}, which nothing here goes on from",
                    f"Put an error event with the code {code} at its edge",
                )
        caught = refers_to(diagram, each, "error")
        if each.kind in CATCHING and caught and caught not in codes | {JAVA_EXCEPTION}:
            wrong = f"no worker or event throws an error with the code {caught}{like(caught, codes)}"
            yield diagram.finding(each, wrong, "Correct the code, or declare it in processes/errors.py")


def _messages(diagram: Diagram, declared: Declared) -> Iterator[Finding]:
    for each in diagram.nodes:
        waits = each.kind == "receiveTask" or (each.kind in CATCHING and _definition(each, "message") is not None)
        if not waits:
            continue
        message = refers_to(diagram, each, "message")
        if not message:
            yield diagram.finding(each, "it doesn't say which message it waits for", "Choose the message")
        elif message not in declared.messages:
            wrong = f"the platform doesn't send the message {message}{like(message, declared.messages)}"
            yield diagram.finding(each, wrong, "Correct its name, or declare it in processes/elements.py and send it")


def _kinds(diagram: Diagram) -> Iterator[Finding]:
    """Events that refer to a message, an error … of the file that isn't in it."""
    for each in diagram.nodes:
        for kind in KINDS:
            named = _reference(each, kind)
            if named and named not in diagram.declared(kind):
                yield diagram.finding(each, f"its {kind} {named} isn't in the file", f"Choose the {kind} once more")


def _escalations(diagram: Diagram, files: Files) -> Iterator[Finding]:
    """Escalations and signals: what is thrown is caught, what is caught is thrown."""
    for each in diagram.nodes:
        for kind in ("escalation", "signal"):
            said = refers_to(diagram, each, kind)
            if not said:
                continue
            if each.kind in THROWING and not _is_caught(diagram, each, kind, said, files):
                yield diagram.finding(
                    each, f"nothing goes on from the {kind} {said}", f"Catch it, or delete the {kind}"
                )
            thrown = _thrown(files, kind)
            if each.kind in CATCHING and said not in thrown:
                wrong = f"nothing throws the {kind} {said}{like(said, thrown)}"
                yield diagram.finding(each, wrong, f"Correct its name, or delete the {kind}")


def _definition(element: Element, kind: str) -> ElementTree.Element | None:
    return element.has(f"{kind}EventDefinition")


def _reference(element: Element, kind: str) -> str:
    """The id of the message, error, escalation or signal that an event or task refers to; empty for none."""
    source = element.node if element.kind == "receiveTask" else _definition(element, kind)
    return source.get(f"{kind}Ref", "") if source is not None else ""


def refers_to(diagram: Diagram, element: Element, kind: str) -> str:
    """The message's or signal's name, or the code of the error or escalation, that it refers to; empty for none."""
    named = diagram.declared(kind).get(_reference(element, kind))
    if named is None:
        return ""
    return named.get("name" if kind in ("message", "signal") else f"{kind}Code", "")


def _thrown(files: Files, kind: str) -> set[str]:
    return {
        refers_to(diagram, each, kind) for diagram in files.diagrams for each in diagram.nodes if each.kind in THROWING
    } - {""}


def _is_caught(
    diagram: Diagram, element: Element, kind: str, said: str, files: Files, calls: tuple[str, ...] = ()
) -> bool:
    """Whether an event at the edge of the step, or of what it lies in, or in it, goes on from this.

    Args:
        calls: ids of the processes looked at already, which may call each other in a circle.
    """
    if kind == "signal":
        return any(_catches(other, each, kind, said) for other in files.diagrams for each in other.nodes)
    at, scope = element.id, element.scope
    while at:
        if any(each.node.get("attachedToRef") == at and _catches(diagram, each, kind, said) for each in diagram.nodes):
            return True
        within = [each for each in diagram.nodes if each.kind == "startEvent" and _is_beside(diagram, each, scope)]
        if any(_catches(diagram, each, kind, said) for each in within):
            return True
        at, scope = scope, diagram.elements[scope].scope if scope else ""
        if at in {each.id for each in diagram.processes}:
            if at in calls:
                return False
            return any(_is_caught(other, call, kind, said, files, (*calls, at)) for other, call in _calls(files, at))
    return False


def _is_beside(diagram: Diagram, start: Element, scope: str) -> bool:
    """Whether a start is that of an event sub-process in this scope."""
    event = diagram.elements[start.scope]
    return event.node.get("triggeredByEvent") == "true" and event.scope == scope


def _catches(diagram: Diagram, element: Element, kind: str, said: str) -> bool:
    """An event without a code catches all."""
    if element.kind not in CATCHING or _definition(element, kind) is None:
        return False
    return not _reference(element, kind) or refers_to(diagram, element, kind) == said


def _calls(files: Files, process: str) -> Collection[tuple[Diagram, Element]]:
    """Where a diagram is called."""
    return [
        (diagram, each)
        for diagram in files.diagrams
        for each in diagram.of("callActivity")
        if each.node.get("calledElement") == process
    ]
