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
    "import": ("it can't be read", "Save it once more from Camunda Modeler, or take back the last change"),
    "ad-hoc-sub-process": ("an ad-hoc sub-process has no start and no end", "Take them out of it"),
    "conditional-flows": ("some of the ways out of it have a condition, others have none", "Give each way a condition"),
    "end-event-required": ("it has no end", "Draw an end event"),
    "event-based-gateway": ("its ways must lead to events", "Put an event first on each of its ways"),
    "event-sub-process-typed-start-event": ("nothing starts it", "Make its start a message, a timer, an error …"),
    "fake-join": ("several ways lead to it without a gateway", "Join them by a gateway"),
    "global": ("a message, error or escalation is used by nothing, or has no name", "Name it, or delete it"),
    "label-required": ("it has no name", "Name it: cases, tests and docs/pathway.md tell of it by that"),
    "link-event": ("a link leads nowhere", "Draw both of its ends, with the same name"),
    "no-bpmndi": ("it is in the file, but isn't drawn", "Open the file in Camunda Modeler and draw it, or delete it"),
    "no-complex-gateway": ("the engine has no complex gateway", "Use exclusive and parallel ones"),
    "no-disconnected": ("it is connected with nothing", "Connect it, or delete it"),
    "no-duplicate-sequence-flows": ("the same way is drawn twice", "Delete one"),
    "no-gateway-join-fork": ("it joins and divides at once", "Use one gateway to join, and a second one to divide"),
    "no-implicit-end": ("nothing comes after it, and it is no end", "Lead it to an end event"),
    "no-implicit-split": ("several ways lead on from it without a gateway", "Divide them by a gateway"),
    "no-implicit-start": ("nothing leads to it, and it is no start", "Connect it, or delete it"),
    "no-inclusive-gateway": ("inclusive gateways are easily misread", "Use exclusive and parallel ones"),
    "no-overlapping-elements": ("it lies over another element", "Move one of them"),
    "single-blank-start-event": ("it has more than one start", "Keep one"),
    "single-event-definition": ("it is two kinds of event at once", "Choose one"),
    "start-event-required": ("it has no start", "Draw a start event"),
    "sub-process-blank-start-event": ("a sub-process can't be started by something", "Make its start a plain one"),
    "superfluous-gateway": ("one way leads to it and one away", "Delete the gateway"),
    "superfluous-label": ("its name tells nothing", "Delete the name"),
    "superfluous-termination": ("it ends nothing else", "Make it a plain end"),
    "camunda-compat/history-time-to-live": (
        "it doesn't say for how long an ended case is kept",
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
        raise LintFailed("Node.js is missing: `make setup` brings it")
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
