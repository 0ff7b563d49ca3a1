"""Forms that patients have sent, kept until the engine has them: what is acknowledged is never lost.

A submission is kept and its draft forgotten in one transaction. Its answers are encrypted, and gone once the engine
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
        form: which.
        content: its answers and where they go, sealed.
    """

    case_reference = peewee.TextField(index=True)
    form = peewee.TextField()
    content = peewee.TextField()


class Submissions:
    """The submissions.

    Args:
        lease: how long a submission is claimed for.
    """

    def __init__(self, cipher: Cipher, lease: timedelta = LEASE):
        self._cipher = cipher
        self._lease = lease

    def add(self, key: str, case_reference: str, form: str, content: Any, draft: str) -> None:
        """Keep a submission in place of its draft; one that is kept already stays as it is.

        Args:
            key: names what is submitted: a form of a case is sent once.
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

    def case_of(self, key: str) -> str | None:
        """The case of which this was sent, whatever became of it; None when it wasn't."""
        with database.connection_context():
            row = Submission.get_or_none(Submission.key == key)
        return row.case_reference if row else None

    def is_void(self, key: str) -> bool:
        """Whether the engine did not ask for it any more when it arrived."""
        with database.connection_context():
            return Submission.select().where(Submission.key == key, Submission.state == VOID).exists()

    def claim(self) -> Iterator[Submission]:
        return Submission.claim(self._lease)

    def claim_by_key(self, key: str) -> Submission | None:
        return Submission.claim_by_key(key)

    def content(self, submission: Submission) -> Any:
        """What was submitted; None when it was sealed with another secret."""
        return self._cipher.decrypt(submission.content)

    def release(self, submission: Submission) -> None:
        """The engine can't be reached: this wasn't an attempt."""
        submission.release()

    def retry(self, submission: Submission, schedule: RetrySchedule) -> None:
        """The engine failed on it; it is due again after a pause."""
        submission.retry(schedule)

    def forwarded(self, submission: Submission) -> None:
        submission.finish(FORWARDED, content="")

    def void(self, submission: Submission) -> None:
        """The engine doesn't ask for it any more."""
        submission.finish(VOID, content="")

    def delete_older_than(self, age: timedelta) -> None:
        """Forget those that the engine has had for so long, or doesn't want; what waits, waits."""
        Submission.delete_finished(age, FORWARDED, VOID)

    def delete(self, case_reference: str) -> None:
        with database.connection_context():
            Submission.delete().where(Submission.case_reference == case_reference).execute()

    def on_their_way(self, case_reference: str) -> list[str]:
        """The forms of a case that were sent, and that the engine doesn't have yet."""
        with database.connection_context():
            rows = Submission.select().where(Submission.case_reference == case_reference, Submission.state.in_(OPEN))
            return [row.form for row in rows]
