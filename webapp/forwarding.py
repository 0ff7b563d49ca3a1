"""Takes what patients sent to the engine: at once, and again later while the engine is away.

Each submission goes there once: a task that is done is gone, and the engine knows the keys of cases that it has started
and of messages that it has taken.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from processes.cases import start_case
from processes.engine import Engine, EngineError, EngineRefused, EngineUnavailable
from records.submissions import Submission, Submissions

log = logging.getLogger("webapp.forwarding")

START, TASK, MESSAGE = "start", "task", "message"
# between two looks at what waits
INTERVAL_S = 1.0


class NotAsked(Exception):
    """The engine doesn't ask for this any more."""


class SubmissionsWait(Exception):
    """Something can't be forwarded now."""


class Forwarder:
    """Forwards submissions.

    Args:
        policy: the durations and limits that new cases go by.
    """

    def __init__(self, engine: Engine, submissions: Submissions, policy: dict[str, Any]):
        self._engine = engine
        self._submissions = submissions
        self._policy = policy
        self._kinds: dict[str, Callable[[Submission, dict[str, Any]], None]] = {
            START: self._start,
            TASK: self._complete,
            MESSAGE: self._send,
        }

    def run(self) -> None:
        """Forward what waits.

        Raises:
            SubmissionsWait: not all of it could be forwarded.
        """
        if not self.forward_waiting():
            raise SubmissionsWait

    def forward_waiting(self) -> bool:
        """Forward what waits; False when something has to wait on.

        What the engine refuses holds up nothing else; while it is away everything waits.
        """
        arrived = True
        try:
            for submission in self._submissions.claim():
                arrived &= self._forwarded(submission)
        except EngineUnavailable:
            return False
        return arrived

    def forward(self, key: str) -> bool:
        """Forward one now; returns whether it has arrived, or is no more asked for."""
        submission = self._submissions.claim_one(key)
        try:
            return submission is not None and self._forwarded(submission)
        except EngineUnavailable:
            return False

    def _forwarded(self, submission: Submission) -> bool:
        """Forward a claimed submission, and end the claim.

        Raises:
            EngineUnavailable: it waits on.
        """
        content = self._submissions.content(submission)
        try:
            if content is None:
                raise NotAsked("sealed with another secret")
            self._kinds[content["kind"]](submission, content)
        except EngineUnavailable:
            self._submissions.give_back(submission)
            raise
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
        start_case(
            self._engine,
            content["case"],
            content["values"],
            self._policy,
            exposed_to=content.get("exposed_to"),
            language=content.get("language"),
            emergency_signs_only=content.get("emergency_signs_only", False),
        )

    def _complete(self, submission: Submission, content: dict[str, Any]) -> None:
        try:
            self._engine.submit(content["task"], content["values"])
        except EngineRefused as error:
            if self._engine.has_task(content["task"]):
                raise
            # gone since: by our own hand if the answer was lost on its way
            raise NotAsked(error.status) from None

    def _send(self, submission: Submission, content: dict[str, Any]) -> None:
        try:
            self._engine.correlate(content["message"], content["case"], content["values"], key=submission.key)
        except EngineRefused as error:
            if error.status != 400:
                raise
            raise NotAsked("nobody waits for it") from None
