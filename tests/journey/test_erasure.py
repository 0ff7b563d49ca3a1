"""Of an erased case nothing is left in the databases, logs and files, but what the law keeps, sealed."""

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
from tests.support.canaries import Canaries, asks_for_care, ends_care, files_under
from tests.support.case import CaseUnderTest, eventually
from tests.support.managers import signed_in_manager
from tests.support.platform import secrets_of_run
from tests.support.postgresql import DATABASES, dump
from tests.support.sms import texts_to

pytestmark = pytest.mark.engine


@pytest.mark.serial
def test_of_a_closed_case_there_is_what_the_law_keeps_sealed_and_a_line_without_a_name(state: dict[str, Any]) -> None:
    words, browser = Canaries(born="1919-07-23"), Browser(state["webapp"])
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
    assert "keeps what the law requires" in line_of(case.reference)
    kept = sealed(case.reference)
    assert kept["given_name"] == words.words["given_name"]
    assert [contact["phone"] for contact in kept["contacts"]] == [words.words["contact_phone"]]


def test_of_a_withdrawn_case_nothing_is_left_as_soon_as_it_ends(state: dict[str, Any]) -> None:
    words, browser = Canaries(born="1918-04-12"), Browser(state["webapp"])
    case = CaseUnderTest(state)
    asks_for_care(case, browser, words)
    # the databases are written out before the result ends the case
    case.is_visited(finding="negative", after_s=15)
    case.stands_at("Task_WaitForTestResult")
    withdraw = browser.open("/case/withdraw")
    browser.send(withdraw, {})
    # typed, and never sent
    browser.send(browser.open("/forms/symptoms_worsened"), {})
    erases(browser)
    assert "waiting" in line_of(case.reference)
    assert words.found_in(dumps()) == words.words.keys()
    assert case.case().ended_at is None

    wait_until_erased(case.reference)
    assert words.found_in([*dumps(), *files()]) == set()
    assert "keeps what the law requires" not in line_of(case.reference)
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
    assert list((folder / "data").glob("*.db")) == [], "a part keeps data in a file beside the database server"
    return [*logs, *(path.read_bytes() for path in folder.iterdir() if path.is_file())]


def kpis_of(state: dict[str, Any]) -> Any:
    """The KPIs as a process manager reads them."""
    return signed_in_manager(state).read_json("/staff/kpis.json")


def sealed(reference: str) -> Any:
    """What the government keeps of an erased case, opened with its key."""
    database = connect_to(os.environ["CORONACARE_GOVERNMENT__DATABASE_URL"])
    with database.bind_ctx(MODELS), database.connection_context():
        found = Case.get(Case.case_reference == reference).sealed
    return Archive(secrets_of_run()["government_archive_key"]).decrypt(found) if found else None
