"""Queue of forms that patients have sent, until the engine has them: an acknowledged form is never lost.

Adding a submission deletes its draft in the same transaction. The answers are encrypted, and deleted once the engine
has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import peewee

from records.cipher import Cipher
from records.database import database
from records.drafts import Draft
from records.queue import OPEN, Queued
from records.retries import RetrySchedule

FORWARDED, VOID = "forwarded", "void"
# longer than the engine takes to answer
LEASE = timedelta(seconds=45)


class Submission(Queued):
    """One form that was sent.

    Attributes:
        form: its key.
        content: its answers and their target in the engine, encrypted.
    """

    case_reference = peewee.TextField(index=True)
    form = peewee.TextField()
    content = peewee.TextField()


class Submissions:
    """The queue of submissions.

    Args:
        lease: duration of the lease on a claimed submission.
    """

    def __init__(self, cipher: Cipher, lease: timedelta = LEASE):
        self._cipher = cipher
        self._lease = lease

    def add(self, key: str, case_reference: str, form: str, content: Any, draft: str) -> None:
        """Queue a submission and delete its draft; a second submission with the same key has no effect.

        Args:
            key: idempotency key: a form of a case is submitted once.
            draft: the draft's owner.
        """
        with database.connection_context(), database.atomic():
            Submission.insert(
                key=key,
                case_reference=case_reference,
                form=form,
                content=self._cipher.encrypt(content),
            ).on_conflict_ignore().execute()
            Draft.delete().where(Draft.owner == draft).execute()

    def find_case(self, key: str) -> str | None:
        """Return the case of a submission in any state; None if there is none with this key."""
        with database.connection_context():
            row = Submission.get_or_none(Submission.key == key)
        return row.case_reference if row else None

    def is_sent(self, case_reference: str, form: str) -> bool:
        """Whether a form of the case was sent, and the engine has it or will get it."""
        with database.connection_context():
            sent = (Submission.case_reference == case_reference) & (Submission.form == form)
            return Submission.select().where(sent, Submission.state != VOID).exists()

    def is_void(self, key: str) -> bool:
        """Whether the engine no longer had the task when the submission was forwarded."""
        with database.connection_context():
            return Submission.select().where(Submission.key == key, Submission.state == VOID).exists()

    def claim(self) -> Iterator[Submission]:
        return Submission.claim(self._lease)

    def claim_by_key(self, key: str) -> Submission | None:
        return Submission.claim_by_key(key)

    def content(self, submission: Submission) -> Any:
        """Decrypt the content; returns None if it was encrypted with another secret."""
        return self._cipher.decrypt(submission.content)

    def release(self, submission: Submission) -> None:
        """Release the claim without counting an attempt: the engine can't be reached."""
        submission.release()

    def retry(self, submission: Submission, schedule: RetrySchedule) -> None:
        """Make the submission due after a pause: the engine failed on it."""
        submission.retry(schedule)

    def mark_forwarded(self, submission: Submission) -> None:
        submission.finish(FORWARDED, content="")

    def mark_void(self, submission: Submission) -> None:
        """End the submission without effect: the engine no longer has its task."""
        submission.finish(VOID, content="")

    def delete_older_than(self, age: timedelta) -> None:
        """Delete submissions that were forwarded or became void longer than `age` ago."""
        Submission.delete_finished(age, FORWARDED, VOID)

    def delete(self, case_reference: str) -> None:
        with database.connection_context():
            Submission.delete().where(Submission.case_reference == case_reference).execute()

    def list_pending_forms(self, case_reference: str) -> list[str]:
        """Return the forms of a case that were sent, but not forwarded to the engine yet."""
        with database.connection_context():
            rows = Submission.select().where(Submission.case_reference == case_reference, Submission.state.in_(OPEN))
            return [row.form for row in rows]
