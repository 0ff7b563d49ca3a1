"""What came of a run with faults: by the ledgers of those who were asked, and by what each case left behind."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import requests

from processes.engine import Engine
from tests.faults.ledger import Ledger, doubled, redelivered
from tests.support.mail import mailbox_of


@dataclass(frozen=True)
class Report:
    """The figures of a run.

    Attributes:
        faults: how often something was killed, stopped, cut.
        attempted: cases that were begun.
        acknowledged: those whose start the engine has acknowledged.
        completed: those that came to the end that they should come to.
        doubled: effects that happened twice, by their keys.
        redelivered: how often something was asked for that had been done before, and tasks that were begun again.
        recoveries: after each fault, how long what it hit took to be done, in seconds.
    """

    faults: int
    attempted: int
    acknowledged: int
    completed: int
    doubled: Mapping[str, int]
    redelivered: int
    recoveries: list[float]

    @property
    def lost(self) -> int:
        return self.acknowledged - self.completed

    def __str__(self) -> str:
        told = f"{self.faults} faults: {self.attempted} cases attempted, {self.acknowledged} acknowledged, "
        told += f"{self.completed} completed, {self.lost} lost, {len(self.doubled)} effects doubled, "
        told += f"{self.redelivered} redelivered"
        if len(self.recoveries) > 1:
            p95 = statistics.quantiles(self.recoveries, n=20, method="inclusive")[-1]
            median, longest = statistics.median(self.recoveries), max(self.recoveries)
            told += f"; recovery median {median:.1f} s, 95 % {p95:.1f} s, longest {longest:.1f} s"
        return told


def effects_of(ledgers: Iterable[Ledger], since: float) -> tuple[dict[str, int], int]:
    """Effects that happened twice, and how often something was asked for again, by the servers' ledgers."""
    entries = [entry for ledger in ledgers for entry in ledger.entries() if entry["at"] >= since]
    return doubled(entries), redelivered(entries)


@dataclass(frozen=True)
class Traces:
    """What a case has left at the government: on the whole road one of each, had nothing been lost or done twice."""

    contacts: int
    mails: int

    def other_than_one(self) -> dict[str, int]:
        return {what: times for what, times in vars(self).items() if times != 1}


def traces_of(state: Mapping[str, Any], reference: str) -> Traces:
    """What the government has of a case, and the mails to its contact."""
    headers = {"X-API-Key": state["government_api_key"]}
    answer = requests.get(f"{state['government']}/v1/cases/{reference}", headers=headers, timeout=10)
    contacts = len(answer.json()["contacts"]) if answer.ok else 0
    return Traces(contacts, len(mailbox_of(state, f"{reference.lower()}@contacts.example")))


def mails_with_other_ids(state: Mapping[str, Any], reference: str) -> dict[str, int]:
    """Subjects of mails to a patient that came under several Message-IDs: a message has one, however often it goes."""
    ids = {(mail["Subject"], mail["Message-ID"]) for mail in mailbox_of(state, f"{reference.lower()}@patients.example")}
    return {subject: times for subject, times in Counter(subject for subject, _ in ids).items() if times > 1}


def done_after(engine: Engine, tasks: Iterable[str]) -> dict[str, str]:
    """When each of these external tasks was completed, as the engine writes it."""
    found: dict[str, str] = {}
    for task in tasks:
        for entry in engine.get("/history/external-task-log", externalTaskId=task, successLog=True):
            found[task] = entry["timestamp"]
    return found
