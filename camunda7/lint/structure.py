"""Linter for the structure of diagrams: faults that the engine would deploy, but at which cases would stop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from camunda7.lint.diagram import BPMN, CAMUNDA, GATEWAYS, NODES, SCOPES, Diagram, Element
from camunda7.lint.finding import Finding

ASYNC_REASON = "asyncReason"
SET_ASYNC_AFTER = "Tick “Asynchronous continuations: After” at it"
DRAW = "Open the file in Camunda Modeler and draw it"
# prefix of ids, by the end of the element's kind
ID_PREFIXES = {
    "Event": "Event_",
    "Gateway": "Gateway_",
    "Task": "Task_",
    "callActivity": "Task_",
    "subProcess": "SubProcess_",
}
# attributes that bind a reference to the same deployment
BINDINGS = {"formRef": "formRefBinding", "decisionRef": "decisionRefBinding", "calledElement": "calledElementBinding"}


def findings(diagram: Diagram) -> Iterator[Finding]:
    """Lint a diagram's structure."""
    for rule in (
        _check_drawing,
        _check_reachability,
        _check_outgoing_flows,
        _check_conditions,
        _check_implementations,
        _check_asynchronous_continuations,
        _check_reasons_of_continuations,
        _check_boundary_events,
        _check_bindings,
        _check_decisions,
        _check_ids,
    ):
        yield from rule(diagram)


def _check_drawing(diagram: Diagram) -> Iterator[Finding]:
    """Check that each element is drawn, and that the diagram interchange isn't damaged."""
    if not diagram.picture.planes and not diagram.picture.faults:
        yield Finding(diagram.file, "", "", "it has no drawing", "Draw it in Camunda Modeler")
        return
    for element in [*diagram.nodes, *diagram.flows]:
        if element.id not in diagram.drawn:
            yield diagram.finding(element, "it is in the file, but isn't drawn", f"{DRAW}, or delete it")
    for fault in diagram.picture.faults:
        damaged = diagram.elements.get(fault.element)
        wrong, todo = f"the drawing is damaged: {fault.wrong}", f"{DRAW} again"
        if damaged:
            yield diagram.finding(damaged, wrong, todo)
        else:
            yield Finding(diagram.file, "", fault.id, wrong, todo)


def _check_reachability(diagram: Diagram) -> Iterator[Finding]:
    """Check that each flow node can be reached."""
    for scope in diagram.of("process", *SCOPES):
        nodes = [each for each in diagram.nodes if each.scope == scope.id]
        before = {each.id: _find_predecessors(diagram, each) for each in nodes}
        reached = _find_reachable({each.id for each in nodes if _is_start(diagram, each)}, before)
        lost = [each for each in nodes if each.id not in reached]
        # only the first of consecutive unreachable nodes is reported
        ids = {each.id for each in lost}
        first = [each for each in lost if not before[each.id] & ids]
        for each in first or lost:
            if each.link is not None and each.kind == "intermediateCatchEvent":
                yield diagram.finding(
                    each, f"there is no throwing link event {each.link}", "Give a throwing link event the same name"
                )
            elif each.compensates:
                todo = "Connect it with the compensation event by an association, or delete it"
                yield diagram.finding(each, "no compensation event is connected with it", todo)
            else:
                yield diagram.finding(each, "it can't be reached from a start event", "Connect it, or delete it")


def _find_reachable(starts: set[str], before: Mapping[str, set[str]]) -> set[str]:
    """Return the ids of the nodes that can be reached from these, given the predecessors of each node."""
    after: dict[str, list[str]] = {}
    for step, steps in before.items():
        for each in steps:
            after.setdefault(each, []).append(step)
    reached, ahead = set(starts), list(starts)
    while ahead:
        new = set(after.get(ahead.pop(), ())) - reached
        reached |= new
        ahead += new
    return reached


def _is_start(diagram: Diagram, node: Element) -> bool:
    """Whether execution can start at a node without a predecessor in its scope."""
    if node.kind == "startEvent" or node.node.get("triggeredByEvent") == "true":
        return True
    return _is_ad_hoc(diagram, node) and not node.compensates and not diagram.incoming(node)


def _is_ad_hoc(diagram: Diagram, node: Element) -> bool:
    """Whether a node is in an ad-hoc sub-process, where activities need no sequence flows."""
    scope = diagram.elements.get(node.scope)
    return scope is not None and scope.kind == "adHocSubProcess" and node.kind != "boundaryEvent"


def _find_predecessors(diagram: Diagram, node: Element) -> set[str]:
    """Return the ids of a node's predecessors: by sequence flow, boundary event, link or compensation."""
    found = {flow.node.get("sourceRef", "") for flow in diagram.incoming(node)} | {node.node.get("attachedToRef", "")}
    if node.link is not None and node.kind == "intermediateCatchEvent":
        links = diagram.of("intermediateThrowEvent")
        found |= {each.id for each in links if each.link == node.link and each.scope == node.scope}
    if node.compensates:
        found |= {event.id for event in diagram.of("boundaryEvent") if _is_compensation_handler(diagram, event, node)}
    return found


def _is_compensation_handler(diagram: Diagram, event: Element, handler: Element) -> bool:
    """Whether an association connects a compensation boundary event with this activity."""
    is_compensation = event.find_child("compensateEventDefinition") is not None
    return is_compensation and (event.id, handler.id) in diagram.associated


def _check_outgoing_flows(diagram: Diagram) -> Iterator[Finding]:
    """Check that each node other than an end event has a successor: by sequence flow, link or compensation."""
    for each in diagram.nodes:
        if diagram.outgoing(each) or each.kind == "endEvent" or each.node.get("triggeredByEvent") == "true":
            continue
        if each.kind == "intermediateThrowEvent" and each.link is not None:
            links = diagram.of("intermediateCatchEvent")
            if not any(other.link == each.link and other.scope == each.scope for other in links):
                wrong, todo = f"there is no catching link event {each.link}", "Give a catching link event the same name"
                yield diagram.finding(each, wrong, todo)
        elif each.kind == "boundaryEvent" and each.find_child("compensateEventDefinition") is not None:
            if not any(_is_compensation_handler(diagram, each, other) for other in diagram.nodes if other.compensates):
                wrong, todo = "no compensation activity is connected with it", "Connect it with one by an association"
                yield diagram.finding(each, wrong, todo)
        elif not each.compensates and not _is_ad_hoc(diagram, each):
            yield diagram.finding(
                each, "it has no outgoing sequence flow", "Connect it with the next step, or with an end event"
            )
    for flow in diagram.flows:
        for end in ("sourceRef", "targetRef"):
            if flow.node.get(end) not in diagram.elements:
                yield diagram.finding(flow, "its source or its target is missing", "Connect it, or delete it")


def _check_conditions(diagram: Diagram) -> Iterator[Finding]:
    for gateway in diagram.of("exclusiveGateway", "inclusiveGateway"):
        if gateway.node.get("default"):
            yield diagram.finding(
                gateway,
                "it has a default flow, which unforeseen cases would take unnoticed",
                "Give that flow a condition of its own",
            )
        ways = diagram.outgoing(gateway)
        for way in ways if len(ways) > 1 else []:
            if way.find_child("conditionExpression") is None and gateway.node.get("default") != way.id:
                yield diagram.finding(way, "it has no condition", "Write one that says when a case continues here")
    for flow in diagram.flows:
        source = diagram.elements.get(flow.node.get("sourceRef", ""))
        if flow.find_child("conditionExpression") is not None and source and source.kind not in GATEWAYS:
            yield diagram.finding(
                flow,
                "it has a condition, but doesn't come from a gateway",
                "Put a gateway before it: a case that no condition is true for would stop",
            )


def _check_implementations(diagram: Diagram) -> Iterator[Finding]:
    """Yield tasks without an implementation."""
    for task in diagram.of("task", "manualTask", "scriptTask"):
        yield diagram.finding(
            task,
            "it has no implementation: neither a form nor a worker",
            "Make it a user task with a form, a service task with a topic, or a decision",
        )
    for each in diagram.of("adHocSubProcess", "complexGateway"):
        yield diagram.finding(each, "the engine doesn't support it, and ignores it", f"Replace the {each.kind}")
    for task in diagram.of("serviceTask", "sendTask"):
        if task.camunda("type") != "external" or not task.topic:
            yield diagram.finding(
                task, "it has no topic, so that no worker handles it", "Make it external, and give it a topic"
            )
    for task in diagram.of("userTask"):
        if not task.camunda("formRef"):
            yield diagram.finding(task, "it has no form", "Name a form of forms/ as its Form reference")
    for process in diagram.processes:
        if process.node.get("isExecutable") != "true":
            yield diagram.finding(
                process, "it isn't executable, so that no case could be started", "Tick “Executable” at it"
            )


def _check_asynchronous_continuations(diagram: Diagram) -> Iterator[Finding]:
    """Check asyncAfter: without it an error after the node rolls its completion back, without an incident."""
    why = "an error after it would make each attempt to complete it fail, instead of raising an incident"
    for each in diagram.of("userTask", "startEvent", "serviceTask", "sendTask"):
        loop = each.find_child("multiInstanceLoopCharacteristics")
        inner = Element(loop, each.id) if loop is not None else each
        waits = each.kind != "startEvent" or (each.camunda("formRef") and each.definition is None)
        if waits and not (each.camunda("asyncAfter") == inner.camunda("asyncAfter") == "true"):
            yield diagram.finding(
                each, why, SET_ASYNC_AFTER + (", and at its multi-instance" if loop is not None else "")
            )


def _check_reasons_of_continuations(diagram: Diagram) -> Iterator[Finding]:
    """Check that a continuation has its reason beside it, unless _check_asynchronous_continuations requires it.

    Each costs the engine a job, a transaction and about twenty statements.
    """
    for each in diagram.nodes:
        is_wanted = each.kind == "userTask" or bool(each.topic or each.camunda("formRef"))
        unusual = ("asyncBefore",) if is_wanted else ("asyncBefore", "asyncAfter")
        if any(each.camunda(attribute) == "true" for attribute in unusual) and not _property(each, ASYNC_REASON):
            wrong = "it is an asynchronous continuation without a reason"
            yield diagram.finding(
                each, wrong, f"Enter the reason as the extension property “{ASYNC_REASON}”, or untick it"
            )


def _property(element: Element, name: str) -> str:
    """Return the value of an extension property; empty if there is none."""
    path = f"{BPMN}extensionElements/{CAMUNDA}properties/{CAMUNDA}property[@name='{name}']"
    found = element.node.find(path)
    return "" if found is None else found.get("value", "").strip()


def _check_boundary_events(diagram: Diagram) -> Iterator[Finding]:
    for event in diagram.of("boundaryEvent"):
        host = diagram.elements.get(event.node.get("attachedToRef", ""))
        if host is None or host.kind.endswith("Event"):
            where = (
                f"attached to {diagram.describe(host)}, which is an event" if host else "not attached to an activity"
            )
            yield diagram.finding(
                event, f"it is {where}", "Attach it to an activity; replace the event by a receive task"
            )
        if event.definition is None:
            yield diagram.finding(event, "it has no event definition", "Make it a timer, a message, an error …")


def _check_bindings(diagram: Diagram) -> Iterator[Finding]:
    for each in diagram.elements.values():
        for reference, binding in BINDINGS.items():
            if (each.camunda(reference) or each.node.get(reference)) and each.camunda(binding) != "deployment":
                yield diagram.finding(
                    each,
                    "it uses the latest version of what it refers to, also in older cases",
                    "Choose the binding “deployment”",
                )


def _check_decisions(diagram: Diagram) -> Iterator[Finding]:
    for task in diagram.of("businessRuleTask"):
        if not task.camunda("decisionRef"):
            yield diagram.finding(task, "it has no decision", "Name a decision of processes/ as its Decision reference")
        elif not _maps_result(task):
            yield diagram.finding(
                task,
                "the result of its decision isn't stored in a variable",
                "Give it a result variable and map it as singleEntry, or an output parameter of decisionResult",
            )


def _maps_result(task: Element) -> bool:
    if task.camunda("resultVariable"):
        return task.camunda("mapDecisionResult") == "singleEntry"
    return any(
        "decisionResult" in (each.text or "") for each in task.node.iter() if each.tag.endswith("outputParameter")
    )


def _check_ids(diagram: Diagram) -> Iterator[Finding]:
    """Check ids: unique, with a prefix for the kind, as they are in logs, tests and task filters."""
    ids = Counter(each.get("id", "") for each in diagram.root.iter() if each.tag.startswith(BPMN) and each.get("id"))
    for name in sorted(name for name, count in ids.items() if count > 1):
        yield Finding(diagram.file, "", name, f"{ids[name]} elements have this id", "Give each an id of its own")
    for node in diagram.root.iter():
        if node.tag.removeprefix(BPMN) in (*NODES, "process", "sequenceFlow") and not node.get("id"):
            name = node.get("name", "") or node.tag.removeprefix(BPMN)
            yield Finding(diagram.file, name, "", "it has no id", "Give it one")
    for each in diagram.nodes:
        prefix = next((prefix for kind, prefix in ID_PREFIXES.items() if each.kind.endswith(kind)), "")
        if not each.id.startswith(prefix):
            yield diagram.finding(each, f"its id is {each.id}", f"Begin the id with {prefix}")
    name = diagram.file.removesuffix(".bpmn")
    if name not in {process.id for process in diagram.processes}:
        wrong = "the file isn't named after its process"
        yield Finding(diagram.file, "", "", wrong, f"Give the process the id {name}, or rename the file")
