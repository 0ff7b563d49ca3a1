"""Flow nodes and sequence flows of the diagrams that no case has passed, from the engine's history.

The history has flow nodes, but no sequence flows. A flow counts as taken if the nodes allow no other conclusion: its
source was completed and has no other outgoing flow, or its target was entered and has no other incoming flow, or its
target is the only one of the source's targets that the case reached, or was entered next after the source in the same
scope.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config.settings import ROOT
from processes.engine import Engine
from tests.support.diagrams import PROCESSES, flow_nodes, sequence_flows

# tests/run.py writes it, tests/coverage reads it
RECORDED = ROOT / ".run" / "tests" / "diagram-coverage.json"
PAGE = 5000
IN_ORDER = [
    {"sortBy": "occurrence", "sortOrder": "asc"},
    {"sortBy": "activityInstanceId", "sortOrder": "asc"},
]


@dataclass
class Trace:
    """The path of one process instance.

    Attributes:
        entered: ids of the flow nodes that it entered.
        left: those that it completed and left by a sequence flow.
        followed: pairs of nodes that were entered one after the other in the same scope.
    """

    entered: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    followed: set[tuple[str, str]] = field(default_factory=set)


def record_coverage(engine: Engine) -> None:
    """Write to RECORDED the flow nodes and sequence flows of each diagram that no instance passed."""
    RECORDED.parent.mkdir(parents=True, exist_ok=True)
    found = {path.name: find_unvisited(traces_of(engine, path.stem), path) for path in PROCESSES}
    RECORDED.write_text(json.dumps(found, indent=2))


def find_unvisited(traces: list[Trace], path: Path) -> list[str]:
    """Ids of the flow nodes and sequence flows of a diagram that none of these instances passed."""
    nodes = set(flow_nodes(path))
    flows = sequence_flows(path)
    entered = {node for trace in traces for node in trace.entered}
    taken = {flow for trace in traces for flow in flows_taken(trace, flows)}
    return sorted(nodes - entered) + sorted({flow[0] for flow in flows} - taken)


def traces_of(engine: Engine, process: str) -> list[Trace]:
    """One trace per instance; without instances that a process instance modification has moved."""
    modified = {
        row["processInstanceId"]
        for row in engine.get("/history/user-operation", operationType="ModifyProcessInstance", maxResults=PAGE)
    }
    traces: dict[str, Trace] = defaultdict(Trace)
    latest: dict[str, str] = {}
    for row in _activities(engine, process):
        if row["processInstanceId"] in modified:
            continue
        trace = traces[row["processInstanceId"]]
        node = row["activityId"].removesuffix("#multiInstanceBody")
        trace.entered.add(node)
        scope = row["parentActivityInstanceId"]
        if scope in latest:
            trace.followed.add((latest[scope], node))
        latest[scope] = node
        if row["endTime"] and not row["canceled"]:
            trace.left.add(node)
    return list(traces.values())


def flows_taken(trace: Trace, flows: list[tuple[str, str, str]]) -> set[str]:
    """Ids of the flows that this instance must have taken."""
    targets, sources = defaultdict(set), defaultdict(set)
    for _, source, target in flows:
        targets[source].add(target)
        sources[target].add(source)
    taken = set()
    for flow, source, target in flows:
        if target not in trace.entered:
            continue
        only_way_in = len(sources[target]) == 1
        only_way_out = source in trace.left and (
            len(targets[source]) == 1 or targets[source] & trace.entered == {target}
        )
        if only_way_in or only_way_out or (source, target) in trace.followed:
            taken.add(flow)
    return taken


def _activities(engine: Engine, process: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    definitions = [definition["id"] for definition in engine.get("/process-definition", key=process)]
    for definition in definitions:
        before = len(rows)
        while True:
            query = {"processDefinitionId": definition, "sorting": IN_ORDER}
            first = len(rows) - before
            page = engine.post(f"/history/activity-instance?firstResult={first}&maxResults={PAGE}", query)
            rows += page
            if len(page) < PAGE:
                break
    return rows
