"""A platform that reports to a health authority: ELR by MLLP to our own gateway as the authority's inbox."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config.settings import ROOT, environment_name
from services.lab.gateway import mllp
from services.lab.gateway.codes import load_table
from services.lab.gateway.inbox import Inbox
from services.lab.gateway.messages.hl7v2 import read_hl7
from services.lab.gateway.messages.reports import Observation
from services.lab.gateway.transmissions import Refused
from services.lab.models import MODELS, Transmission
from tests.support.authority import PARTIES
from tests.support.case import NO_SYMPTOMS, REQUEST, WITH_COUGH, CaseUnderTest, eventually
from tests.support.databases import open_service
from tests.support.elr_rules import find_faults
from tests.support.own_platform import read_state
from tests.support.platform import isolated_environment
from tests.support.ports import free_port

pytestmark = [pytest.mark.engine, pytest.mark.verify]


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def reporting_platform(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Path]:
    """The folder of a platform that reports to this port."""
    folder = tmp_path_factory.mktemp("reporting")
    settings = {
        ("government", "format"): "elr",
        ("reports", "url"): f"mllp://127.0.0.1:{port}",
        ("reports", "receiver"): PARTIES.receiver,
        ("reports", "receiver_oid"): PARTIES.receiver_oid,
        **{("reports", "facility", name): value for name, value in vars(PARTIES.facility).items()},
        **{("reports", "laboratory", name): value for name, value in vars(PARTIES.laboratory).items()},
    }
    named = {environment_name(*path): value for path, value in settings.items()}
    environment = {**isolated_environment(folder), **named}
    with (folder / "output").open("w+") as output:
        up = subprocess.Popen([sys.executable, "-m", "stack", "up"], env=environment, cwd=ROOT, stdout=output)
        try:
            eventually(lambda: "Ctrl-C" in Path(output.name).read_text() or up.poll() is not None)
            assert up.poll() is None, Path(output.name).read_text()
            yield folder
        finally:
            up.terminate()
            up.wait(90)


@pytest.fixture
def state(reporting_platform: Path) -> dict[str, Any]:
    return read_state({environment_name("folder"): str(reporting_platform)})


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    database = open_service(f"sqlite:///{tmp_path}/authority.db", "lab")
    database.bind(MODELS)
    yield Inbox(database, 100_000)
    database.close()


class Receiver:
    """The authority's inbox; what `before` and `after` raise is its answer."""

    def __init__(self, inbox: Inbox, port: int):
        self._inbox = inbox
        self.before: Callable[[], None] = lambda: None
        self.after: Callable[[], None] = lambda: None
        self.listener = mllp.listen(("127.0.0.1", port), self.store, 100_000)

    def store(self, content: bytes) -> None:
        self.before()
        self._inbox.receive("mllp", content)
        self.after()

    def wait_for_message(self, number: int) -> Observation:
        """Return what the message of this number says, from 1, and checks that there is no other."""
        eventually(lambda: Transmission.select().count() >= number)
        contents = [bytes(row.content) for row in Transmission.select().order_by(Transmission.id)]
        assert len(contents) == number
        assert find_faults(contents[-1]) == []
        [message] = read_hl7(contents[-1])
        [observation] = message.observations
        assert (message.problems, observation.problems) == ((), ())
        return observation


def test_each_report_arrives_once_although_the_authority_is_down_and_its_answer_is_lost(
    state: dict[str, Any], reporting_platform: Path, port: int, inbox: Inbox
) -> None:
    # given a positive case, and an authority that is down
    case = CaseUnderTest(state).start(WITH_COUGH)
    case.reach_report("positive")
    eventually(lambda: case.get_from_government(f"/v1/cases/{case.reference}"))
    assert (case.incidents(), Transmission.select().count()) == ([], 0)
    # when it is up again, but its first answer is an error although it has stored the message
    receiver = Receiver(inbox, port)
    answers = [OSError()]

    def lose_the_first() -> None:
        if answers:
            raise answers.pop()

    receiver.after = lose_the_first
    # then it has the report once, and contacts are traced
    registered = receiver.wait_for_message(1)
    case.wait_for_task("close_contacts")
    assert answers == []
    assert (registered.status, load_table().evaluate(registered, "").result) == ("final", "positive")
    assert registered.specimen_ids == (case.barcode,)
    assert (registered.family_name, registered.given_name) == (REQUEST["family_name"], REQUEST["given_name"])
    assert str(registered.birth_date) == NO_SYMPTOMS["date_of_birth"]
    # when the laboratory corrects the result, and then withdraws it
    case.correct_lab_result("negative")
    corrected = receiver.wait_for_message(2)
    assert (corrected.status, load_table().evaluate(corrected, "").result) == ("corrected", "negative")
    case.wait_for_task("doctor_report")
    case.correct_lab_result("entered_in_error")
    withdrawn = receiver.wait_for_message(3)
    assert (withdrawn.status, withdrawn.specimen_ids) == ("withdrawn", (case.barcode,))
    case.wait_for_task("doctor_report")
    assert case.incidents() == []
    # and no log names the patient
    logs = b"".join(log.read_bytes() for log in (reporting_platform / "log").iterdir())
    assert case.reference.encode() in logs
    assert REQUEST["family_name"].encode() not in logs
    receiver.listener.close()


def test_a_refused_report_is_an_incident_without_the_patients_data(
    state: dict[str, Any], port: int, inbox: Inbox
) -> None:
    # given an authority that refuses, and repeats the patient's name
    receiver = Receiver(inbox, port)

    def refuse() -> None:
        raise Refused("the name Lovelace isn't permitted")

    receiver.before = refuse
    # when a case is positive
    case = CaseUnderTest(state).start(WITH_COUGH)
    case.reach_report("positive")
    # then there is an incident, which names the message and the condition only
    incidents = eventually(case.incidents)
    [incident] = [row for row in incidents if row["id"] == row["rootCauseIncidentId"]]
    assert "the authority didn't accept message" in incident["incidentMessage"]
    assert "Lovelace" not in str(incidents)
    # and the report arrives when the incident is retried after the cause is removed
    receiver.before = lambda: None
    case.admin.put(f"/external-task/{incident['configuration']}/retries", {"retries": 1})
    receiver.wait_for_message(1)
    case.wait_for_task("close_contacts")
    assert case.incidents() == []
    receiver.listener.close()
