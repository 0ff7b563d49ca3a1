"""Checks timers and files with the parsers of the platform's engine, without HTTP: ReadingRunner.java."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable

from stack.parts import CLASS_PATH
from tests.support.decisions import TEST_CLASSES
from tests.support.platform import BRIEF_JVM

RUNNER = "org.coronacare.engine.ReadingRunner"


def find_refusals(inputs: Iterable[tuple[str, str]]) -> list[str]:
    """The engine's error message for each of these inputs; empty if it accepts the input.

    Args:
        inputs: ("timeDuration", "timeDate" or "timeCycle", a timer's text), or ("file", path of a file to deploy).
    """
    requests = [json.dumps({kind: value}) for kind, value in inputs]
    done = subprocess.run(
        ["java", "-cp", os.pathsep.join([str(TEST_CLASSES), CLASS_PATH]), RUNNER],
        input="\n".join(requests), env={**os.environ, **BRIEF_JVM}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    # the engine's log lines are between the answers
    answers = [json.loads(line.removeprefix("= ")) for line in done.stdout.splitlines() if line.startswith("= ")]
    assert len(answers) == len(requests)
    return answers
