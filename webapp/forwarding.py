"""Takes what patients sent to the engine: at once, and again later while the engine is away.

Each submission goes there once: a case that has started isn't started again, a task that is done is gone, and a
message leaves its key with the case.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import peewee

from processes.cases import find_case, start_case
from processes.engine import Engine, EngineError, EngineRefused, EngineUnavailable
from records.drafts import Drafts
from records.submissions import Submission, Submissions

log = logging.getLogger("webapp.forwarding")

START, TASK, MESSAGE = "start", "task", "message"
INTERVAL_S = 1.0
DRAFTS_KEPT = timedelta(days=7)


class NotAsked(Exception):
    """The engine doesn't ask for this any more."""


class Forwarder:
    """Forwards submissions.

    Args:
        policy: the durations and limits that new cases go by.
    """

    def __init__(self, engine: Engine, submissions: Submissions, drafts: Drafts, policy: dict[str, Any]):
        self._engine = engine
        self._submissions = submissions
        self._drafts = drafts
        self._policy = policy
        self._kinds: dict[str, Callable[[Submission, dict[str, Any]], None]] = {
            START: self._start,
            TASK: self._complete,
            MESSAGE: self._send,
        }

    def run(self, stopping: threading.Event) -> None:
        """Forward what waits until it is stopped."""
        while not stopping.wait(INTERVAL_S):
            try:
                self.forward_waiting()
                self._drafts.forget_older_than(DRAFTS_KEPT)
            except peewee.PeeweeException as error:
                log.warning("submissions wait: the records can't be reached (%s)", type(error).__name__)

    def forward_waiting(self) -> None:
        """Forward all that waits, unless the engine is away."""
        away = False
        for submission in self._submissions.claim():
            if away:
                self._submissions.give_back(submission)
            else:
                away = not self._forwarded(submission)

    def forward(self, key: str) -> bool:
        """Forward one now; returns whether it has arrived, or is no more asked for."""
        submission = self._submissions.claim_one(key)
        return submission is not None and self._forwarded(submission)

    def _forwarded(self, submission: Submission) -> bool:
        content = self._submissions.content(submission)
        try:
            if content is None:
                raise NotAsked("sealed with another secret")
            self._kinds[content["kind"]](submission, content)
        except EngineUnavailable:
            self._submissions.give_back(submission)
            return False
        except NotAsked as error:
            log.warning("not asked for any more: %s (%s)", submission.key, error)
            self._submissions.void(submission)
        except EngineError as error:
            log.error("%s can't be forwarded: %s", submission.key, error)
            self._submissions.give_back(submission)
            return False
        else:
            self._submissions.forwarded(submission)
        return True

    def _start(self, submission: Submission, content: dict[str, Any]) -> None:
        start_case(self._engine, content["case"], content["values"], self._policy, exposed_to=content.get("exposed_to"))

    def _complete(self, submission: Submission, content: dict[str, Any]) -> None:
        try:
            self._engine.submit(content["task"], content["values"])
        except EngineRefused as error:
            if self._engine.has_task(content["task"]):
                raise
            # gone since: by our own hand if the answer was lost on its way
            raise NotAsked(error.status) from None

    def _send(self, submission: Submission, content: dict[str, Any]) -> None:
        if submission.tried and self._has_message(content["case"], submission.key):
            return
        self._submissions.is_tried(submission)
        try:
            values = {**content["values"], "message_key": submission.key}
            self._engine.correlate(content["message"], content["case"], values)
        except EngineRefused as error:
            if error.status != 400:
                raise
            raise NotAsked("nobody waits for it") from None

    def _has_message(self, case_reference: str, key: str) -> bool:
        case = find_case(self._engine, case_reference)
        return case is not None and case.values.get("message_key") == key
