"""What must happen to databases that were restored from a backup, before anybody can sign in.

The workers erase the cases again in the other stores, and `python -m deployment erase` in the engine.
"""

from __future__ import annotations

from collections.abc import Iterable

from records.access import CaseAccess, Link
from records.database import database
from records.erasures import ERASED, RESTORE, Erasure, Erasures
from records.outbox import HELD, Message
from records.queue import OPEN, WAITING, timestamp
from records.sessions import Session
from records.submissions import Submission


def repeat_erasures(references: Iterable[str]) -> list[str]:
    """Request again the erasures that the database doesn't know, because it is older; returns their cases.

    Their access codes, links, submissions and unsent messages are deleted at once.
    """
    with database.connection_context():
        known = {erasure.key for erasure in Erasure.select().where(Erasure.state == ERASED)}
    unknown = [reference for reference in references if reference not in known]
    for reference in unknown:
        with database.connection_context(), database.atomic():
            for table in (CaseAccess, Link, Submission):
                table.delete().where(table.case_reference == reference).execute()
            # the keys of sent ones are needed to erase them at the SMS gateway
            unsent = Message.state.in_((*OPEN, HELD))
            Message.delete().where(unsent, Message.key.startswith(f"{reference}/")).execute()
        Erasures().request(reference, RESTORE)
    return unknown


def end_sessions() -> None:
    """End all sessions: some of them ended after the backup."""
    with database.connection_context():
        Session.delete().execute()


def hold_messages() -> int:
    """Hold the messages that weren't sent before the backup, but probably after it; returns their number."""
    with database.connection_context():
        return Message.update(state=HELD, changed_at=timestamp()).where(Message.state.in_(OPEN)).execute()


def list_held_messages() -> list[Message]:
    with database.connection_context():
        return list(Message.select().where(Message.state == HELD).order_by(Message.changed_at, Message.id))


def release_held_messages() -> int:
    """Send the held messages; returns how many."""
    due = {"state": WAITING, "changed_at": timestamp(), "due_at": timestamp(), "waiting_since": timestamp()}
    with database.connection_context():
        return Message.update(due).where(Message.state == HELD).execute()


def discard_held_messages() -> int:
    """Delete the held messages, which were sent; returns how many."""
    with database.connection_context():
        return Message.delete().where(Message.state == HELD).execute()
