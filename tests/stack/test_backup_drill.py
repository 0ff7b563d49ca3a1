"""A drill: a platform that is backed up while patients and staff go on continues from the backup, elsewhere."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from config.settings import ROOT, environment_name
from tests.faults.ledger import Ledger
from tests.faults.patients import Patients, count_starts
from tests.support.backups import Backups, restored_server
from tests.support.case import CONTACT, WITH_COUGH, CaseUnderTest, eventually, instances_of
from tests.support.mail import mailboxes
from tests.support.own_platform import kill, read_state
from tests.support.platform import isolated_environment
from tests.support.postgresql import Server, postgresql
from tests.support.sms import texts_to
from workers.channels import message_id

pytestmark = pytest.mark.verify
UNSENT = "SELECT key FROM message WHERE state IN ('waiting', 'claimed')"


@contextmanager
def platform(environment: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Run `make up` with these settings; yields the content of its state.json."""
    output = Path(environment["CORONACARE_FOLDER"]).with_suffix(".output")
    with output.open("w") as file:
        up = subprocess.Popen([sys.executable, "-m", "stack", "up"], cwd=ROOT, env=environment, stdout=file)
    try:
        eventually(lambda: "Ctrl-C" in output.read_text() or up.poll() is not None)
        assert up.poll() is None, output.read_text()
        yield read_state(environment)
    finally:
        subprocess.run([sys.executable, "-m", "stack", "down"], cwd=ROOT, env=environment, check=True, timeout=90)
        up.wait(30)


@dataclass
class Site:
    """A place where the platform runs: its own folder, ports and databases, the same secrets."""

    folder: Path
    databases: dict[str, str]
    backups: Backups

    @property
    def environment(self) -> dict[str, str]:
        erased = {environment_name("backup", "erased_cases"): str(self.backups.erased_cases)}
        return isolated_environment(self.folder) | self.databases | erased

    def records(self, environment: dict[str, str], *arguments: str) -> list[str]:
        """Run `python -m records`; returns the lines that it prints."""
        command = [sys.executable, "-m", "records", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        ).stdout.splitlines()


def rows(server: Server, database: str, query: str) -> list[tuple[Any, ...]]:
    with closing(psycopg2.connect(server.url_of(database))) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def mails(state: dict[str, Any]) -> list[str]:
    """The Message-ID of each mail that was received."""
    return [str(message["Message-ID"]) for box in mailboxes(state).values() for message in box]


def in_other_platform(case: CaseUnderTest, state: dict[str, Any]) -> CaseUnderTest:
    other = CaseUnderTest(state)
    other.reference, other.barcode = case.reference, case.barcode
    return other


def complete_care(case: CaseUnderTest) -> None:
    case.record_visit("negative")
    case.submit_report()
    case.submit_form("review", {"rating": "5"})
    assert case.wait_for_end().values["case_outcome"] == "care_completed"


def erase(site: Site, environment: dict[str, str], case: CaseUnderTest) -> None:
    site.records(environment, "erase", case.reference)
    wait_until_erased(site, environment, case)


def wait_until_erased(site: Site, environment: dict[str, str], case: CaseUnderTest) -> None:
    def is_erased(line: str) -> bool:
        return line.startswith(case.reference) and ": erased" in line

    eventually(lambda: any(map(is_erased, site.records(environment, "erasures"))))


def test_the_platform_continues_from_a_backup_elsewhere(readable_folder: Path) -> None:
    backups = Backups(readable_folder / "backups")
    with postgresql() as server:
        backups.url = server.url_of("postgres")
        first = Site(readable_folder / "first", server.settings, backups)
        environment = first.environment
        with platform(environment) as state:
            # given cases at several steps; one is ended, and one runs that is erased later
            ended, erased_later = CaseUnderTest(state), CaseUnderTest(state)
            ended.reach_visit(channel="sms", phone=ended.new_phone_number())
            ended.withdraw()
            ended.wait_for_end()
            number = erased_later.new_phone_number()
            erased_later.reach_visit(channel="sms", phone=number)
            eventually(lambda: texts_to(state, number))
            contact = {**CONTACT, "email": None, "phone": erased_later.new_phone_number()}
            positive, notified = CaseUnderTest(state), erased_later.new_phone_number()
            positive.reach_visit(channel="sms", phone=notified)
            positive.record_visit("positive")
            positive.submit_form("close_contacts", {"had_contacts": "yes", "close_contacts": [contact]})
            eventually(lambda: texts_to(state, contact["phone"]))
            # given a message that can't be sent, and tasks that no worker executes
            kill(environment, "mail", signal.SIGSTOP)
            CaseUnderTest(state).reach_report("negative")
            eventually(lambda: rows(server, "records", UNSENT))
            working = [CaseUnderTest(state) for _ in range(4)]
            for case in working:
                case.start(WITH_COUGH)
                case.request_evaluation()
                case.wait_for_task("medical_form")
            kill(environment, "workers", signal.SIGSTOP)
            for case in working:
                case.fill_in_medical_form()
            sent_before = mails(state)
            sms_before = {phone: len(texts_to(state, phone)) for phone in (notified, contact["phone"])}
            # when a backup is taken while patients submit forms
            with Patients(state, Ledger(readable_folder / "ledger"), 3) as patients:
                eventually(lambda: len(patients.acknowledged) > 10)
                sure = list(patients.acknowledged)
                file = backups.create()
            later = patients.acknowledged[len(sure) :]
            kill(environment, "mail", signal.SIGCONT)
            kill(environment, "workers", signal.SIGCONT)
            # and two persons are erased afterwards
            erased_later.withdraw()
            erased_later.wait_for_end()
            for case in (ended, erased_later):
                erase(first, environment, case)
            for case in working:
                case.wait_for_task("medical_visit")
            secrets = first.folder / "secrets.json"
            eventually(lambda: set(mails(state)) - set(sent_before))
            sent_at_all = mails(state)

    data = readable_folder / "data"
    backups.url = "postgresql://coronacare@127.0.0.1:9/postgres"
    backups.restore(file, data)
    (readable_folder / "second").mkdir()
    shutil.copy(secrets, readable_folder / "second" / "secrets.json")
    with restored_server(data) as server:
        assert rows(server, "engine", "SELECT count(*) FROM act_ru_ext_task")[0][0] > 0
        assert rows(server, "records", "SELECT count(*) FROM message WHERE state IN ('waiting', 'claimed')")[0][0] > 0
        second = Site(readable_folder / "second", server.settings, backups)
        environment = second.environment
        with platform(environment) as state:
            engine = CaseUnderTest(state).admin
            # then each case that was acknowledged before the backup is there, once
            assert set(count_starts(engine, sure)) == {1}
            assert set(count_starts(engine, later)) <= {0, 1}
            # and persons who were erased after the backup are erased
            for case in (ended, erased_later):
                wait_until_erased(second, environment, case)
                assert instances_of(engine, case.reference) == []
            assert texts_to(state, number) == []
            # and messages that weren't sent before the backup are held; they were sent afterwards
            held = {message_id(line.split()[0]) for line in second.records(environment, "held")}
            assert held
            assert held <= set(sent_at_all) - set(sent_before)
            # and open tasks go on to the end
            for case in working:
                complete_care(in_other_platform(case, state))
            moved = in_other_platform(positive, state)
            moved.submit_report(case_classification="confirmed")
            moved.submit_form("review", {"rating": "5"})
            moved.wait_for_end()
            # and nothing that was sent before the backup is sent again, nor anything twice
            again = mails(state)
            assert set(again).isdisjoint({*sent_before, *held})
            assert len(again) == len(set(again))
            assert len(texts_to(state, contact["phone"])) == sms_before[contact["phone"]] == 1
            assert rows(server, "sms", "SELECT key FROM sms GROUP BY key HAVING count(*) > 1") == []
            assert len(texts_to(state, notified)) >= sms_before[notified]
            assert engine.get("/incident") == []
    print(f"cases acknowledged before the backup: {len(sure)}, during it: {len(later)}; messages held: {len(held)}")
