"""The report of a run with faults, from the ledgers of the called services and the data of each case."""

from __future__ import annotations

import mailbox
import os
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Any

import requests

from config.settings import environment_name
from processes.elements import Process
from processes.engine import Engine
from records import database
from records.outbox import SENT, Message
from tests.faults.ledger import Ledger, doubled, redelivered
from tests.faults.people import CONTACT_OF, PATIENT, channel_of, email_of, phone_of
from tests.support.mail import mailboxes
from tests.support.sms import texts_to
from workers.channels import message_id


@dataclass(frozen=True)
class Report:
    """The figures of a run.

    Attributes:
        faults: number of injected faults.
        attempted: number of cases to start.
        acknowledged: number of cases whose start the engine has acknowledged.
        completed: number of cases that have ended with the expected outcome.
        lost_cases: current steps and incidents of the acknowledged cases that aren't completed.
        doubled: number of effects by key, of effects that happened more than once.
        redelivered: number of repeated requests, and of tasks that were executed again.
        recoveries: for each interrupted task or fault, the seconds from the fault to the completion.
    """

    faults: int
    attempted: int
    acknowledged: int
    completed: int
    lost_cases: list[str]
    doubled: Mapping[str, int]
    redelivered: int
    recoveries: list[float]

    def check(self) -> None:
        """Assert that nothing is lost or doubled, and that faults have caused repetitions."""
        assert self.faults > 0
        assert self.attempted == self.acknowledged, f"{self.attempted - self.acknowledged} cases never started: {self}"
        assert self.redelivered > 0, "nothing was repeated: no fault affected anything"
        assert self.lost == 0, f"{self.lost} lost: {self.lost_cases}"
        assert not self.doubled, f"doubled: {dict(self.doubled)}"

    @property
    def lost(self) -> int:
        return self.acknowledged - self.completed

    def __str__(self) -> str:
        text = f"{self.faults} faults: {self.attempted} cases attempted, {self.acknowledged} acknowledged, "
        text += f"{self.completed} completed, {self.lost} lost, {len(self.doubled)} effects doubled, "
        text += f"{self.redelivered} redelivered"
        if len(self.recoveries) > 1:
            text += f"; recovery {format_durations(self.recoveries)}"
        return text


def effects_of(ledgers: Iterable[Ledger], since: float) -> tuple[dict[str, int], int]:
    """Doubled effects, and the number of repeated requests, from the services' ledgers."""
    entries = [entry for ledger in ledgers for entry in ledger.entries() if entry["at"] >= since]
    return doubled(entries), redelivered(entries)


def find_repeated_calls(engine: Engine, references: Iterable[str]) -> dict[str, int]:
    """Messages of these cases for which patients were called more than once."""
    query = {"variableName": "notice_key", "processDefinitionKey": Process.TELL_BY_TELEPHONE}
    keys = [row["value"] for row in engine.post("/history/variable-instance", query)]
    counted = Counter(key for key in keys if key.partition("/")[0] in set(references))
    return {f"call {key}": times for key, times in counted.items() if times > 1}


class Messages:
    """The messages to patients and contacts in the mail catcher and the SMS gateway.

    Args:
        state: URLs, accounts and keys of the platform, as in .run/state.json.
    """

    def __init__(self, state: Mapping[str, Any]):
        self._state = state
        self._boxes = mailboxes(state)

    def count_messages_to_contact(self, reference: str) -> int:
        """Number of messages to the case's contact."""
        if channel_of(reference, CONTACT_OF) == "sms":
            return len(texts_to(self._state, phone_of(reference, CONTACT_OF)))
        return len(self._boxes[email_of(reference, CONTACT_OF)])

    def count_repeated_mails(self, reference: str) -> int:
        """Number of mails to the patient that repeat the Message-ID of another one."""
        box = self._of_patient(reference)
        return len(box) - len({mail["Message-ID"] for mail in box})

    def find_several_ids(self, reference: str) -> dict[str, int]:
        """Subjects of mails to the patient with several Message-IDs: a repeated mail must have the same one."""
        ids = {(mail["Subject"], mail["Message-ID"]) for mail in self._of_patient(reference)}
        return {subject: times for subject, times in Counter(subject for subject, _ in ids).items() if times > 1}

    def _of_patient(self, reference: str) -> list[EmailMessage]:
        return self._boxes[email_of(reference, PATIENT)]


def duplicate_windows(state: Mapping[str, Any]) -> list[float]:
    """For each mail that was sent once, the seconds from its receipt by the server to its state SENT in the records.

    A sender that dies in this window sends the mail again.
    """
    box = mailbox.Maildir(state["mail"], create=False)
    received_at = defaultdict(list)
    for name, mail in box.iteritems():
        seconds, microseconds = name.split("P")[0].split(".M")
        received_at[mail["Message-ID"]].append(int(seconds) + int(microseconds) / 1e6)
    database.open(os.environ[environment_name("records", "database_url")])
    with database.database.connection_context():
        sent = list(Message.select().where(Message.channel == "email", Message.state == SENT))
    database.database.close()
    sent_at = {message_id(mail.key): datetime.fromisoformat(mail.changed_at).timestamp() for mail in sent}
    return [sent_at[id] - times[0] for id, times in received_at.items() if id in sent_at and len(times) == 1]


def format_durations(seconds: list[float]) -> str:
    """Format the median, the 95th percentile and the maximum."""
    p95 = statistics.quantiles(seconds, n=20, method="inclusive")[-1]
    return f"median {statistics.median(seconds):.3f} s, 95 % {p95:.3f} s, longest {max(seconds):.3f} s"


def contacts_of(state: Mapping[str, Any], reference: str) -> int:
    """Number of contacts of a case at the government."""
    headers = {"X-API-Key": state["government_api_key"]}
    answer = requests.get(f"{state['government']}/v1/cases/{reference}", headers=headers, timeout=10)
    return len(answer.json()["contacts"]) if answer.ok else 0


def completion_times(engine: Engine, activities: Iterable[str]) -> dict[str, str]:
    """The time at which each of these activity instances ended, in the engine's format."""
    found: dict[str, str] = {}
    for activity in activities:
        for row in engine.post("/history/activity-instance", {"activityInstanceId": activity, "finished": True}):
            found[activity] = row["endTime"]
    return found
