"""Each alert fires and is resolved, by a real Prometheus and on a platform whose parts are killed.

No alert fires without a fault.
"""

from __future__ import annotations

import subprocess
import time
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
from services.lab.models import MODELS, Decided, FeedItem, Transmission
from tests.support.case import GREEN_DAY, STAYS_AT_HOME, WITH_COUGH, CaseUnderTest, eventually
from tests.support.days import days_ago
from tests.support.external_tasks import ExternalTasks, deploy
from tests.support.lab_messages import POSITIVE, hl7
from tests.support.own_platform import is_engine_up, kill, wait_for_restart
from tests.support.prometheus import MONITORING, Prometheus, prometheus

pytestmark = pytest.mark.engine
# limit of the alerts that fire after minutes or days in production
LIMIT_S = 2
LIMITS = {
    "WorkWaits": LIMIT_S, "JobsWait": LIMIT_S, "VisitWaits": LIMIT_S, "ReportWaits": LIMIT_S, "LabLate": LIMIT_S,
    "LabItemsWait": LIMIT_S, "KitsLow": 10_000, "LabInboxWaits": LIMIT_S, "LabMessagesUnread": LIMIT_S,
    "EmergencyCallWaits": LIMIT_S, "WatchCallWaits": LIMIT_S,
}  # fmt: skip
# 500 jobs at once; as exclusive jobs of one process instance they are executed one after another
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
    eventually(lambda: is_engine_up(own_platform["engine"]))
    with prometheus(tmp_path_factory.mktemp("prometheus"), own_platform, LIMITS) as server:
        yield server


def wait_until_firing(server: Prometheus, *alerts: str) -> None:
    eventually(lambda: server.firing() >= set(alerts), f"{alerts} don't fire")


def wait_until_resolved(server: Prometheus, *alerts: str) -> None:
    eventually(lambda: not server.firing() & set(alerts), f"{alerts} aren't resolved")


def test_the_thresholds_of_all_rules() -> None:
    rules = Path(__file__).with_name("alerts_test.yml")
    done = subprocess.run(["promtool", "test", "rules", rules], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    tested = {
        row["alertname"] for test in yaml.safe_load(rules.read_text())["tests"] for row in test["alert_rule_test"]
    }
    assert tested == ALERTS


@pytest.mark.verify
def test_no_alert_fires_without_a_fault(own: dict[str, Any], tmp_path: Path) -> None:
    with prometheus(tmp_path, own) as server:
        case = CaseUnderTest(own).start(WITH_COUGH)
        case.request_evaluation()
        case.fill_in_medical_form()
        case.record_visit(finding="negative")
        case.submit_report()
        case.submit_form("review", {"rating": "5", "review_comment": None})
        case.wait_for_end()
        eventually(lambda: server.value('coronacare_kpi{kpi="ratings"}'))
        assert server.ever_fired() == set()


@pytest.mark.verify
@pytest.mark.parametrize("part", ["workers", "engine"])
def test_the_alert_of_a_missing_part(
    own: dict[str, Any], environment: dict[str, str], server: Prometheus, part: str
) -> None:
    old = kill(environment, part)
    wait_until_firing(server, "PartGone")
    wait_for_restart(environment, part, old)
    wait_until_resolved(server, "PartGone")


@pytest.mark.verify
def test_the_alert_of_many_errors(own: dict[str, Any], environment: dict[str, str], server: Prometheus) -> None:
    patient = Browser(own["webapp"])
    patient.fill_in("/forms/pre_screening", {**WITH_COUGH, "cough_since": days_ago(8)})
    old = kill(environment, "engine")
    assert [patient.open("/case").status for _ in range(20)] == [503] * 20
    wait_until_firing(server, "ManyErrors")
    wait_for_restart(environment, "engine", old)
    eventually(lambda: is_engine_up(own["engine"]))
    requests.get(own["webapp"], timeout=30)
    wait_until_resolved(server, "ManyErrors")


@pytest.mark.verify
def test_the_alerts_of_a_task_without_a_worker_and_of_an_incident(own: dict[str, Any], server: Prometheus) -> None:
    work = ExternalTasks(own)
    deploy(work.engine)
    [task] = work.start()
    wait_until_firing(server, "WorkWaits")
    [locked] = work.engine.post(
        "/external-task/fetchAndLock",
        {"workerId": "w", "maxTasks": 1, "topics": [{"topicName": work.topic, "lockDuration": 60_000}]},
    )
    failed = {"workerId": "w", "errorMessage": "no", "retries": 0, "retryTimeout": 0}
    work.engine.post(f"/external-task/{locked['id']}/failure", failed)
    wait_until_firing(server, "IncidentOpen")
    wait_until_resolved(server, "WorkWaits")
    work.engine.put(f"/external-task/{task}/retries", {"retries": 1})
    work.engine.post(f"/external-task/{task}/complete", {"workerId": "w"})
    wait_until_resolved(server, "IncidentOpen", "WorkWaits")


@pytest.mark.verify
def test_the_alert_of_a_job_executor_that_is_behind(own: dict[str, Any], server: Prometheus) -> None:
    engine = CaseUnderTest(own).admin
    engine.upload("/deployment/create", {"deployment-name": "many jobs"}, {"many_jobs.bpmn": MANY_JOBS.encode()})
    engine.post("/process-definition/key/many_jobs/start", {})
    wait_until_firing(server, "JobsWait")
    wait_until_resolved(server, "JobsWait")


@pytest.mark.verify
def test_the_alerts_of_overdue_visits_results_and_reports(own: dict[str, Any], server: Prometheus) -> None:
    case = CaseUnderTest(own)
    case.reach_visit()
    wait_until_firing(server, "VisitWaits")
    case.set_lab_result("negative", after_s=4 * LIMIT_S)
    case.record_visit()
    wait_until_firing(server, "LabLate")
    case.wait_for_task("doctor_report")
    wait_until_firing(server, "ReportWaits")
    wait_until_resolved(server, "VisitWaits", "LabLate")
    case.submit_report()
    wait_until_resolved(server, "ReportWaits")


@pytest.mark.verify
def test_the_alerts_of_overdue_calls_to_patients_watched_at_home(own: dict[str, Any], server: Prometheus) -> None:
    case = CaseUnderTest(own, is_watched=True)
    case.start_care(8)
    case.record_visit("positive")
    for spo2, alert, account, form in (
        (94, "WatchCallWaits", "medical_team", "watch_call"),
        (92, "EmergencyCallWaits", "doctor", "worsening_call"),
    ):
        case.wait_until_at("Event_ReportHour")
        case.fire_timer("Event_ReportHour")
        case.submit_form("daily_report", {**GREEN_DAY, "spo2": spo2})
        wait_until_firing(server, alert)
        case.complete_staff_task(account, form, STAYS_AT_HOME)
        wait_until_resolved(server, alert)


@pytest.mark.verify
def test_the_alert_of_a_feed_item_that_is_not_acknowledged(environment: dict[str, str], server: Prometheus) -> None:
    lab = connect_to(database_url(environment, "lab"))
    item = {"kind": "result", "case_reference": "C-UNKNOWN", "sample_number": 1, "sample_barcode": "B-1"}
    with lab.bind_ctx(MODELS), lab.connection_context():
        unknown = FeedItem.create(**item, status="final", result="negative")
        wait_until_firing(server, "LabItemsWait")
        FeedItem.update(acknowledged=True).where(FeedItem.id == unknown.id).execute()
    wait_until_resolved(server, "LabItemsWait")


@pytest.mark.verify
def test_the_alerts_of_laboratories_messages(
    own: dict[str, Any], environment: dict[str, str], server: Prometheus
) -> None:
    # given a message that isn't read, because its format is unknown, and a result that waits for staff
    url = f"{own['lab']}/v1/messages"
    headers = {"X-API-Key": own["lab_api_key"]}
    requests.post(url, data=hl7(POSITIVE), headers=headers, timeout=10).raise_for_status()
    lab = connect_to(database_url(environment, "lab"))
    with lab.bind_ctx(MODELS), lab.connection_context():
        planted = Transmission.create(digest="x", format="x", channel="http", content=b"x", received_at=time.time())
        # when another one is refused
        assert requests.post(url, data=b"no message", headers=headers, timeout=10).status_code == 415
        wait_until_firing(server, "LabInboxWaits", "LabMessagesUnread", "LabMessagesRefused")
        planted.delete_instance()
        Decided.update(outcome="rejected").execute()
    wait_until_resolved(server, "LabInboxWaits")
    wait_until_resolved(server, "LabMessagesUnread")


@pytest.mark.verify
def test_the_alerts_of_a_low_stock_of_kits_and_of_no_doctor_on_duty(
    own: dict[str, Any], environment: dict[str, str], server: Prometheus
) -> None:
    case = CaseUnderTest(own)
    case.reach_visit()
    wait_until_firing(server, "KitsLow")
    case.call_lab("POST", "/v1/stock", {"kits": 100})
    wait_until_resolved(server, "KitsLow")
    database.open(database_url(environment, "records"))
    with database.database.connection_context():
        duties = list(Duty.select().dicts())
        Duty.delete().execute()
        wait_until_firing(server, "NoDoctorOnDuty")
        Duty.insert_many(duties).execute()
    database.database.close()
    wait_until_resolved(server, "NoDoctorOnDuty")


def database_url(environment: dict[str, str], name: str) -> str:
    """URL of a database of our platform."""
    return f"sqlite:///{Path(environment[environment_name('folder')]).absolute()}/data/{name}.db"
