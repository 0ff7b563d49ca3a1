"""Delivers submitted forms to the engine: at once, and with retries while the engine is unavailable.

Each submission takes effect once: a task can be completed once, and the engine knows the keys of started cases and of
correlated messages.
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
from webapp.commands import UndeliverableCommand, command_from_json

log = logging.getLogger("webapp.forwarding")

# interval of the search for due submissions
INTERVAL_S = 1.0
# short, so that submissions are delivered soon after the engine has started
MAX_OUTAGE_PAUSE_S = 10.0
RETRIES = RetrySchedule(first=timedelta(seconds=10), longest=timedelta(hours=1))


class SubmissionsPending(Exception):
    """Due submissions couldn't be forwarded; they are retried."""


class Forwarder:
    """Forwards submissions.

    Args:
        policy: durations and limits of new cases.
        schedule: when to retry a submission that makes the engine answer an error.
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
            SubmissionsPending: at least one couldn't be forwarded.
        """
        if not self.forward_due():
            raise SubmissionsPending

    def forward_due(self) -> bool:
        """Forward the submissions that are due; returns False if at least one couldn't be forwarded.

        A submission that makes the engine answer an error doesn't block others. During an outage none is forwarded.
        """
        if self.outage.is_pausing:
            return False
        try:
            outcomes = [self._forward(submission) for submission in self._submissions.claim()]
        except EngineUnavailable:
            return False
        return all(outcomes)

    def forward(self, key: str) -> bool:
        """Forward one submission now; returns False if it has to be retried."""
        submission = self._submissions.claim_by_key(key)
        try:
            return submission is not None and self._forward(submission)
        except EngineUnavailable:
            return False

    def _forward(self, submission: Submission) -> bool:
        """Forward a claimed submission and record the result; returns False if it has to be retried.

        Raises:
            EngineUnavailable: the submission is released, to be retried.
        """
        try:
            self._deliver(submission)
        except EngineUnavailable as error:
            self._submissions.release(submission)
            self.outage.record_failure(error)
            raise
        except UndeliverableCommand as error:
            log.warning("submission %s is void: %s", submission.key, error)
            self._submissions.mark_void(submission)
        except DATABASE_ERRORS:
            raise
        except Exception as error:
            # the message of an unforeseen error may contain the patient's answers: log a safe description only
            self._submissions.retry(submission, self._schedule)
            log.error("%s can't be forwarded: %s; attempts: %d", submission.key, describe(error), submission.attempts)
            return False
        else:
            self._submissions.mark_forwarded(submission)
        # also after a void submission: the engine has answered
        self.outage.record_success()
        return True

    def _deliver(self, submission: Submission) -> None:
        content = self._submissions.content(submission)
        if content is None:
            raise UndeliverableCommand("encrypted with another secret")
        command = command_from_json(content)
        command.deliver(self._engine, content["values"], self._policy, content.get("language"))
