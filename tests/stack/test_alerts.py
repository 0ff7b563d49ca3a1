"""Each alert fires when it should, and clears when that is over: on a platform whose parts are killed, by a real
Prometheus. Nothing fires while all goes well.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from camunda7.forms.browser import Browser
from config.settings import environment_name
from hosting.databases import connect_to
from records import database
from records.roster import Duty
from services.lab.models import MODELS, FeedItem
from tests.support.case import WITH_COUGH, CaseUnderTest, eventually
from tests.support.days import days_ago
from tests.support.own_platform import answers, kill, started_again
from tests.support.prometheus import MONITORING, Prometheus, prometheus
from tests.support.work import Work, deploy

pytestmark = pytest.mark.engine
# of what takes days otherwise
SOON_S = 2
LIMITS = {
    "WorkWaits": SOON_S, "JobsWait": SOON_S, "VisitWaits": SOON_S, "ReportWaits": SOON_S, "LabLate": SOON_S,
    "LabItemsWait": SOON_S, "KitsLow": 10_000,
}  # fmt: skip
# all at once, and one after the other: jobs of one process instance exclude each other
MANY_JOBS = """<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="http://coronacare.example/tests">
  <bpmn:process id="many_jobs" isExecutable="true" camunda:historyTimeToLive="P1D">
    <bpmn:startEvent id="Event_Begun" />
    <bpmn:sequenceFlow id="Flow_Begun" sourceRef="Event_Begun" targetRef="Task_Nothing" />
    <bpmn:task id="Task_Nothing">
      <bpmn:multiInstanceLoopCharacteristics camunda:asyncBefore="true">
        <bpmn:loopCardinality>500</bpmn:loopCardinality>
      </bpmn:multiInstanceLoopCharacteristics>
    </bpmn:task>
  </bpmn:process>
</bpmn:definitions>
"""
ALERTS = {rule["alert"] for rule in yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"][0]["rules"]}


@pytest.fixture(scope="module")
def server(own_platform: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    eventually(lambda: answers(own_platform["engine"]))
    with prometheus(tmp_path_factory.mktemp("prometheus"), own_platform, LIMITS) as server:
        yield server


def fires(server: Prometheus, *alerts: str) -> None:
    eventually(lambda: server.firing() >= set(alerts), f"{alerts} don't fire")


def clears(server: Prometheus, *alerts: str) -> None:
    eventually(lambda: not server.firing() & set(alerts), f"{alerts} don't clear")


def test_the_rules_say_when() -> None:
    rules = Path(__file__).with_name("alerts_test.yml")
    done = subprocess.run(["promtool", "test", "rules", rules], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    tested = {
        row["alertname"] for test in yaml.safe_load(rules.read_text())["tests"] for row in test["alert_rule_test"]
    }
    assert tested == ALERTS


@pytest.mark.verify
def test_nothing_fires_while_all_goes_well(own: dict[str, Any], tmp_path: Path) -> None:
    with prometheus(tmp_path, own) as server:
        case = CaseUnderTest(own).starts(WITH_COUGH)
        case.requests_evaluation()
        case.fills_in_medical_form()
        case.is_visited(finding="negative")
        case.is_reported()
        case.sends("review", {"rating": "5", "review_comment": None})
        case.ends()
        eventually(lambda: server.value('coronacare_kpi{kpi="ratings"}'))
        assert server.ever_fired() == set()


@pytest.mark.verify
@pytest.mark.parametrize("part", ["workers", "engine"])
def test_a_part_is_gone(own: dict[str, Any], environment: dict[str, str], server: Prometheus, part: str) -> None:
    old = kill(environment, part)
    fires(server, "PartGone")
    started_again(environment, part, old)
    clears(server, "PartGone")


@pytest.mark.verify
def test_many_errors(own: dict[str, Any], environment: dict[str, str], server: Prometheus) -> None:
    patient = Browser(own["webapp"])
    patient.fill_in("/forms/pre_screening", {**WITH_COUGH, "cough_since": days_ago(8)})
    old = kill(environment, "engine")
    assert [patient.open("/case").status for _ in range(20)] == [503] * 20
    fires(server, "ManyErrors")
    started_again(environment, "engine", old)
    eventually(lambda: answers(own["engine"]))
    requests.get(own["webapp"], timeout=30)
    clears(server, "ManyErrors")


@pytest.mark.verify
def test_a_task_that_nobody_takes_and_one_that_stands_still(own: dict[str, Any], server: Prometheus) -> None:
    work = Work(own)
    deploy(work.engine)
    [task] = work.starts()
    fires(server, "WorkWaits")
    [locked] = work.engine.post(
        "/external-task/fetchAndLock",
        {"workerId": "w", "maxTasks": 1, "topics": [{"topicName": work.topic, "lockDuration": 60_000}]},
    )
    failed = {"workerId": "w", "errorMessage": "no", "retries": 0, "retryTimeout": 0}
    work.engine.post(f"/external-task/{locked['id']}/failure", failed)
    fires(server, "IncidentOpen")
    clears(server, "WorkWaits")
    work.engine.put(f"/external-task/{task}/retries", {"retries": 1})
    work.engine.post(f"/external-task/{task}/complete", {"workerId": "w"})
    clears(server, "IncidentOpen", "WorkWaits")


@pytest.mark.verify
def test_an_engine_that_does_not_keep_up(own: dict[str, Any], server: Prometheus) -> None:
    engine = CaseUnderTest(own).admin
    engine.upload("/deployment/create", {"deployment-name": "many jobs"}, {"many_jobs.bpmn": MANY_JOBS.encode()})
    engine.post("/process-definition/key/many_jobs/start", {})
    fires(server, "JobsWait")
    clears(server, "JobsWait")


@pytest.mark.verify
def test_patients_who_wait(own: dict[str, Any], server: Prometheus) -> None:
    case = CaseUnderTest(own)
    case.reaches_the_visit()
    fires(server, "VisitWaits")
    case.lab_will_find("negative", after_s=4 * SOON_S)
    case.is_visited()
    fires(server, "LabLate")
    case.waits_for("doctor_report")
    fires(server, "ReportWaits")
    clears(server, "VisitWaits", "LabLate")
    case.is_reported()
    clears(server, "ReportWaits")


@pytest.mark.verify
def test_a_result_of_an_unknown_case(environment: dict[str, str], server: Prometheus) -> None:
    lab = connect_to(data_of(environment, "lab"))
    item = {"kind": "result", "case_reference": "C-UNKNOWN", "sample_number": 1, "sample_barcode": "B-1"}
    with lab.bind_ctx(MODELS), lab.connection_context():
        unknown = FeedItem.create(**item, status="final", result="negative")
        fires(server, "LabItemsWait")
        FeedItem.update(acknowledged=True).where(FeedItem.id == unknown.id).execute()
    clears(server, "LabItemsWait")


@pytest.mark.verify
def test_too_few_kits_and_no_doctor(own: dict[str, Any], environment: dict[str, str], server: Prometheus) -> None:
    case = CaseUnderTest(own)
    case.reaches_the_visit()
    fires(server, "KitsLow")
    case.at_lab("POST", "/v1/stock", {"kits": 100})
    clears(server, "KitsLow")
    database.open(data_of(environment, "records"))
    with database.database.connection_context():
        duties = list(Duty.select().dicts())
        Duty.delete().execute()
        fires(server, "NoDoctorOnDuty")
        Duty.insert_many(duties).execute()
    database.database.close()
    clears(server, "NoDoctorOnDuty")


def data_of(environment: dict[str, str], name: str) -> str:
    """URL of a database of our platform."""
    return f"sqlite:///{Path(environment[environment_name('folder')]).absolute()}/data/{name}.db"
