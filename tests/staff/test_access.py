"""Who may what at the engine: each cell of access.yaml is tried, on the REST API and as the web applications do it.

Whoever may not is tried first, all on one case, which must be as it was then; whoever may has a case of their own.
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

from tests.support.apis import ANONYMOUS, Api, rest, signed_in, web
from tests.support.case import NO_SYMPTOMS, WITH_COUGH, CaseUnderTest
from tests.support.platform import secrets_of_run
from tests.support.work import deploy

pytestmark = pytest.mark.engine

TABLE = yaml.safe_load(Path(__file__).with_name("access.yaml").read_text())
PEOPLE = ["admin", "doctor", "medical_team", "contact_tracer", "process_manager"]
ROLES = [ANONYMOUS, *PEOPLE, "webapp", "workers", "deployer"]
WEB = {"doctor": "tasklist", "medical_team": "tasklist", "contact_tracer": "tasklist", "process_manager": "cockpit"}
REFUSED = (401, 403, 404)
DIAGRAM = b"""<?xml version="1.0"?><definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="x"
 xmlns:camunda="http://camunda.org/schema/1.0/bpmn">
 <process id="%s" isExecutable="true" camunda:historyTimeToLive="P1D"><startEvent id="s"/></process></definitions>"""


class World:
    """What the calls of the table name, made when it is asked for."""

    def __init__(self, state: dict[str, Any]):
        self._state = state
        self._admin = CaseUnderTest(state).admin
        self.new = "planted" + uuid.uuid4().hex[:8]

    def filled(self, text: str, me: str) -> str:
        own = {"me": me, "password": secrets_of_run().get(me, "")}
        return re.sub(
            r"\$(\w+)", lambda found: own[found[1]] if found[1] in own else str(getattr(self, found[1])), text
        )

    @cached_property
    def case(self) -> CaseUnderTest:
        """Waits for its evaluation request, which doctors may fill in here."""
        case = CaseUnderTest(self._state).starts(WITH_COUGH)
        task = case.waits_for("evaluation_request").id
        case.admin.post(f"/task/{task}/identity-links", {"groupId": "doctors", "type": "candidate"})
        return case

    @property
    def instance(self) -> str:
        return self.case.instance_id

    @cached_property
    def task(self) -> str:
        return self.case.waits_for("evaluation_request").id

    @cached_property
    def definition(self) -> str:
        return self.case.waits_for("evaluation_request").definition_id

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
        """A case that is over, as an emergency is at once."""
        case = CaseUnderTest(self._state).starts({**NO_SYMPTOMS, "breathless": True})
        case.ends()
        return case.instance_id

    @cached_property
    def requested(self) -> str:
        """A case that may be withdrawn."""
        case = CaseUnderTest(self._state).starts(WITH_COUGH)
        case.requests_evaluation()
        case.waits_for("medical_form")
        return case.instance_id

    @cached_property
    def topic(self) -> str:
        """One that no worker takes, with a task."""
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
        """A deployment that nobody needs."""
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
        self._admin.post("/user/create", {"profile": {"id": account}, "credentials": {"password": uuid.uuid4().hex}})
        return account

    @cached_property
    def batch(self) -> str:
        """One that never ends: there is no such job."""
        return self._admin.post("/job/retries", {"jobIds": [self.new], "retries": 3})["id"]

    def print(self) -> Any:
        """What the tries of who may not must leave as it was."""
        case = self.case.case()
        return case.values, case.ended_at, self.case.task("evaluation_request")

    def leave(self) -> None:
        """What was planted goes: accounts, groups, filters and definitions by which other tests would stumble."""
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
    world = World(state)
    yield world
    world.leave()


@pytest.fixture(scope="module")
def browsers(state: dict[str, Any]) -> dict[str, Api]:
    """Who is signed in at a web application."""
    return {role: web(state, role, application) for role, application in WEB.items()}


def answer(api: Api, row: dict[str, Any], world: World) -> requests.Response:
    method, _, path = world.filled(row["call"], api.role).partition(" ")
    if row.get("upload"):
        files = {name: (name, data) for name, data in world.diagram.items()}
        return api.call(method, path, files=files, data={"deployment-name": world.new})
    body = json.loads(world.filled(json.dumps(row["body"]), api.role)) if "body" in row else None
    return api.call(method, path, body)


def gets(api: Api, row: dict[str, Any], world: World) -> tuple[bool, str]:
    """Whether somebody gets what a row of the table is about, and how they were answered."""
    marker = world.filled(row.get("marker", ""), api.role)
    answered = answer(api, row, world)
    said = f"{api.role}: {answered.status_code} {answered.text[:200]}"
    assert answered.status_code < 500, said
    if answered.status_code in (*REFUSED, row.get("nothing")):
        return False, said
    return marker in answered.text, said


@pytest.mark.parametrize("row", TABLE["engine"], ids=lambda row: row["call"])
def test_who_may_call_the_engine(
    state: dict[str, Any], shared: World, browsers: dict[str, Api], row: dict[str, Any]
) -> None:
    allowed = row["sees"] if "sees" in row else row["may"]
    apis = [rest(state, role) for role in ROLES if role not in allowed]
    if row.get("only") != "rest":
        apis += [api for role, api in browsers.items() if role not in allowed]
    before = shared.print()
    through = [said for got, said in (gets(api, row, shared) for api in apis) if got]
    assert through == []
    assert shared.print() == before
    reads = row.get("reads") or row["call"].startswith("GET ")
    for role in allowed:
        # what only reads needs no case of its own
        own = shared if reads else World(state)
        try:
            got, said = gets(rest(state, role), row, own)
            assert got, said
        finally:
            if own is not shared:
                own.leave()


def test_who_has_claimed_a_task_may_give_it_back_and_nobody_else(state: dict[str, Any]) -> None:
    task = World(state).task
    doctor, other = rest(state, "doctor"), rest(state, "doctor2")
    doctor.post(f"/task/{task}/claim", {"userId": "doctor"}).raise_for_status()
    assert other.post(f"/task/{task}/unclaim", None).status_code == 403
    assert doctor.post(f"/task/{task}/assignee", {"userId": "doctor2"}).status_code == 403
    assert doctor.post(f"/task/{task}/unclaim", None).status_code == 204
    other.post(f"/task/{task}/claim", {"userId": "doctor2"}).raise_for_status()


@pytest.mark.parametrize("application", TABLE["applications"])
@pytest.mark.parametrize("role", ROLES[1:])
def test_who_may_sign_in_where(state: dict[str, Any], role: str, application: str) -> None:
    _, status = signed_in(state, role, application)
    assert (status == 200) == (role in TABLE["applications"][application])
    assert status in (200, 403)
