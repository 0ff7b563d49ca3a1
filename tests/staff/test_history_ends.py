"""Ended cases are deleted by the engine's own job when their time to live is over."""

from __future__ import annotations

from typing import Any

import pytest

from processes.cases import find_case
from tests.support.case import NO_SYMPTOMS, CaseUnderTest, eventually

pytestmark = pytest.mark.engine


def ended(state: dict[str, Any]) -> CaseUnderTest:
    case = CaseUnderTest(state).starts({**NO_SYMPTOMS, "breathless": True})
    case.ends()
    return case


def test_the_engine_has_a_window_in_which_it_cleans_up(case: CaseUnderTest) -> None:
    window = case.admin.get("/history/cleanup/configuration")
    assert window["enabled"]
    assert [window[f"batchWindow{end}Time"][11:16] for end in ("Start", "End")] == ["01:00", "05:00"]


def test_a_case_whose_time_is_over_is_gone_and_another_stays(state: dict[str, Any]) -> None:
    old, young = ended(state), ended(state)
    assert old.admin.get(f"/history/process-instance/{old.instance_id}")["removalTime"] > "2026"
    instance = old.instance_id
    over = {"absoluteRemovalTime": "2020-01-01T00:00:00.000+0000", "historicProcessInstanceIds": [instance]}
    batch = old.admin.post("/history/process-instance/set-removal-time", {**over, "hierarchical": True})
    query = {"processInstanceId": instance}
    eventually(lambda: old.admin.get(f"/history/process-instance/{instance}")["removalTime"] < "2021")

    old.admin.post("/history/cleanup?immediatelyDue=true")
    eventually(lambda: find_case(old.admin, old.reference) is None)
    for kind in ("variable-instance", "activity-instance", "detail", "decision-instance", "user-operation", "job-log"):
        assert old.admin.get(f"/history/{kind}", **query) == [], kind
    assert find_case(young.admin, young.reference) is not None
    # nor does it remember for ever what it did for many cases at once
    assert eventually(lambda: old.admin.get(f"/history/batch/{batch['id']}")["removalTime"])
