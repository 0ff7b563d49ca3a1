"""Stored commands of running installations are read and written unchanged, and each is sent to the engine."""

from __future__ import annotations

import json
from typing import Any

import pytest

from camunda7.inputs.place import DEFAULT_PLACE
from config import settings as config
from records.cipher import Cipher
from records.drafts import Drafts
from records.submissions import FORWARDED, Submission, Submissions
from webapp.commands import COMMANDS, Command, CompleteTask, CorrelateMessage, StartCase, command_from_json
from webapp.drafts import FormDrafts
from webapp.forwarding import RETRIES, Forwarder

pytestmark = pytest.mark.usefixtures("records")
CIPHER = Cipher("a secret of the tests")
POLICY = {"contact_phone": "112"}
START = '{"kind": "start", "case": "C-1", "exposed_to": null, "key": "C-1/pre_screening"}'
START_OF_CONTACT = '{"kind": "start", "case": "C-1", "exposed_to": "T0KEN", "key": "C-1/pre_screening"}'
MESSAGE = (
    '{"kind": "message", "message": "symptoms_worsened", "case": "C-1", "key": "C-1/symptoms_worsened/0a", '
    '"orientation": "self_monitor"}'
)
TASK = '{"kind": "task", "task": "T-1", "case": "C-1", "key": "C-1/T-1"}'
CONTACTS_REFUSED = (
    '{"kind": "task", "task": "T-1", "case": "C-1", "key": "C-1/T-1", '
    '"refused": [{"name": "Ada", "reason": "no_address", "row": 0, "infectious_from": "2020-03-11"}]}'
)
CONTACTS = '{"kind": "task", "task": "T-1", "case": "C-1", "key": "C-1/T-1", "refused": null}'
REQUEST = '{"kind": "task", "task": "T-1", "case": "C-1", "key": "C-1/T-1", "date_of_birth": "1990-05-10"}'
EMERGENCY = (
    '{"kind": "start", "case": "C-1", "exposed_to": null, "key": "C-1/pre_screening", "emergency_signs_only": true}'
)
WORSE_EMERGENCY = (
    '{"kind": "message", "message": "symptoms_worsened", "case": "C-1", "key": "C-1/symptoms_worsened/0a", '
    '"orientation": null, "emergency_signs_only": true}'
)
ROWS = {
    START: StartCase(case_reference="C-1", key="C-1/pre_screening", exposed_to=None),
    START_OF_CONTACT: StartCase(case_reference="C-1", key="C-1/pre_screening", exposed_to="T0KEN"),
    EMERGENCY: StartCase(case_reference="C-1", key="C-1/pre_screening", exposed_to=None, emergency_signs_only=True),
    MESSAGE: CorrelateMessage(
        message="symptoms_worsened",
        case_reference="C-1",
        key="C-1/symptoms_worsened/0a",
        context={"orientation": "self_monitor"},
    ),
    WORSE_EMERGENCY: CorrelateMessage(
        message="symptoms_worsened",
        case_reference="C-1",
        key="C-1/symptoms_worsened/0a",
        context={"orientation": None},
        emergency_signs_only=True,
    ),
    TASK: CompleteTask(task_id="T-1", case_reference="C-1", key="C-1/T-1"),
    CONTACTS: CompleteTask(task_id="T-1", case_reference="C-1", key="C-1/T-1", context={"refused": None}),
    CONTACTS_REFUSED: CompleteTask(
        task_id="T-1",
        case_reference="C-1",
        key="C-1/T-1",
        context={"refused": [{"name": "Ada", "reason": "no_address", "row": 0, "infectious_from": "2020-03-11"}]},
    ),
    REQUEST: CompleteTask(task_id="T-1", case_reference="C-1", key="C-1/T-1", context={"date_of_birth": "1990-05-10"}),
}


class Engine:
    """An engine that records its calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def start(self, process: str, business_key: str, values: dict[str, Any], key: str) -> None:
        self.calls.append(("start", process, business_key, key, values))

    def submit(self, task_id: str, values: dict[str, Any]) -> None:
        self.calls.append(("submit", task_id, values))

    def correlate(self, message: str, business_key: str, values: dict[str, Any], key: str) -> None:
        self.calls.append(("correlate", message, business_key, key, values))


def test_there_are_stored_rows_of_each_kind() -> None:
    assert {json.loads(row)["kind"] for row in ROWS} == COMMANDS.keys() == {"start", "task", "message"}


@pytest.mark.parametrize(("row", "command"), ROWS.items())
def test_a_stored_row_is_read_and_written_unchanged(row: str, command: Command) -> None:
    assert command_from_json(json.loads(row)) == command
    assert command.to_json() == json.loads(row)


@pytest.mark.parametrize(("row", "command"), ROWS.items())
def test_a_stored_draft_keeps_its_command(row: str, command: Command) -> None:
    schema = (config.ROOT / "forms" / "review.form").read_text()
    stored = {"schema": schema, "target": json.loads(row), "data": {"rating": 5}, "posted": [["rating", "5"]]}
    rows = Drafts(CIPHER)
    rows.save("C-1/review", stored)
    drafts = FormDrafts(rows, DEFAULT_PLACE)
    draft = drafts.find("C-1", "review")
    assert draft is not None
    assert draft.command == command
    drafts.save(draft)
    assert rows.find("C-1/review") == stored


def forward(row: str) -> tuple[Any, ...]:
    """Forward a stored submission, and return its call to the engine."""
    content, submissions, engine = json.loads(row), Submissions(CIPHER), Engine()
    content |= {"values": {"cough": True}, "language": "fr"}
    submissions.add(content["key"], "C-1", "review", content, "")
    assert Forwarder(engine, submissions, POLICY, RETRIES).forward(content["key"])
    assert [row.state for row in Submission.select()] == [FORWARDED]
    [call] = engine.calls
    return call


def test_a_stored_start_starts_the_case() -> None:
    *call, values = forward(START_OF_CONTACT)
    assert call == ["start", "corona_care", "C-1", "C-1"]
    expected = {"cough": True, "policy": POLICY, "exposed": True, "exposed_to": "T0KEN", "language": "fr"}
    assert expected.items() <= values.items()


def test_a_stored_start_in_an_emergency_starts_it_by_a_message() -> None:
    *call, values = forward(EMERGENCY)
    assert call == ["correlate", "emergency_signs_reported", "C-1", "C-1"]
    assert {"cough": True, "exposed": False, "exposed_to": None, "language": "fr"}.items() <= values.items()


def test_a_stored_task_is_completed() -> None:
    assert forward(CONTACTS_REFUSED) == ("submit", "T-1", {"cough": True})


def test_a_stored_message_is_correlated_under_its_key() -> None:
    expected = ("correlate", "symptoms_worsened", "C-1", "C-1/symptoms_worsened/0a", {"cough": True})
    assert forward(MESSAGE) == expected
