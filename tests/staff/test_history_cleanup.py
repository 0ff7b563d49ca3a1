"""The engine's history cleanup deletes ended cases after their time to live."""

from __future__ import annotations

from typing import Any

import pytest

from processes.cases import find_case
from tests.support.case import NO_SYMPTOMS, CaseUnderTest, eventually

pytestmark = pytest.mark.engine


def end_case(state: dict[str, Any]) -> CaseUnderTest:
    case = CaseUnderTest(state).start({**NO_SYMPTOMS, "breathless": True})
    case.wait_for_end()
    return case


def test_history_cleanup_has_a_batch_window(case: CaseUnderTest) -> None:
    window = case.admin.get("/history/cleanup/configuration")
    assert window["enabled"]
    assert [window[f"batchWindow{end}Time"][11:16] for end in ("Start", "End")] == ["01:00", "05:00"]


def test_a_case_is_deleted_after_its_removal_time_and_another_is_not(state: dict[str, Any]) -> None:
    old, young = end_case(state), end_case(state)
    assert old.admin.get(f"/history/process-instance/{old.instance_id}")["removalTime"] > "2026"
    instance = old.instance_id
    body = {"absoluteRemovalTime": "2020-01-01T00:00:00.000+0000", "historicProcessInstanceIds": [instance]}
    batch = old.admin.post("/history/process-instance/set-removal-time", {**body, "hierarchical": True})
    query = {"processInstanceId": instance}
    eventually(lambda: old.admin.get(f"/history/process-instance/{instance}")["removalTime"] < "2021")

    old.admin.post("/history/cleanup?immediatelyDue=true")
    eventually(lambda: find_case(old.admin, old.reference) is None)
    for kind in ("variable-instance", "activity-instance", "decision-instance", "user-operation"):
        assert old.admin.get(f"/history/{kind}", **query) == [], kind
    assert find_case(young.admin, young.reference) is not None
    # the batch has a removal time as well
    assert eventually(lambda: old.admin.get(f"/history/batch/{batch['id']}")["removalTime"])
