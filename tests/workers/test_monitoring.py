"""Health, metrics and logs of a running worker, and that they have no patient data."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from camunda.external_task.external_task import ExternalTask, TaskResult
from camunda.utils.log_utils import log_with_context
from prometheus_client import generate_latest

from camunda7.worker import Retry, Runtime, TaskClient, topic
from camunda7.worker.health import Health
from processes.variables import VARIABLES
from tests.support.case import NO_SYMPTOMS, REQUEST, WITH_COUGH, CaseUnderTest, eventually
from tests.support.external_tasks import ExternalTasks
from tests.support.ports import free_port
from tests.support.proxy import CUT, Proxy
from tests.support.running_worker import running_worker
from tests.support.running_worker import serve_health as serve_worker_health

CANARY = "Xylophon-7731"


def test_the_platforms_workers_serve_health_checks_and_metrics(state: dict[str, Any]) -> None:
    case = CaseUnderTest(state).start({**NO_SYMPTOMS, "breathless": True})
    case.wait_for_end()
    url = state["workers"]
    for path in ("/healthz", "/readyz"):
        assert (requests.get(url + path, timeout=5).status_code, path) == (200, path)
    metrics = requests.get(url + "/metrics", timeout=5).text
    assert 'worker_reported_total{report="complete",topic="kpi.record_case"}' in metrics
    for name in ("fetched_total", "tasks_in_flight", "poll_seconds_sum", "handler_seconds_sum", "report_seconds_sum"):
        assert f"worker_{name}" in metrics
    assert requests.get(url + "/else", timeout=5).status_code == 404


@pytest.fixture
def serve_health(
    proxied_work: tuple[ExternalTasks, Proxy],
) -> Iterator[Callable[[Runtime, TaskClient], Callable[[str], int]]]:
    servers: list[Health] = []

    def serve(runtime: Runtime, client: TaskClient) -> Callable[[str], int]:
        port = free_port()
        servers.append(serve_worker_health(runtime, client, port))
        return lambda path: requests.get(f"http://127.0.0.1:{port}{path}", timeout=5).status_code

    yield serve
    for server in servers:
        server.close()


def test_without_the_engine_a_worker_is_alive_but_not_ready(
    proxied_work: tuple[ExternalTasks, Proxy], serve_health: Callable[..., Any]
) -> None:
    work, proxy = proxied_work
    with running_worker(**work.worker, functions=[topic(work.topic)(lambda: None)], long_poll_s=1) as runtime:
        status = serve_health(runtime, runtime.client)
        assert (status("/healthz"), status("/readyz")) == (200, 200)
        proxy.fault = lambda path: CUT
        time.sleep(2)
        assert (status("/healthz"), status("/readyz")) == (200, 503)
        proxy.fault = lambda path: None
        eventually(lambda: status("/readyz") == 200)


def test_a_worker_whose_poll_loop_hangs_is_not_alive(
    proxied_work: tuple[ExternalTasks, Proxy], serve_health: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    work, _ = proxied_work
    resume = threading.Event()
    with running_worker(**work.worker, functions=[topic(work.topic)(lambda: None)], long_poll_s=1) as runtime:
        status = serve_health(runtime, runtime.client)
        monkeypatch.setattr("camunda7.worker.runtime.POLL_LOOP_TIMEOUT_S", -5.0)
        monkeypatch.setattr(runtime.client, "fetch", lambda topics, most: resume.wait(60) and [])
        eventually(lambda: status("/healthz") == 503)
        assert status("/readyz") == 200
        resume.set()


def canary_of(name: str) -> Any:
    """A recognisable value of the variable's type."""
    return {"Integer": 77317731, "Double": 7731.7731, "Boolean": True}.get(VARIABLES[name].type, CANARY)


def test_values_of_variables_are_in_no_log_metric_or_incident(
    work: ExternalTasks, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    names = [name for name, variable in VARIABLES.items() if variable.type in ("String", "Integer", "Double")]
    seen: list[Any] = []

    def fail(task: ExternalTask) -> TaskResult:
        seen.append(task.get_variables())
        raise ValueError(f"what about {task.get_variables()}?")

    caplog.set_level(logging.DEBUG)
    logging.getLogger("urllib3").setLevel(logging.DEBUG)
    handle = topic(work.topic, retry=Retry(attempts=2, first="10ms", most="10ms"))(fail)
    work.start(**{name: canary_of(name) for name in names})
    with running_worker(**work.worker, functions=[handle]) as runtime:
        eventually(work.incidents)
        metrics = generate_latest(runtime.metrics.registry).decode()
    # control: the handler and the engine have the values
    found = str(seen)
    assert all(text in found for text in (CANARY, "77317731", "7731.7731"))
    instance = work.engine.get("/external-task", topicName=work.topic)[0]["processInstanceId"]
    assert CANARY in str(work.engine.get(f"/process-instance/{instance}/variables"))
    # the client library logs nothing (control: its log records would be captured)
    loggers = {record.name for record in caplog.records}
    assert not any(name == "root" or name.startswith("camunda") for name in loggers)
    log_with_context("control")
    assert "root" in {record.name for record in caplog.records}
    # and nothing else has them
    outputs = {
        "log": str([vars(record) for record in caplog.records]) + caplog.text,
        "output": "".join(capfd.readouterr()),
        "metrics": metrics,
        "incident": str(work.incidents()),
        "failure": str(work.failures()),
    }
    assert work.topic in outputs["log"]
    for where, text in outputs.items():
        for canary in (CANARY, "77317731", "7731.7731"):
            assert canary not in text, where


def test_no_log_of_the_platform_has_a_patients_name(state: dict[str, Any]) -> None:
    case = CaseUnderTest(state)
    case.start(WITH_COUGH)
    case.request_evaluation(**{**REQUEST, "family_name": CANARY, "address": f"1 {CANARY} Street"})
    case.fill_in_medical_form()
    case.record_visit(finding="negative")
    case.wait_for_task("doctor_report")
    logs = {path.name: path.read_text() for path in Path(state["logs"]).glob("*.log")}
    assert case.reference in logs["workers.log"]
    assert "root" not in {line.split()[3].rstrip(":") for line in logs["workers.log"].splitlines() if "INFO" in line}
    assert [name for name, text in logs.items() if CANARY in text] == []
    assert CANARY in str(case.case().values)
