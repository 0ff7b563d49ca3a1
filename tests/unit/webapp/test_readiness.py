"""/readyz of the web application names a wrong password or API key."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from hosting.clients.government import Government
from hosting.clients.lab import Lab
from hosting.clients.mail import MailServer
from hosting.clients.sms import SmsGateway
from processes.engine import Engine
from services.government.app import create_app as create_government
from services.government.archive import Archive
from services.government.notification import Notifier
from services.lab.app import create_app as create_lab
from tests.support.databases import open_service
from tests.support.http_server import Reply, http_server
from tests.unit.webapp.test_application import OPTIONS
from webapp.app import create_app
from webapp.options import Options

pytestmark = pytest.mark.usefixtures("records")
KEY = "a key of the tests"
UNREACHABLE = "http://127.0.0.1:9"


@contextmanager
def services(folder: Path) -> Iterator[tuple[str, str]]:
    """The URLs of a laboratory and of a government."""
    notifier = Notifier(MailServer("127.0.0.1", 9), "a@b.example", SmsGateway(UNREACHABLE, ""), UNREACHABLE, "112")
    applications = (
        create_lab(open_service(f"sqlite:///{folder}/lab.db", "lab"), KEY, 1),
        create_government(open_service(f"sqlite:///{folder}/government.db", "government"), KEY, notifier, Archive(KEY)),
    )
    with ExitStack() as stack:
        servers = [make_server("127.0.0.1", 0, application, threaded=True) for application in applications]
        for server in servers:
            threading.Thread(target=server.serve_forever).start()
            stack.callback(server.shutdown)
        lab, government = (f"http://127.0.0.1:{server.port}" for server in servers)
        yield lab, government


@contextmanager
def engine_that_answers(status: int) -> Iterator[str]:
    with http_server(lambda call: Reply(status, b"{}")) as url:
        yield url


def readiness(engine: str, lab: str, government: str, key: str) -> tuple[int, list[str]]:
    parts = Engine(engine, "webapp", "a password", timeout_s=1), Government(government, key), Lab(lab, key)
    answer = create_app(Options(**OPTIONS), *parts).test_client().get("/readyz")
    return answer.status_code, answer.text.splitlines()


def test_with_all_services_it_is_ready(tmp_path: Path) -> None:
    with services(tmp_path) as (lab, government), engine_that_answers(200) as engine:
        assert readiness(engine, lab, government, KEY) == (200, ["ok"])


def test_wrong_api_keys_and_a_wrong_password_are_problems(tmp_path: Path) -> None:
    with services(tmp_path) as (lab, government), engine_that_answers(401) as engine:
        status, problems = readiness(engine, lab, government, "another")
    assert status == 503
    assert problems == [
        "engine: GET /process-definition/key/corona_care: the engine refuses engine.username or engine.password (401)",
        "lab: lab refuses the API key of lab.api_key (401)",
        "government: government refuses the API key of government.api_key (401)",
    ]


def test_an_unreachable_engine_is_a_problem_and_unreachable_services_are_none() -> None:
    status, [problem] = readiness(UNREACHABLE, UNREACHABLE, UNREACHABLE, KEY)
    assert status == 503
    assert problem.startswith("engine: GET /process-definition/key/corona_care: ConnectionError")
