"""What a case costs the engine's JVM: bytes allocated, with a baseline in bench/profile.json, and CPU samples by part.

UPDATE_BASELINE=1 writes it anew.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench import profile
from tests.process.test_statements import CASES, run_cases, run_negative, run_positive
from tests.support.case import CaseUnderTest

pytestmark = [pytest.mark.engine, pytest.mark.serial, pytest.mark.verify]

BASELINE = Path(profile.__file__).with_name("profile.json")
ROUNDS = 3
# polls of workers and of the test allocate, too: more of them in a case that takes longer
MAX_INCREASE = 0.3


@pytest.mark.parametrize("road", [run_negative, run_positive], ids=["negative", "positive"])
def test_a_case_allocates_no_more_than_before(
    state: dict[str, Any], road: Callable[[CaseUnderTest], None], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    name = request.node.callspec.id
    run_cases(state, road)
    with profile.recording(state["processes"]["engine"], tmp_path / "cases.jfr"):
        for _ in range(ROUNDS):
            run_cases(state, road)
    events = profile.read_events(tmp_path / "cases.jfr")
    megabytes = profile.count_allocated(events) / 1e6 / (ROUNDS * CASES)
    samples = profile.count_samples(events)
    baseline = json.loads(BASELINE.read_text())
    print(f"{name}: {megabytes:.1f} MB allocated per case, {baseline[name]} before")
    for part, count in samples.most_common():
        print(f"  {100 * count / samples.total():5.1f} % of CPU samples in {part}")
    if os.environ.get("UPDATE_BASELINE"):
        BASELINE.write_text(json.dumps({**baseline, name: round(megabytes, 1)}, indent=2) + "\n")
        return
    assert megabytes <= baseline[name] * (1 + MAX_INCREASE), "a case allocates more memory in the engine"
