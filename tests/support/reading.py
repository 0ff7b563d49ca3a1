"""What the platform's engine reads of timers and files, without HTTP: ReadingRunner.java."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable

from stack.parts import CLASS_PATH
from tests.support.decisions import TEST_CLASSES
from tests.support.platform import BRIEF_JVM

RUNNER = "org.coronacare.engine.ReadingRunner"


def refusals(questions: Iterable[tuple[str, str]]) -> list[str]:
    """Why the engine refuses each of these; empty where it takes it.

    Args:
        questions: timeDuration, timeDate or timeCycle with a timer's text, or file with the path of one to deploy.
    """
    asked = [json.dumps({kind: value}) for kind, value in questions]
    done = subprocess.run(
        ["java", "-cp", os.pathsep.join([str(TEST_CLASSES), CLASS_PATH]), RUNNER],
        input="\n".join(asked), env={**os.environ, **BRIEF_JVM}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    # between the answers is what the engine logs
    answers = [json.loads(line.removeprefix("= ")) for line in done.stdout.splitlines() if line.startswith("= ")]
    assert len(answers) == len(asked)
    return answers
