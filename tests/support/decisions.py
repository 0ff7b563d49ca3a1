"""Evaluates decisions with the platform's DMN engine, without a process engine and HTTP: DecisionRunner.java."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable
from typing import Any

from config.settings import ROOT
from stack.parts import CLASS_PATH
from tests.support.platform import BRIEF_JVM

RUNNER = "org.coronacare.engine.DecisionRunner"
TEST_CLASSES = ROOT / "engine" / "target" / "test-classes"


def evaluate_all(decision: str, inputs: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Evaluate a decision for each of these inputs; return the outputs of the one row that each matches, by name."""
    class_path = os.pathsep.join([str(TEST_CLASSES), CLASS_PATH])
    done = subprocess.run(
        ["java", "-cp", class_path, RUNNER, str(ROOT / "processes" / f"{decision}.dmn"), decision],
        input="\n".join(map(json.dumps, inputs)), env={**os.environ, **BRIEF_JVM},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    results = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    assert {len(rows) for rows in results} == {1}
    return [rows[0] for rows in results]
