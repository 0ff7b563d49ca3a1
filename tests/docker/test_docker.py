"""The platform in Docker: `make docker-test`. The tests run in this order, on one platform."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib.metadata import distributions
from pathlib import Path

import pytest
import requests

from tests.docker.compose import ANSWER_TIMEOUT_S, COMMANDS, START_TIMEOUT_S, Compose, temporary_project
from tests.support.case import eventually
from tests.support.chromium import DESKTOP, launch_chromium
from tests.support.people import StaffMember

SEVERAL = {"workers": 3, "webapp": 2, "engine": 2}
ONE = dict.fromkeys(SEVERAL, 1)
# that end a process; PostgreSQL would wait for its clients after SIGTERM
SIGNALS = {"postgres": "INT"}
# prints a metric's sum in each container of a service: host, port and path, pattern of the metric
READ_METRIC = """
import re, socket, sys, urllib.request
host, port, path, pattern = sys.argv[1:]
for address in sorted({each[4][0] for each in socket.getaddrinfo(host, None)}):
    text = urllib.request.urlopen(f"http://{address}:{port}{path}", timeout=30).read().decode()
    print(sum(map(float, re.findall(rf"^{pattern} (\\S+)$", text, re.MULTILINE))))
"""
# computes again when each ended process instance is to be deleted, by a job for each
CREATE_JOBS = """
import requests
from config import settings
engine = settings.load().engine
requests.post(
    f"{engine.url}/engine-rest/history/process-instance/set-removal-time",
    json={"historicProcessInstanceQuery": {"finished": True}, "calculatedRemovalTime": True},
    auth=(engine.username, engine.password.get_secret_value()),
    timeout=60,
).raise_for_status()
"""


@pytest.fixture(scope="module")
def compose(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compose]:
    # docs/how-to/docker.md#several-of-a-part
    with temporary_project(Compose(tmp_path_factory.mktemp("docker"), checkout, LONG_POLL_S="2")) as compose:
        yield compose


def status_of(url: str) -> int:
    try:
        return requests.get(url, timeout=ANSWER_TIMEOUT_S).status_code
    except requests.RequestException:
        return 0


def count_closed(compose: Compose) -> str:
    """The number of closed cases, as `status` shows it."""
    [line] = [line for line in compose("run", "--rm", "status", check=False).splitlines() if "Closed cases" in line]
    return re.sub(r"\D", "", line)


def start(compose: Compose, numbers: dict[str, int]) -> None:
    """Start these numbers of containers of each service."""
    scale = [f"--scale={service}={number}" for service, number in numbers.items()]
    compose("up", "--detach", "--no-build", "--no-recreate", *scale)
    compose.wait_until_healthy()
    assert {service: len(compose.containers(service)) for service in numbers} == numbers
    # the front resolves names again within seconds
    time.sleep(15)


def sum_metric(compose: Compose, *metric: str) -> list[float]:
    return [float(line) for line in compose("exec", "-T", "webapp", "python", "-c", READ_METRIC, *metric).split()]


def count_scraped(compose: Compose, job: str) -> int:
    """Number of containers of a part that Prometheus reads."""
    url = f"http://127.0.0.1:{compose.ports['PROMETHEUS_PORT']}/api/v1/query"
    answer = requests.get(url, {"query": f'count(up{{job="{job}"}} == 1)'}, timeout=ANSWER_TIMEOUT_S).json()
    return int(answer["data"]["result"][0]["value"][1])


def normalized(names: Iterable[str]) -> set[str]:
    """Names of Python packages as PEP 503 compares them."""
    return {re.sub(r"[-_.]+", "-", name).lower() for name in names}


def messages(compose: Compose) -> Counter[str]:
    """Number of mails by Message-ID."""
    url = f"http://127.0.0.1:{compose.ports['MAIL_PORT']}/api/v1/messages?limit=5000"
    return Counter(each["MessageID"] for each in requests.get(url, timeout=ANSWER_TIMEOUT_S).json()["messages"])


def test_one_command_builds_and_starts_everything(compose: Compose) -> None:
    began = time.monotonic()
    compose("up", "--build", "--detach")
    compose.wait_until_healthy()
    print(f"built, and healthy after {time.monotonic() - began:.0f} s")
    assert status_of(f"{compose.url}/") == 200


def test_the_image_has_what_the_parts_need_only(compose: Compose, checkout: Path) -> None:
    read = "import importlib.metadata as m; print(*(each.name for each in m.distributions()))"
    locked = re.findall(r"^([\w.-]+)==", (checkout / "requirements.txt").read_text(), re.MULTILINE)
    installed = compose("exec", "-T", "webapp", "python", "-c", read).split()
    assert installed
    assert normalized(installed) <= normalized(locked)
    # control: this environment has the packages of the tests
    assert not normalized(each.name for each in distributions()) <= normalized(locked)


def test_a_container_has_only_the_rights_that_it_needs(compose: Compose) -> None:
    """As the kernel sees its first process; docs/how-to/docker.md#containers."""
    services = {each["Service"] for each in compose.containers()} - COMMANDS
    read = ("cat", "/proc/1/status", "/proc/self/mounts")
    printed = {service: compose("exec", "-T", service, *read) for service in services}

    def matching(pattern: str) -> set[str]:
        return {service for service, text in printed.items() if re.search(pattern, text, re.MULTILINE)}

    assert matching(r"^Uid:\s+0\s") == {"mail"}
    assert matching(r"^CapBnd:\s+0+$") == services
    assert matching(r"^NoNewPrivs:\s+1$") == services
    # its root file system
    assert matching(r"^\S+ / \S+ rw,") == {"grafana"}


def test_the_engine_starts_from_its_archive_of_classes(compose: Compose) -> None:
    """Java starts without an archive that it can't use."""
    assert "/engine/engine.jsa" in compose("exec", "-T", "engine", "cat", "/proc/1/maps")


def test_the_pilot_is_shared_by_several_containers_of_a_part(compose: Compose) -> None:
    start(compose, SEVERAL)
    assert "33 patients replayed" in compose("run", "--rm", "demo")
    assert count_closed(compose) == "33"
    completed = sum_metric(compose, "workers", "5004", "/metrics", r"worker_reported_total\{.*\}")
    assert len(completed) == SEVERAL["workers"]
    assert min(completed) > 0
    print(f"tasks by worker: {completed}")
    assert set(messages(compose).values()) == {1}
    # Prometheus reads each of them
    assert {name: count_scraped(compose, name) for name in SEVERAL} == SEVERAL


def test_engines_share_the_jobs(compose: Compose) -> None:
    """Each acquires some, whichever has created them."""
    metric = r'executor_completed_tasks_total\{name="camundaTaskExecutor".*\}'
    executed: list[float] = []

    def is_shared() -> bool:
        compose("run", "--rm", "status", "python", "-c", CREATE_JOBS)
        executed[:] = sum_metric(compose, "engine", "8080", "/actuator/prometheus", metric)
        return min(executed) > 0

    eventually(is_shared, lambda: str(executed), START_TIMEOUT_S)
    print(f"batches of jobs by engine: {executed}")
    assert len(executed) == SEVERAL["engine"]


def test_a_session_of_staff_stays_on_its_engine(compose: Compose) -> None:
    """Sessions of Tasklist are in the memory of one engine."""
    for _ in range(5):
        session = compose.sign_in("doctor")
        for _ in range(5):
            filters = session.get(f"{compose.url}/camunda/api/engine/engine/default/filter", timeout=ANSWER_TIMEOUT_S)
            assert filters.status_code == 200
    assert {status_of(f"{compose.url}/") for _ in range(20)} == {200}
    start(compose, ONE)


@pytest.mark.parametrize("account", ["doctor", "medical_team", "contact_tracer"])
def test_staff_sign_in_to_tasklist_in_a_browser(compose: Compose, account: str) -> None:
    with launch_chromium() as browser:
        member = StaffMember(browser.new_page(viewport=DESKTOP), compose.state, account)
        member.sign_in_on_page()
        # the lists of the role
        assert member.filters()


def test_a_process_manager_signs_in_in_a_browser(compose: Compose) -> None:
    with launch_chromium() as browser:
        manager = StaffMember(browser.new_page(viewport=DESKTOP), compose.state, "process_manager")
        manager.open_webapp("/staff/kpis")
        manager.sign_in_to_webapp()
        manager.open_webapp("/staff/kpis")
        assert manager.page.inner_text("h1") == "KPIs"


def test_cookies_of_staff_have_their_attributes(compose: Compose) -> None:
    """Also one that is set without the XSRF token."""
    refused = requests.post(
        f"{compose.url}/camunda/api/admin/auth/user/default/login/tasklist",
        data={"username": "doctor", "password": "x"},
        timeout=ANSWER_TIMEOUT_S,
    )
    [cookie] = [each for each in refused.raw.headers.getlist("Set-Cookie") if each.startswith("JSESSIONID")]
    assert refused.status_code == 403
    assert {"httponly", "samesite=lax"} <= {part.strip().lower() for part in cookie.split(";")}


def test_an_unchanged_deployment_deploys_nothing(compose: Compose) -> None:
    assert "no change since the last deployment" in compose("run", "--rm", "deployment")


def test_a_changed_diagram_is_deployed(compose: Compose, checkout: Path) -> None:
    diagram = checkout / "processes/test_sample.bpmn"
    before = diagram.read_text()
    diagram.write_text(f"{before}<!-- changed by a test -->\n")
    deployed = compose("run", "--rm", "deployment")
    diagram.write_text(before)
    assert "no change" not in deployed
    assert "deployed" in deployed


def test_a_wrong_password_makes_a_part_unhealthy(compose: Compose) -> None:
    compose("up", "--detach", "--no-deps", "webapp", WEBAPP_PASSWORD="planted-by-a-test")
    eventually(
        lambda: [each["Health"] for each in compose.containers("webapp")] == ["unhealthy"], within_s=START_TIMEOUT_S
    )
    compose("up", "--detach", "--no-deps", "webapp")
    compose.wait_until_healthy("webapp")


def test_the_front_follows_a_recreated_web_application(compose: Compose) -> None:
    """Its address changes."""
    compose("up", "--detach", "--no-deps", "--force-recreate", "webapp")
    eventually(lambda: status_of(f"{compose.url}/") == 200, within_s=START_TIMEOUT_S)


def test_the_front_starts_without_the_parts_behind_it(compose: Compose) -> None:
    compose("stop", "webapp", "engine")
    compose("restart", "front")
    compose.wait_until_healthy("front")
    assert status_of(f"{compose.url}/") == 503
    compose("start", "engine", "webapp")
    eventually(lambda: status_of(f"{compose.url}/") == 200, within_s=START_TIMEOUT_S)
    compose.wait_until_healthy()
    compose.sign_in("doctor")


def test_a_stopped_engine_has_ended_by_itself(compose: Compose) -> None:
    compose("stop", "engine")
    assert '"ExitCode":137' not in compose("ps", "--all", "--format", "json", "engine")
    compose("start", "engine")
    compose.wait_until_healthy("engine")


def test_containers_that_end_are_restarted(compose: Compose) -> None:
    before = {each["ID"]: each["Service"] for each in compose.containers() if each["Service"] not in COMMANDS}
    for service in before.values():
        compose("exec", "-T", service, "sh", "-c", f"kill -{SIGNALS.get(service, 'TERM')} 1")
    eventually(lambda: min(compose.restarts(*before)) > 0, lambda: str(compose.restarts(*before)), START_TIMEOUT_S)
    compose.wait_until_healthy()
    assert count_closed(compose) == "33"


def test_killed_containers_come_back_with_their_data(compose: Compose) -> None:
    for service in sorted({each["Service"] for each in compose.containers()}):
        compose("kill", service)
        compose("up", "--detach", "--no-build")
        compose.wait_until_healthy()
    assert status_of(f"{compose.url}/") == 200
    assert count_closed(compose) == "33"


def test_data_outlive_down_and_up(compose: Compose) -> None:
    sent = messages(compose)
    compose("down")
    compose("up", "--detach")
    compose.wait_until_healthy()
    assert count_closed(compose) == "33"
    assert sent
    assert sent <= messages(compose)
