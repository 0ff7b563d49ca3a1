"""Linter for events: each message, error, escalation and signal is thrown somewhere, and caught somewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from xml.etree import ElementTree

from camunda7.lint.declared import Declared
from camunda7.lint.diagram import Diagram, Element
from camunda7.lint.files import Files
from camunda7.lint.finding import Finding, did_you_mean

CATCHING = ("startEvent", "boundaryEvent", "intermediateCatchEvent", "receiveTask")
THROWING = ("endEvent", "intermediateThrowEvent", "sendTask")
KINDS = ("message", "error", "escalation", "signal")
# a decision that fails throws a Java exception, which Camunda matches by the name of its class
JAVA_EXCEPTION = "java.lang.RuntimeException"


def findings(files: Files, declared: Declared) -> Iterator[Finding]:
    for diagram in files.diagrams:
        yield from _check_references(diagram)
        yield from _check_messages(diagram, declared)
        yield from _check_errors(diagram, files, declared)
        yield from _check_escalations_and_signals(diagram, files)
    yield from _check_unreceived_messages(files, declared)


def _check_unreceived_messages(files: Files, declared: Declared) -> Iterator[Finding]:
    received = {
        referenced_name(diagram, each, "message")
        for diagram in files.diagrams
        for each in diagram.nodes
        if each.kind in CATCHING
    }
    for message in sorted(set(declared.messages) - received):
        wrong, todo = "no event or task receives this message", "Add one that receives it, or delete the message"
        yield Finding("processes/elements.py", message, "", wrong, todo)


def _check_errors(diagram: Diagram, files: Files, declared: Declared) -> Iterator[Finding]:
    codes = {code for of_topic in declared.topics.values() for code in of_topic} | _find_thrown(files, "error")
    for each in diagram.nodes:
        for code in declared.topics.get(each.topic, ()):
            if not _is_caught(diagram, each, "error", code, files):
                yield diagram.finding(
                    each,
                    f"its worker may report the error {code}, which no event catches",
                    f"Attach an error event with the code {code} to it",
                )
        caught = referenced_name(diagram, each, "error")
        if each.kind in CATCHING and caught and caught not in codes | {JAVA_EXCEPTION}:
            wrong = f"no worker or event throws an error with the code {caught}{did_you_mean(caught, codes)}"
            yield diagram.finding(each, wrong, "Correct the code, or declare it in processes/errors.py")


def _check_messages(diagram: Diagram, declared: Declared) -> Iterator[Finding]:
    for each in diagram.nodes:
        waits = each.kind == "receiveTask" or (each.kind in CATCHING and _definition(each, "message") is not None)
        if not waits:
            continue
        message = referenced_name(diagram, each, "message")
        if not message:
            yield diagram.finding(each, "it has no message", "Choose the message that it receives")
        elif message not in declared.messages:
            wrong = f"the platform doesn't send the message {message}{did_you_mean(message, declared.messages)}"
            yield diagram.finding(each, wrong, "Correct its name, or declare it in processes/elements.py and send it")


def _check_references(diagram: Diagram) -> Iterator[Finding]:
    """Check that the messages, errors, escalations and signals to which events refer are in the file."""
    for each in diagram.nodes:
        for kind in KINDS:
            reference = _reference(each, kind)
            if reference and reference not in diagram.declared(kind):
                yield diagram.finding(each, f"its {kind} {reference} isn't in the file", f"Choose the {kind} again")


def _check_escalations_and_signals(diagram: Diagram, files: Files) -> Iterator[Finding]:
    """Check that each thrown escalation or signal is caught, and each caught one is thrown."""
    for each in diagram.nodes:
        for kind in ("escalation", "signal"):
            name = referenced_name(diagram, each, kind)
            if not name:
                continue
            if each.kind in THROWING and not _is_caught(diagram, each, kind, name, files):
                yield diagram.finding(each, f"no event catches the {kind} {name}", f"Catch it, or delete the {kind}")
            thrown = _find_thrown(files, kind)
            if each.kind in CATCHING and name not in thrown:
                wrong = f"no event throws the {kind} {name}{did_you_mean(name, thrown)}"
                yield diagram.finding(each, wrong, f"Correct its name, or delete the {kind}")


def _definition(element: Element, kind: str) -> ElementTree.Element | None:
    return element.find_child(f"{kind}EventDefinition")


def _reference(element: Element, kind: str) -> str:
    """Return the id of the message, error, escalation or signal of an event or receive task; empty if none."""
    source = element.node if element.kind == "receiveTask" else _definition(element, kind)
    return source.get(f"{kind}Ref", "") if source is not None else ""


def referenced_name(diagram: Diagram, element: Element, kind: str) -> str:
    """Return the name of an element's message or signal, or the code of its error or escalation; empty if none."""
    reference = diagram.declared(kind).get(_reference(element, kind))
    if reference is None:
        return ""
    return reference.get("name" if kind in ("message", "signal") else f"{kind}Code", "")


def _find_thrown(files: Files, kind: str) -> set[str]:
    return {
        referenced_name(diagram, each, kind)
        for diagram in files.diagrams
        for each in diagram.nodes
        if each.kind in THROWING
    } - {""}


def _is_caught(
    diagram: Diagram, element: Element, kind: str, name: str, files: Files, visited: tuple[str, ...] = ()
) -> bool:
    """Whether an element's error, escalation or signal is caught.

    By a boundary event of the element, of a scope that contains it or of a calling call activity, or by an event
    sub-process of such a scope. A signal is caught anywhere.

    Args:
        name: name of the signal, or code of the error or escalation.
        visited: ids of visited processes, which may call each other in a circle.
    """
    if kind == "signal":
        return any(_catches(other, each, kind, name) for other in files.diagrams for each in other.nodes)
    at, scope = element.id, element.scope
    while at:
        if any(each.node.get("attachedToRef") == at and _catches(diagram, each, kind, name) for each in diagram.nodes):
            return True
        starts = [
            each
            for each in diagram.nodes
            if each.kind == "startEvent" and _starts_event_subprocess(diagram, each, scope)
        ]
        if any(_catches(diagram, each, kind, name) for each in starts):
            return True
        at, scope = scope, diagram.elements[scope].scope if scope else ""
        if at in {each.id for each in diagram.processes}:
            if at in visited:
                return False
            return any(
                _is_caught(other, call, kind, name, files, (*visited, at))
                for other, call in _call_activities(files, at)
            )
    return False


def _starts_event_subprocess(diagram: Diagram, start: Element, scope: str) -> bool:
    """Whether a start event is that of an event sub-process in this scope."""
    event = diagram.elements[start.scope]
    return event.node.get("triggeredByEvent") == "true" and event.scope == scope


def _catches(diagram: Diagram, element: Element, kind: str, name: str) -> bool:
    """Whether an element catches this name or code; an event without a reference catches all."""
    if element.kind not in CATCHING or _definition(element, kind) is None:
        return False
    return not _reference(element, kind) or referenced_name(diagram, element, kind) == name


def _call_activities(files: Files, process: str) -> Collection[tuple[Diagram, Element]]:
    """Return the call activities of a process, with their diagrams."""
    return [
        (diagram, each)
        for diagram in files.diagrams
        for each in diagram.of("callActivity")
        if each.node.get("calledElement") == process
    ]
