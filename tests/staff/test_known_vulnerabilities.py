"""Known vulnerabilities of the engine are closed: each is tried, harmlessly, with every role."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.support.accounts import account_of
from tests.support.apis import Api, rest_api, web_api
from tests.support.case import CaseUnderTest

pytestmark = [pytest.mark.engine, pytest.mark.by_provider]

PEOPLE = ["admin", "doctor", "medical_team", "contact_tracer", "lab_staff", "process_manager"]
PARTS = ["webapp", "workers", "deployer"]
FORBIDDEN = 403
TOP = {"dueAfterExpression": "${now()}"}
NESTED = {"orQueries": [{"dueAfterExpression": "${now()}", "taskDefinitionKey": "x"}]}
PLAIN = {"orQueries": [{"name": "x", "taskDefinitionKey": "x"}]}


APPLICATIONS = [
    ("admin", "admin"), ("admin", "tasklist"), ("doctor", "tasklist"), ("medical_team", "tasklist"),
    ("contact_tracer", "tasklist"), ("lab_staff", "tasklist"), ("process_manager", "cockpit"),
]  # fmt: skip


@pytest.fixture(scope="module", params=[*[(role, "rest") for role in PEOPLE + PARTS], *APPLICATIONS], ids="-".join)
def api(request: pytest.FixtureRequest, state: dict[str, Any]) -> Api:
    role, application = request.param
    return rest_api(state, role) if application == "rest" else web_api(state, role, application)


@pytest.mark.parametrize("path", ["/task", "/task/count", "/task?firstResult=0&maxResults=1"])
def test_no_expression_of_a_query_is_evaluated(api: Api, path: str) -> None:
    if api.post(path, PLAIN).status_code == FORBIDDEN:
        assert api.role in PARTS
        assert [api.post(path, query).status_code for query in (TOP, NESTED)] == [FORBIDDEN] * 2
        return
    assert api.post(path, TOP).status_code == 400
    refused = api.post(path, NESTED)
    assert (refused.status_code, "forbidden within orQueries" in refused.text) == (400, True)


def test_no_expression_that_extends_a_filter_is_evaluated(state: dict[str, Any], api: Api) -> None:
    if api.role in PARTS:
        ids = [known["id"] for known in rest_api(state, "admin").get("/filter")]
        assert {api.post(f"/filter/{known}/list", NESTED).status_code for known in ids} == {FORBIDDEN}
        return
    for known in api.get("/filter"):
        for path in (f"/filter/{known['id']}/list", f"/filter/{known['id']}/count"):
            assert api.post(path, NESTED).status_code == 400, known["name"]
            # the filter without the extension works
            assert api.post(path, {}).status_code == 200, known["name"]


def test_no_filter_with_an_expression_can_be_saved(state: dict[str, Any], api: Api) -> None:
    body = {"resourceType": "Task", "name": "planted", "query": NESTED, "properties": {}}
    assert api.post("/filter/create", body).status_code in (400, 403)
    assert [known for known in rest_api(state, "admin").get("/filter") if known["name"] == "planted"] == []


def test_expressions_of_our_own_filters_are_evaluated(state: dict[str, Any], case: CaseUnderTest) -> None:
    case.reach_report("negative")
    task = case.wait_for_task("doctor_report").id
    doctor = rest_api(state, "doctor")
    [mine] = [known["id"] for known in doctor.get("/filter") if known["name"] == "My tasks"]
    assert task not in [found["id"] for found in doctor.get(f"/filter/{mine}/list")]
    case.engine_as("doctor").post(f"/task/{task}/claim", {"userId": account_of(state, "doctor")})
    assert task in [found["id"] for found in doctor.get(f"/filter/{mine}/list")]


@pytest.mark.parametrize("endpoint", ["env", "heapdump", "health", "loggers", "beans", "mappings", "threaddump"])
def test_of_the_engines_actuator_endpoints_only_the_metrics_are_served(state: dict[str, Any], endpoint: str) -> None:
    assert requests.get(f"{state['engine']}/actuator/prometheus", timeout=10).status_code == 200
    assert requests.get(f"{state['engine']}/actuator/{endpoint}", timeout=10).status_code == 404
