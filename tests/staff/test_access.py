"""Permissions at the engine: each cell of access.yaml, on the REST API and at the API of the web applications.

`make verify` runs it once more on a platform whose people and parts sign in at an OpenID provider.

Roles without permission call first, on one shared case, which must be unchanged then; each permitted role has its own.
"""

from __future__ import annotations

import json
import re
import uuid
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from tests.support.accounts import account_of, starts_with_provider
from tests.support.apis import ANONYMOUS, Api, rest_api, sign_in, web_api
from tests.support.case import NO_SYMPTOMS, WITH_COUGH, CaseUnderTest
from tests.support.external_tasks import deploy
from tests.support.platform import read_secrets

pytestmark = [pytest.mark.engine, pytest.mark.by_provider]

TABLE = yaml.safe_load(Path(__file__).with_name("access.yaml").read_text())
PEOPLE = ["admin", "doctor", "medical_team", "contact_tracer", "lab_staff", "process_manager"]
ROLES = [ANONYMOUS, *PEOPLE, "webapp", "workers", "deployer"]
WEB = {
    **dict.fromkeys(("doctor", "medical_team", "contact_tracer", "lab_staff"), "tasklist"),
    "process_manager": "cockpit",
}
REFUSED = (401, 403, 404)
DIAGRAM = b"""<?xml version="1.0"?><definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="x"
 xmlns:camunda="http://camunda.org/schema/1.0/bpmn">
 <process id="%s" isExecutable="true" camunda:historyTimeToLive="P1D"><startEvent id="s"/></process></definitions>"""


class Resources:
    """What the $names of the table's calls stand for, created on first use."""

    def __init__(self, state: dict[str, Any]):
        self._state = state
        self._admin = CaseUnderTest(state).admin
        self.new = "planted" + uuid.uuid4().hex[:8]

    def substitute(self, text: str, me: str) -> str:
        accounts = {role: account_of(self._state, role) for role in PEOPLE}
        own = {"me": account_of(self._state, me), "password": read_secrets().get(me, ""), **accounts}
        return re.sub(
            r"\$(\w+)", lambda found: own[found[1]] if found[1] in own else str(getattr(self, found[1])), text
        )

    @cached_property
    def case(self) -> CaseUnderTest:
        """Waits for its evaluation request, which doctors may fill in here."""
        case = CaseUnderTest(self._state).start(WITH_COUGH)
        task = case.wait_for_task("evaluation_request").id
        case.admin.post(f"/task/{task}/identity-links", {"groupId": "doctors", "type": "candidate"})
        return case

    @property
    def instance(self) -> str:
        return self.case.instance_id

    @cached_property
    def task(self) -> str:
        return self.case.wait_for_task("evaluation_request").id

    @cached_property
    def definition(self) -> str:
        return self.case.wait_for_task("evaluation_request").definition_id

    @property
    def deployment(self) -> str:
        return self._admin.get(f"/process-definition/{self.definition}")["deploymentId"]

    @cached_property
    def job(self) -> str:
        return self._admin.get("/job", processInstanceId=self.instance)[0]["id"]

    @property
    def variable(self) -> str:
        query = {"processInstanceId": self.instance, "variableName": "date_of_birth"}
        return self._admin.get("/history/variable-instance", **query)[0]["id"]

    @cached_property
    def ended(self) -> str:
        """An instance that has ended."""
        case = CaseUnderTest(self._state).start({**NO_SYMPTOMS, "breathless": True})
        case.wait_for_end()
        return case.instance_id

    @cached_property
    def requested(self) -> str:
        """A case that may be withdrawn."""
        case = CaseUnderTest(self._state).start(WITH_COUGH)
        case.request_evaluation()
        case.wait_for_task("medical_form")
        return case.instance_id

    @cached_property
    def topic(self) -> str:
        """A topic without a worker, with one task."""
        topic = f"access.{self.new}"
        deploy(self._admin)
        variables = {"topic": {"value": topic, "type": "String"}, "priority": {"value": 0, "type": "Integer"}}
        self._admin.post("/process-definition/key/runtime_work/start", {"variables": variables})
        return topic

    @cached_property
    def external_task(self) -> str:
        return self._admin.get("/external-task", topicName=self.topic)[0]["id"]

    @cached_property
    def scrap(self) -> str:
        """A deployment that may be deleted."""
        return self._admin.upload("/deployment/create", {"deployment-name": self.new}, self.diagram)["id"]

    @property
    def scrap_definition(self) -> str:
        return self._admin.get("/process-definition", deploymentId=self.scrap)[0]["id"]

    @property
    def diagram(self) -> dict[str, bytes]:
        return {f"{self.new}.bpmn": DIAGRAM % self.new.encode()}

    @cached_property
    def scrap_user(self) -> str:
        account = "scrap" + self.new
        if not starts_with_provider():
            body = {"profile": {"id": account}, "credentials": {"password": uuid.uuid4().hex}}
            self._admin.post("/user/create", body)
        return account

    @cached_property
    def batch(self) -> str:
        """A batch that never ends, because its job doesn't exist."""
        return self._admin.post("/job/retries", {"jobIds": [self.new], "retries": 3})["id"]

    def snapshot(self) -> Any:
        """The state that refused calls must not change."""
        case = self.case.case()
        return case.values, case.ended_at, self.case.task("evaluation_request")

    def clean_up(self) -> None:
        """Delete the created accounts, groups, filters and deployments, which other tests don't expect."""
        if "batch" in self.__dict__ and self._admin.get("/batch", batchId=self.batch):
            self._admin.delete(f"/batch/{self.batch}?cascade=true")
        for kind in ("user", "group", "tenant"):
            for found in self._admin.get(f"/{kind}"):
                if self.new in found["id"]:
                    self._admin.delete(f"/{kind}/{found['id']}")
        for found in self._admin.get("/filter"):
            if found["name"] == self.new:
                self._admin.delete(f"/filter/{found['id']}")
        for found in self._admin.get("/authorization", userIdIn="scrap" + self.new):
            self._admin.delete(f"/authorization/{found['id']}")
        for found in self._admin.get("/deployment"):
            if self.new in (found["name"] or ""):
                self._admin.delete(f"/deployment/{found['id']}?cascade=true")


@pytest.fixture(scope="module")
def shared(state: dict[str, Any]) -> Any:
    resources = Resources(state)
    yield resources
    resources.clean_up()


@pytest.fixture(scope="module")
def browsers(state: dict[str, Any]) -> dict[str, Api]:
    """The API of each role's web application, signed in."""
    return {role: web_api(state, role, application) for role, application in WEB.items()}


def send_call(api: Api, row: dict[str, Any], resources: Resources) -> requests.Response:
    method, _, path = resources.substitute(row["call"], api.role).partition(" ")
    if row.get("upload"):
        files = {name: (name, data) for name, data in resources.diagram.items()}
        return api.call(method, path, files=files, data={"deployment-name": resources.new})
    body = json.loads(resources.substitute(json.dumps(row["body"]), api.role)) if "body" in row else None
    return api.call(method, path, body)


def has_access(api: Api, row: dict[str, Any], resources: Resources) -> tuple[bool, str]:
    """Whether the role gets what a row of the table is about, and a description of the answer."""
    marker = resources.substitute(row.get("marker", ""), api.role)
    answered = send_call(api, row, resources)
    description = f"{api.role}: {answered.status_code} {answered.text[:200]}"
    assert answered.status_code < 500, description
    if answered.status_code in (*REFUSED, row.get("nothing")):
        return False, description
    return marker in answered.text, description


@pytest.mark.parametrize("row", TABLE["engine"], ids=lambda row: row["call"])
def test_only_permitted_roles_may_call_the_engine(
    state: dict[str, Any], shared: Resources, browsers: dict[str, Api], row: dict[str, Any]
) -> None:
    allowed = row["sees"] if "sees" in row else row["may"]
    if starts_with_provider():
        allowed = row.get("by_provider", allowed)
    apis = [rest_api(state, role) for role in ROLES if role not in allowed]
    if row.get("only") != "rest":
        apis += [api for role, api in browsers.items() if role not in allowed]
    before = shared.snapshot()
    granted_to_others = [
        description for granted, description in (has_access(api, row, shared) for api in apis) if granted
    ]
    assert granted_to_others == []
    assert shared.snapshot() == before
    reads = row.get("reads") or row["call"].startswith("GET ")
    for role in allowed:
        # a call that only reads needs no case of its own
        own = shared if reads else Resources(state)
        try:
            granted, description = has_access(rest_api(state, role), row, own)
            assert granted, description
        finally:
            if own is not shared:
                own.clean_up()


def test_only_the_assignee_may_unclaim_a_task(state: dict[str, Any]) -> None:
    task = Resources(state).task
    doctor, other = rest_api(state, "doctor"), rest_api(state, "doctor2")
    doctors, others = {"userId": account_of(state, "doctor")}, {"userId": account_of(state, "doctor2")}
    doctor.post(f"/task/{task}/claim", doctors).raise_for_status()
    assert other.post(f"/task/{task}/unclaim", None).status_code == 403
    assert doctor.post(f"/task/{task}/assignee", others).status_code == 403
    assert doctor.post(f"/task/{task}/unclaim", None).status_code == 204
    other.post(f"/task/{task}/claim", others).raise_for_status()


@pytest.mark.parametrize("application", TABLE["applications"])
@pytest.mark.parametrize("role", ROLES[1:])
def test_only_permitted_roles_may_sign_in_at_an_application(state: dict[str, Any], role: str, application: str) -> None:
    _, status = sign_in(state, role, application)
    assert (status == 200) == (role in TABLE["applications"][application])
    assert status in (200, 401, 403)
