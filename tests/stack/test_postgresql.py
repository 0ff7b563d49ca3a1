"""Everything on PostgreSQL, by URL alone: a positive case goes the whole road; of an erased one nothing is left."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import requests

from config.settings import ROOT
from processes.cases import start_case
from processes.engine import Engine, EngineUnavailable
from services.database import open_database
from services.government.archive import Archive
from services.government.models import MODELS, Case
from stack.browser import Browser, Page, signed_in_manager
from stack.platform import Platform
from tests.faults.patients import starts_of
from tests.support.canaries import Canaries, asks_for_care, ends_care, files_under
from tests.support.case import CONTACT, WITH_COUGH, CaseUnderTest, eventually
from tests.support.mail import mails_to
from tests.support.platform import platform_up, secrets_of_run, without_settings
from tests.support.postgresql import DATABASES, Server, dump, postgresql
from tests.support.sms import texts_to

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("on_postgresql")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgresql() as server:
        yield server


@pytest.fixture(scope="module")
def platform(folder: Path, server: Server) -> Iterator[Platform]:
    """A platform of our own, with each database on one PostgreSQL server; settings by HTTPS."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "environ", {**without_settings(os.environ), **server.settings})
        os.environ["CORONACARE_ENGINE__SECURE_COOKIES"] = "true"
        os.environ["CORONACARE_WORKERS__ERASURE_INTERVAL_S"] = "0.5"
        with platform_up(folder / "run") as platform:
            yield platform


def test_all_processes_that_start_at_once_find_the_tables(server: Server) -> None:
    for number in range(5):
        name = f"empty_{number}"
        server.create_database(name)
        opens = f"from records import database; database.open({server.url_of(name)!r})"
        starting = [subprocess.Popen([sys.executable, "-c", opens], cwd=ROOT) for _ in range(6)]
        assert [process.wait(timeout=30) for process in starting] == [0] * 6


def test_a_case_runs_on_postgresql(platform: Platform) -> None:
    case = CaseUnderTest(platform.state).starts(WITH_COUGH)
    case.requests_evaluation()
    case.fills_in_medical_form()
    case.is_visited(finding="positive")
    case.sends("close_contacts", {"had_contacts": "yes", "close_contacts": [CONTACT]})
    case.is_reported(case_classification="confirmed")
    case.sends("review", {"rating": "5"})
    assert case.ends().values["case_outcome"] == "care_completed"
    eventually(lambda: mails_to(platform.state, CONTACT["email"]))
    left = list((Path(os.environ["CORONACARE_FOLDER"]) / "data").glob("*.db"))
    assert left == [], "nothing is kept in files beside it"


def test_of_what_waits_the_database_finds_what_is_due_without_going_through_all(
    platform: Platform, server: Server
) -> None:
    connection = psycopg2.connect(server.url_of("engine"))
    with connection, connection.cursor() as cursor:
        ours = "indexname LIKE 'coronacare%' AND tablename LIKE 'act%'"
        cursor.execute(f"SELECT tablename, indexdef FROM pg_indexes WHERE {ours}")
        found = {table: definition.rpartition(" ")[2] for table, definition in cursor.fetchall()}
    connection.close()
    assert found == {"act_ru_job": "(duedate_)", "act_ru_task": "(parent_task_id_)"}


def test_a_request_that_hangs_in_the_database_and_is_repeated_takes_effect_once(
    platform: Platform, server: Server
) -> None:
    # given a database that lets nobody write for a while, and somebody who doesn't wait for so long
    patient, who = CaseUnderTest(platform.state), platform.state["accounts"]["admin"]
    impatient = Engine(platform.state["engine"], who["username"], who["password"], timeout_s=2)
    connection = psycopg2.connect(server.url_of("engine"))
    with connection, connection.cursor() as cursor:
        cursor.execute("LOCK TABLE act_ru_execution IN EXCLUSIVE MODE")
        # when they start a case, and again as there is no answer
        for _ in range(2):
            with pytest.raises(EngineUnavailable):
                start_case(impatient, patient.reference, WITH_COUGH, patient.policy)
    connection.close()
    # then it begins once
    patient.waits_for("evaluation_request")
    start_case(impatient, patient.reference, WITH_COUGH, patient.policy)
    assert starts_of(patient.admin, [patient.reference]) == [1]


def test_as_it_is_served_by_https(platform: Platform) -> None:
    answer = requests.get(platform.state["engine"] + "/camunda/app/tasklist/default/", timeout=10)
    cookies = answer.raw.headers.getlist("Set-Cookie")
    assert [cookie.partition("=")[0] for cookie in cookies] == ["JSESSIONID", "XSRF-TOKEN"]
    assert all("; secure" in cookie.lower().replace(";secure", "; secure") for cookie in cookies)
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]


def test_of_a_closed_case_there_is_what_the_law_keeps_sealed_and_a_line_without_a_name(platform: Platform) -> None:
    state, words, browser = platform.state, Canaries(), Browser(platform.state["webapp"])
    case = CaseUnderTest(state)
    asks_for_care(case, browser, words, reached_by="sms")
    case.is_visited(finding="positive", visit_note=words.word("visit_note"))
    ends_care(case, browser, words, reached_by="sms")
    for number in ("phone", "contact_phone"):
        eventually(lambda number=number: texts_to(state, words.words[number]))
    assert words.found_in(dumps()) == words.words.keys()
    kpis = kpis_of(state)

    asked = erases(browser)
    assert asked.heading == "Your data will be erased"
    assert browser.open("/case").heading != "Your case", "signed out"
    wait_until_erased(case.reference)
    assert words.found_in([*dumps(), *files()]) == set()
    assert kpis_of(state) == kpis
    assert "by patient: erased" in line_of(case.reference)
    assert "the law keeps" in line_of(case.reference)
    kept = sealed(case.reference)
    assert kept["given_name"] == words.words["given_name"]
    assert [contact["phone"] for contact in kept["contacts"]] == [words.words["contact_phone"]]


def test_of_a_withdrawn_case_nothing_is_left_as_soon_as_it_ends(platform: Platform) -> None:
    state, words, browser = platform.state, Canaries(born="1918-04-12"), Browser(platform.state["webapp"])
    case = CaseUnderTest(state)
    asks_for_care(case, browser, words)
    case.is_visited(finding="negative", after_s=6)
    case.stands_at("Task_WaitForTestResult")
    withdraw = browser.open("/case/withdraw")
    browser.send(withdraw, {})
    # typed, and never sent
    browser.send(browser.open("/forms/symptoms_worsened"), {})
    erases(browser)
    assert "waits" in line_of(case.reference)
    assert words.found_in(dumps()) == words.words.keys()
    assert case.case().ended_at is None

    wait_until_erased(case.reference)
    assert words.found_in([*dumps(), *files()]) == set()
    assert "the law keeps" not in line_of(case.reference)
    assert sealed(case.reference) is None
    # the reference itself is in what refuses the case from now on, and nowhere else
    assert {name for name in DATABASES if case.reference.encode() in dump(name)} == {"records", "lab", "government"}


def erases(browser: Browser) -> Page:
    return browser.send(browser.open("/case/erase"), {})


def wait_until_erased(reference: str) -> None:
    eventually(lambda: ": erased" in line_of(reference), f"{reference} is not erased")


def line_of(reference: str) -> str:
    """What `make erasures` says of a case."""
    command = [sys.executable, "-m", "records", "erasures"]
    said = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=True).stdout
    return next(line for line in said.splitlines() if reference in line)


def dumps() -> list[bytes]:
    return [dump(name) for name in DATABASES]


def files() -> list[bytes]:
    """All that the platform has written, but for the mailboxes, which are their owners'."""
    folder = Path(os.environ["CORONACARE_FOLDER"])
    logs = list(files_under(folder / "log"))
    assert len(logs) >= 7, "the logs weren't found"
    return [*logs, *(path.read_bytes() for path in folder.iterdir() if path.is_file())]


def kpis_of(state: dict[str, Any]) -> Any:
    """The KPIs as a process manager reads them."""
    return signed_in_manager(state).read_json("/staff/kpis.json")


def sealed(reference: str) -> Any:
    """What the government keeps of an erased case, opened with its key."""
    database = open_database(os.environ["CORONACARE_GOVERNMENT__DATABASE_URL"])
    with database.bind_ctx(MODELS), database.connection_context():
        found = Case.get(Case.case_reference == reference).sealed
    return Archive(secrets_of_run()["government_archive_key"]).open(found) if found else None
