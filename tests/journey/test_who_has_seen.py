"""The patient sees who of the staff has read or changed their case: by role and time, and nobody's name."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from camunda7.forms.browser import Browser, Page
from processes.audit import CHANGED, READ, WORKED, list_accesses
from processes.engine import Engine
from records.access import Access
from tests.support.apis import rest, web
from tests.support.case import WITH_COUGH, CaseUnderTest

pytestmark = pytest.mark.engine

BORN = "1990-05-10"
# test processes share the engine
AUDITOR = f"auditor{uuid.uuid4().hex[:8]}"


@pytest.fixture
def auditor(state: dict[str, Any], case: CaseUnderTest) -> Iterator[Engine]:
    """A second administrator, for tests themselves read as the first."""
    case.admin.post("/user/create", {"profile": {"id": AUDITOR}, "credentials": {"password": "correct horse"}})
    case.admin.put(f"/group/camunda-admin/members/{AUDITOR}", {})
    yield Engine(state["engine"], AUDITOR, "correct horse")
    case.admin.delete(f"/user/{AUDITOR}")


def seen_by(state: dict[str, Any], case: CaseUnderTest, access: Access) -> Page:
    browser = Browser(state["webapp"])
    filled = {"access_code": access.create_code(case.reference, BORN, ""), "date_of_birth": BORN}
    browser.send(browser.open("/sign-in"), filled)
    return browser.open("/case/seen-by")


def kinds(case: CaseUnderTest, group: str) -> set[str]:
    return {each.kind for each in list_accesses(case.admin, case.reference) if group in each.groups}


def test_who_reads_and_who_works_is_on_the_patients_page(
    state: dict[str, Any], case: CaseUnderTest, access: Access
) -> None:
    case.reaches_the_visit()
    assert kinds(case, "medical-team") == set()
    visit = case.waits_for("medical_visit").id
    medic = web(state, "medical_team", "tasklist")
    assert medic.call("GET", f"/task/{visit}/form-variables").ok
    assert kinds(case, "medical-team") == {READ}
    case.is_visited("negative")
    assert kinds(case, "medical-team") == {READ, WORKED}
    assert kinds(case, "doctors") == set()

    shown = seen_by(state, case, access).text("main")
    assert "The medical team" in shown
    assert "viewed your data" in shown
    assert "worked on a form in your case" in shown
    assert "Mika" not in shown
    assert "medical_team" not in shown


@pytest.mark.parametrize(
    "path",
    [
        "/task/$task/variables",
        "/task/$task/variables/address",
        "/task/$task/form-variables",
        "/variable-instance?processInstanceIdIn=$instance",
        "/history/variable-instance?processInstanceId=$instance",
        "/history/detail?processInstanceId=$instance",
        "/process-instance/$instance/variables",
        "/process-instance/$instance/variables/address",
        "/history/decision-instance?processInstanceId=$instance",
    ],
)
def test_each_way_to_read_is_logged(state: dict[str, Any], case: CaseUnderTest, auditor: Engine, path: str) -> None:
    case.starts(WITH_COUGH)
    case.requests_evaluation()
    task, instance = case.waits_for("medical_form").id, case.instance_id
    query = {"processInstanceId": instance, "userId": AUDITOR}
    assert case.admin.get("/history/user-operation", **query) == []
    auditor.get(path.replace("$task", task).replace("$instance", instance))
    [entry] = case.admin.get("/history/user-operation", **query)
    assert entry["operationType"] == "Read"


def test_what_is_read_again_soon_is_one_access(state: dict[str, Any], case: CaseUnderTest) -> None:
    case.reaches_the_visit()
    visit = case.waits_for("medical_visit").id
    for _ in range(3):
        rest(state, "medical_team").call("GET", f"/task/{visit}/form-variables")
    [found] = [each for each in list_accesses(case.admin, case.reference) if "medical-team" in each.groups]
    assert abs(found.at - datetime.now(UTC)) < timedelta(minutes=2)


def test_what_an_administrator_changes_is_a_change(case: CaseUnderTest) -> None:
    case.reaches_the_visit()
    address = {"modifications": {"address": {"value": "2 Other Street", "type": "String"}}}
    case.admin.post(f"/process-instance/{case.instance_id}/variables", address)
    assert CHANGED in kinds(case, "camunda-admin")
