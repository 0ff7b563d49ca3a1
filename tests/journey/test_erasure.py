"""After an erasure the databases have only the encrypted record that the law requires, and logs and files nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from camunda7.forms.browser import Browser, Page
from config.settings import ROOT
from hosting.databases import connect_to
from services.government.archive import Archive
from services.government.models import MODELS, Case
from tests.support.canaries import Canaries, complete_care, files_under, request_care
from tests.support.case import CASE_TITLE, CaseUnderTest, eventually
from tests.support.managers import signed_in_manager
from tests.support.platform import read_secrets
from tests.support.postgresql import DATABASES, dump
from tests.support.sms import texts_to

pytestmark = pytest.mark.engine


@pytest.mark.serial
def test_after_the_erasure_of_an_ended_case_only_the_encrypted_record_that_the_law_requires_is_left(
    state: dict[str, Any],
) -> None:
    words, browser = Canaries(born="1919-07-23"), Browser(state["webapp"])
    case = CaseUnderTest(state)
    request_care(case, browser, words, reached_by="sms")
    case.record_visit(finding="positive", visit_note=words.word("visit_note"))
    complete_care(case, browser, words, reached_by="sms")
    for number in ("phone", "contact_phone"):
        eventually(lambda number=number: texts_to(state, words.words[number]))
    assert words.find_fields(dumps()) == words.words.keys()
    kpis = kpis_of(state)

    answer = request_erasure(browser)
    assert answer.heading == "Your data will be erased"
    assert browser.open("/case").text("title") != CASE_TITLE, "signed out"
    wait_until_erased(case.reference)
    assert words.find_fields([*dumps(), *files()]) == set()
    assert kpis_of(state) == kpis
    assert "by patient: erased" in line_of(case.reference)
    assert "keeps what the law requires" in line_of(case.reference)
    archived = archived_record(case.reference)
    assert archived["given_name"] == words.words["given_name"]
    assert [contact["phone"] for contact in archived["contacts"]] == [words.words["contact_phone"]]


def test_a_withdrawn_case_is_erased_completely_as_soon_as_it_ends(state: dict[str, Any]) -> None:
    words, browser = Canaries(born="1918-04-12"), Browser(state["webapp"])
    case = CaseUnderTest(state)
    request_care(case, browser, words)
    # the result, which ends the case, arrives after the databases were dumped
    case.record_visit(finding="never")
    case.wait_until_at("Task_WaitForTestResult")
    withdraw = browser.open("/case/withdraw")
    browser.send(withdraw, {})
    # a draft that is never submitted
    browser.send(browser.open("/forms/symptoms_worsened"), {})
    request_erasure(browser)
    assert "waiting" in line_of(case.reference)
    assert words.find_fields(dumps()) == words.words.keys()
    assert case.case().ended_at is None

    case.correct_lab_result("negative")
    wait_until_erased(case.reference)
    assert words.find_fields([*dumps(), *files()]) == set()
    assert "keeps what the law requires" not in line_of(case.reference)
    assert archived_record(case.reference) is None
    # the reference alone is left, in the tables by which the parts refuse further data of the case
    assert {name for name in DATABASES if case.reference.encode() in dump(name)} == {"records", "lab", "government"}


def request_erasure(browser: Browser) -> Page:
    return browser.send(browser.open("/case/erase"), {})


def wait_until_erased(reference: str) -> None:
    eventually(lambda: ": erased" in line_of(reference), f"{reference} is not erased")


def line_of(reference: str) -> str:
    """The line of `make erasures` about a case."""
    command = [sys.executable, "-m", "records", "erasures"]
    output = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=True).stdout
    return next(line for line in output.splitlines() if reference in line)


def dumps() -> list[bytes]:
    return [dump(name) for name in DATABASES]


def files() -> list[bytes]:
    """All files that the platform has written, except the mailboxes, which belong to the recipients."""
    folder = Path(os.environ["CORONACARE_FOLDER"])
    logs = list(files_under(folder / "log"))
    assert len(logs) >= 7, "the logs weren't found"
    assert list((folder / "data").glob("*.db")) == [], "a part keeps data in a file beside the database server"
    return [*logs, *(path.read_bytes() for path in folder.iterdir() if path.is_file())]


def kpis_of(state: dict[str, Any]) -> Any:
    """The KPIs that a process manager reads."""
    return signed_in_manager(state).read_json("/staff/kpis.json")


def archived_record(reference: str) -> Any:
    """The government's record of an erased case, decrypted with its archive key; None if there is none."""
    database = connect_to(os.environ["CORONACARE_GOVERNMENT__DATABASE_URL"])
    with database.bind_ctx(MODELS), database.connection_context():
        found = Case.get(Case.case_reference == reference).sealed
    return Archive(read_secrets()["government_archive_key"]).decrypt(found) if found else None
