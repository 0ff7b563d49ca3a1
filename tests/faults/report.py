"""What came of a run with faults: by the ledgers of those who were asked, and by what each case left behind."""

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
        faults: how often something was killed, stopped, cut.
        attempted: cases that were begun.
        acknowledged: those whose start the engine has acknowledged.
        completed: those that came to the end that they should come to.
        where_lost: where the others stand.
        doubled: effects that happened twice, by their keys.
        redelivered: how often something was asked for that had been done before, and tasks that were begun again.
        recoveries: after each fault, how long what it hit took to be done, in seconds.
    """

    faults: int
    attempted: int
    acknowledged: int
    completed: int
    where_lost: list[str]
    doubled: Mapping[str, int]
    redelivered: int
    recoveries: list[float]

    def is_sound(self) -> None:
        """Nothing is lost and nothing doubled, though something broke and was done again."""
        assert self.faults > 0
        assert self.attempted == self.acknowledged, f"{self.attempted - self.acknowledged} cases never started: {self}"
        assert self.redelivered > 0, "nothing was done again: no fault hit anything"
        assert self.lost == 0, f"{self.lost} lost: {self.where_lost}"
        assert not self.doubled, f"doubled: {dict(self.doubled)}"

    @property
    def lost(self) -> int:
        return self.acknowledged - self.completed

    def __str__(self) -> str:
        told = f"{self.faults} faults: {self.attempted} cases attempted, {self.acknowledged} acknowledged, "
        told += f"{self.completed} completed, {self.lost} lost, {len(self.doubled)} effects doubled, "
        told += f"{self.redelivered} redelivered"
        if len(self.recoveries) > 1:
            told += f"; recovery {in_words(self.recoveries)}"
        return told


def effects_of(ledgers: Iterable[Ledger], since: float) -> tuple[dict[str, int], int]:
    """Effects that happened twice, and how often something was asked for again, by the servers' ledgers."""
    entries = [entry for ledger in ledgers for entry in ledger.entries() if entry["at"] >= since]
    return doubled(entries), redelivered(entries)


def calls_twice(engine: Engine, references: Iterable[str]) -> dict[str, int]:
    """Messages that patients are told by telephone more than once, of these cases."""
    query = {"variableName": "notice_key", "processDefinitionKey": Process.TELL_BY_TELEPHONE}
    keys = [row["value"] for row in engine.post("/history/variable-instance", query)]
    counted = Counter(key for key in keys if key.partition("/")[0] in set(references))
    return {f"call {key}": times for key, times in counted.items() if times > 1}


class Messages:
    """What the patients and contacts of cases got, as the mail server and the SMS gateway have it.

    Args:
        state: where everything is, as .run/state.json says.
    """

    def __init__(self, state: Mapping[str, Any]):
        self._state = state
        self._boxes = mailboxes(state)

    def to_contact_of(self, reference: str) -> int:
        """How many messages the contact got."""
        if channel_of(reference, CONTACT_OF) == "sms":
            return len(texts_to(self._state, phone_of(reference, CONTACT_OF)))
        return len(self._boxes[email_of(reference, CONTACT_OF)])

    def sent_again_to(self, reference: str) -> int:
        """How many mails came to the patient once more, under the Message-ID that they had."""
        box = self._of_patient(reference)
        return len(box) - len({mail["Message-ID"] for mail in box})

    def with_other_ids(self, reference: str) -> dict[str, int]:
        """Subjects of mails to the patient that came under several: a message has one, however often it goes."""
        ids = {(mail["Subject"], mail["Message-ID"]) for mail in self._of_patient(reference)}
        return {subject: times for subject, times in Counter(subject for subject, _ in ids).items() if times > 1}

    def _of_patient(self, reference: str) -> list[EmailMessage]:
        return self._boxes[email_of(reference, PATIENT)]


def double_windows(state: Mapping[str, Any]) -> list[float]:
    """For each mail that went once: how long the server had it before the records knew, in seconds. A sender that died
    meanwhile would have sent it again.
    """
    box = mailbox.Maildir(state["mail"], create=False)
    had_at = defaultdict(list)
    for name, mail in box.iteritems():
        seconds, microseconds = name.split("P")[0].split(".M")
        had_at[mail["Message-ID"]].append(int(seconds) + int(microseconds) / 1e6)
    database.open(os.environ[environment_name("records", "database_url")])
    with database.database.connection_context():
        sent = list(Message.select().where(Message.channel == "email", Message.state == SENT))
    database.database.close()
    known_at = {message_id(mail.key): datetime.fromisoformat(mail.changed_at).timestamp() for mail in sent}
    return [known_at[which] - times[0] for which, times in had_at.items() if which in known_at and len(times) == 1]


def in_words(seconds: list[float]) -> str:
    """Median, 95th percentile and longest."""
    p95 = statistics.quantiles(seconds, n=20, method="inclusive")[-1]
    return f"median {statistics.median(seconds):.3f} s, 95 % {p95:.3f} s, longest {max(seconds):.3f} s"


def contacts_of(state: Mapping[str, Any], reference: str) -> int:
    """How many contacts the government has of a case."""
    headers = {"X-API-Key": state["government_api_key"]}
    answer = requests.get(f"{state['government']}/v1/cases/{reference}", headers=headers, timeout=10)
    return len(answer.json()["contacts"]) if answer.ok else 0


def done_after(engine: Engine, tasks: Iterable[str]) -> dict[str, str]:
    """When each of these external tasks was completed, as the engine writes it."""
    found: dict[str, str] = {}
    for task in tasks:
        for entry in engine.get("/history/external-task-log", externalTaskId=task, successLog=True):
            found[task] = entry["timestamp"]
    return found
