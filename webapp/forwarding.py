"""Takes what patients sent to the engine: at once, and again later while the engine is away.

Each submission goes there once: a task that is done is gone, and the engine knows the keys of cases that it has started
and of messages that it has taken.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from camunda7.engine import EngineUnavailable
from camunda7.outages import Outage, describe
from hosting.databases import DATABASE_ERRORS
from processes.engine import Engine
from records.retries import RetrySchedule
from records.submissions import Submission, Submissions
from webapp.commands import NotAsked, command_from_json

log = logging.getLogger("webapp.forwarding")

# between two looks for submissions
INTERVAL_S = 1.0
# an engine that starts is found soon
MAX_OUTAGE_PAUSE_S = 10.0
RETRIES = RetrySchedule(first=timedelta(seconds=10), longest=timedelta(hours=1))


class SubmissionsWait(Exception):
    """Something can't be forwarded now."""


class Forwarder:
    """Forwards submissions.

    Args:
        policy: the durations and limits that new cases go by.
        schedule: when a submission that the engine fails on is forwarded again.
    """

    def __init__(self, engine: Engine, submissions: Submissions, policy: dict[str, Any], schedule: RetrySchedule):
        self._engine = engine
        self._schedule = schedule
        self.outage = Outage("submissions to the engine", log, max_s=MAX_OUTAGE_PAUSE_S)
        self._submissions = submissions
        self._policy = policy

    def run(self) -> None:
        """Forward the submissions that are due.

        Raises:
            SubmissionsWait: not all of them could be forwarded.
        """
        if not self.forward_waiting():
            raise SubmissionsWait

    def forward_waiting(self) -> bool:
        """Forward the submissions that are due; False when one of them has to wait on.

        One that the engine fails on holds up no other; while the engine is away, all wait.
        """
        if self.outage.is_pausing:
            return False
        try:
            outcomes = [self._forwarded(submission) for submission in self._submissions.claim()]
        except EngineUnavailable:
            return False
        return all(outcomes)

    def forward(self, key: str) -> bool:
        """Forward one now; returns whether it has arrived, or the engine doesn't wait for it any more."""
        submission = self._submissions.claim_by_key(key)
        try:
            return submission is not None and self._forwarded(submission)
        except EngineUnavailable:
            return False

    def _forwarded(self, submission: Submission) -> bool:
        """Forward a claimed submission, and end the claim.

        Raises:
            EngineUnavailable: it waits on.
        """
        try:
            self._deliver(submission)
        except EngineUnavailable as error:
            self._submissions.release(submission)
            self.outage.record_failure(error)
            raise
        except NotAsked as error:
            log.warning("not asked for any more: %s (%s)", submission.key, error)
            self._submissions.mark_void(submission)
        except DATABASE_ERRORS:
            raise
        except Exception as error:
            # an error's text may hold what the patient answered
            self._submissions.retry(submission, self._schedule)
            log.error("%s can't be forwarded: %s; attempts: %d", submission.key, describe(error), submission.attempts)
            return False
        else:
            self._submissions.mark_forwarded(submission)
        self.outage.record_success()
        return True

    def _deliver(self, submission: Submission) -> None:
        content = self._submissions.content(submission)
        if content is None:
            raise NotAsked("sealed with another secret")
        command = command_from_json(content)
        command.deliver(self._engine, content["values"], self._policy, content.get("language"))
