"""The patient's access log: who of the staff has read or changed the case, by role and time, without names."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from camunda7.forms.browser import Browser, Page
from camunda7.names import ADMINISTRATORS
from processes.audit import CHANGED, READ, WORKED, list_accesses
from processes.engine import Engine
from records.access import Access
from tests.support.accounts import account_of
from tests.support.apis import rest_api, web_api
from tests.support.case import WITH_COUGH, CaseUnderTest

pytestmark = pytest.mark.engine

BORN = "1990-05-10"
# unique, because parallel test processes share the engine
AUDITOR = f"auditor{uuid.uuid4().hex[:8]}"


@pytest.fixture
def auditor(state: dict[str, Any], case: CaseUnderTest) -> Iterator[Engine]:
    """A second administrator, because the tests themselves read with the account of the first."""
    case.admin.post("/user/create", {"profile": {"id": AUDITOR}, "credentials": {"password": "correct horse"}})
    case.admin.put(f"/group/{ADMINISTRATORS}/members/{AUDITOR}", {})
    yield Engine(state["engine"], AUDITOR, "correct horse")
    case.admin.delete(f"/user/{AUDITOR}")


def open_access_log(state: dict[str, Any], case: CaseUnderTest, access: Access) -> Page:
    browser = Browser(state["webapp"])
    credentials = {"access_code": access.create_code(case.reference, BORN, ""), "date_of_birth": BORN}
    browser.send(browser.open("/sign-in"), credentials)
    return browser.open("/case/seen-by")


def kinds_of_access(case: CaseUnderTest, group: str) -> set[str]:
    return {each.kind for each in list_accesses(case.admin, case.reference) if group in each.groups}


@pytest.mark.by_provider
def test_the_patients_page_lists_who_read_the_data_and_who_worked_on_the_case(
    state: dict[str, Any], case: CaseUnderTest, access: Access
) -> None:
    case.reach_visit()
    assert kinds_of_access(case, "medical-team") == set()
    visit = case.wait_for_task("medical_visit").id
    medic = web_api(state, "medical_team", "tasklist")
    assert medic.call("GET", f"/task/{visit}/form-variables").ok
    assert kinds_of_access(case, "medical-team") == {READ}
    case.record_visit("negative")
    assert kinds_of_access(case, "medical-team") == {READ, WORKED}
    assert kinds_of_access(case, "doctors") == set()

    text = open_access_log(state, case, access).text("main")
    assert "The medical team" in text
    assert "viewed your data" in text
    assert "worked on a form in your case" in text
    assert "Mika" not in text
    # the account is in the engine's log only
    account = account_of(state, "medical_team")
    assert account not in text
    assert {"Claim", "Complete"} <= {
        entry["operationType"] for entry in case.admin.get("/history/user-operation", userId=account, taskId=visit)
    }


@pytest.mark.parametrize(
    "path",
    [
        "/task/$task/variables",
        "/task/$task/variables/address",
        "/task/$task/form-variables",
        "/variable-instance?processInstanceIdIn=$instance",
        "/history/variable-instance?processInstanceId=$instance",
        "/process-instance/$instance/variables",
        "/process-instance/$instance/variables/address",
        "/history/decision-instance?processInstanceId=$instance",
    ],
)
def test_each_endpoint_that_reads_variables_is_logged(
    state: dict[str, Any], case: CaseUnderTest, auditor: Engine, path: str
) -> None:
    case.start(WITH_COUGH)
    case.request_evaluation()
    task, instance = case.wait_for_task("medical_form").id, case.instance_id
    query = {"processInstanceId": instance, "userId": AUDITOR}
    assert case.admin.get("/history/user-operation", **query) == []
    auditor.get(path.replace("$task", task).replace("$instance", instance))
    [entry] = case.admin.get("/history/user-operation", **query)
    assert entry["operationType"] == "Read"


@pytest.mark.by_provider
def test_repeated_reads_within_a_short_time_are_one_access(state: dict[str, Any], case: CaseUnderTest) -> None:
    case.reach_visit()
    visit = case.wait_for_task("medical_visit").id
    for _ in range(3):
        rest_api(state, "medical_team").call("GET", f"/task/{visit}/form-variables")
    [found] = [each for each in list_accesses(case.admin, case.reference) if "medical-team" in each.groups]
    assert abs(found.at - datetime.now(UTC)) < timedelta(minutes=2)


def test_a_change_of_a_variable_by_an_administrator_is_logged_as_change(case: CaseUnderTest) -> None:
    case.reach_visit()
    address = {"modifications": {"address": {"value": "2 Other Street", "type": "String"}}}
    case.admin.post(f"/process-instance/{case.instance_id}/variables", address)
    assert CHANGED in kinds_of_access(case, ADMINISTRATORS)
