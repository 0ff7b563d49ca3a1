"""Runs bpmnlint with the rules for Camunda 7.24 (.bpmnlintrc), and adds a remedy to each finding.

Needs Node.js and node_modules/, which `make setup` and `make check` install; a deployment doesn't need it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from camunda7.lint.finding import Finding

LINT = Path(__file__).parents[2] / "tools" / "lint.cjs"
# problem and remedy by rule
RULES = {
    "import": ("it can't be read", "Save it from Camunda Modeler again, or undo the last change"),
    "ad-hoc-sub-process": ("an ad-hoc sub-process may have neither a start event nor an end event", "Delete them"),
    "conditional-flows": (
        "some of its outgoing sequence flows have a condition, others have none",
        "Write a condition for each of them",
    ),
    "end-event-required": ("it has no end event", "Draw one"),
    "event-based-gateway": ("its sequence flows must lead to catching events", "Draw an event first on each of them"),
    "event-sub-process-typed-start-event": ("nothing starts it", "Make its start event a message, a timer, an error …"),
    "fake-join": ("several sequence flows lead to it without a gateway", "Join them by a gateway"),
    "global": ("a message, error or escalation isn't used, or has no name", "Name it, or delete it"),
    "label-required": ("it has no name", "Name it: cases, tests and docs/pathway.md show the name"),
    "link-event": ("it has no counterpart", "Draw both link events, with the same name"),
    "no-bpmndi": ("it is in the file, but isn't drawn", "Open the file in Camunda Modeler and draw it, or delete it"),
    "no-complex-gateway": ("the engine has no complex gateway", "Use exclusive and parallel ones"),
    "no-disconnected": ("it isn't connected", "Connect it, or delete it"),
    "no-duplicate-sequence-flows": ("the same sequence flow is drawn twice", "Delete one"),
    "no-gateway-join-fork": ("it joins and forks at once", "Use one gateway to join, and a second one to fork"),
    "no-implicit-end": ("it has no outgoing sequence flow, and isn't an end event", "Connect it with an end event"),
    "no-implicit-split": ("several sequence flows leave it without a gateway", "Fork them by a gateway"),
    "no-implicit-start": (
        "it has no incoming sequence flow, and isn't a start event",
        "Connect it, or delete it",
    ),
    "no-inclusive-gateway": ("inclusive gateways are easily misread", "Use exclusive and parallel ones"),
    "no-overlapping-elements": ("it overlaps another element", "Move one of them"),
    "single-blank-start-event": ("it has more than one start event", "Keep one"),
    "single-event-definition": ("it has more than one event definition", "Choose one"),
    "start-event-required": ("it has no start event", "Draw one"),
    "sub-process-blank-start-event": (
        "the start event of a sub-process can't have an event definition",
        "Make it a blank one",
    ),
    "superfluous-gateway": ("it has one incoming and one outgoing sequence flow", "Delete the gateway"),
    "superfluous-label": ("its name has no meaning", "Delete the name"),
    "superfluous-termination": ("there is nothing else that it would terminate", "Make it a blank end event"),
    "camunda-compat/history-time-to-live": (
        "it has no history time to live",
        "Set its history time to live to P180D",
    ),
}


class LintFailed(Exception):
    """bpmnlint couldn't run; the message has the reason."""


def findings(folder: Path) -> Iterator[Finding]:
    """Run bpmnlint on the diagrams of a folder.

    Raises:
        LintFailed: bpmnlint couldn't run.
    """
    node = find_node()
    if node is None:
        raise LintFailed("Node.js is missing: `make setup` installs it")
    done = subprocess.run([node, str(LINT), str(folder)], capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        why = next((line for line in done.stderr.splitlines() if "Error" in line), "no reason is given")
        raise LintFailed(f"bpmnlint couldn't run ({why}); is `npm ci` done, as `make check` does it?")
    for report in json.loads(done.stdout):
        yield _create_finding(report)


def find_node() -> str | None:
    """Return the path of Node.js in the virtual environment, or else in PATH; None if there is none."""
    return shutil.which("node", path=os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()]))


def _create_finding(report: dict[str, Any]) -> Finding:
    wrong, todo = RULES.get(report["rule"], (report["message"].rstrip("."), f"See bpmnlint's rule {report['rule']}"))
    return Finding(report["file"], report["name"] or report["id"], report["id"], wrong, todo)
