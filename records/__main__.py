"""`python -m records erase C-…` requests the erasure of a case; `python -m records erasures` lists all erasures.

`python -m records retry` makes all waiting messages, submissions, lab items and erasures due now.

`python -m records upgrade` applies the pending migrations to the database. If the database was restored from a backup,
it also ends all sessions, holds messages that may have been sent already, and repeats erasures.

`python -m records held` lists these messages; `held send` sends them, and `held discard` deletes them.
"""

from __future__ import annotations

import re
import sys

from config import settings as config
from hosting.databases import DATABASE_ERRORS
from hosting.erased_cases import ErasedCases
from hosting.schema import SchemaMismatch, UpgradeFailed
from records import database
from records.erasures import ERASED, OPERATOR, Erasures
from records.queue_metrics import retry_now
from records.restoration import (
    discard_held_messages,
    end_sessions,
    hold_messages,
    list_held_messages,
    release_held_messages,
    repeat_erasures,
)

REFERENCE = re.compile(r"C-[2-9A-Z]{12}")


def main(arguments: list[str]) -> None:
    match arguments:
        case ["erase", typed] if REFERENCE.fullmatch(reference := typed.strip().upper()):
            _open()
            Erasures().request(reference, OPERATOR)
            print(f"The workers erase {reference} as soon as it has ended; `make erasures` shows when")
        case ["erase", reference]:
            sys.exit(f"{reference!r} isn't a case reference, like C-2ABCDEFGHJKM on the patient's page")
        case ["erasures"]:
            _open()
            for erasure in Erasures().all():
                state = f"erased {erasure.changed_at[:19]}Z" if erasure.state == ERASED else "waiting"
                kept = ", the health authority keeps what the law requires" if erasure.kept else ""
                print(f"{erasure.key} requested {erasure.asked_at[:19]}Z by {erasure.asked_by}: {state}{kept}")
        case ["retry"]:
            _open()
            print(f"{retry_now()} messages, submissions, lab items and erasures are due now")
        case ["held"]:
            _open()
            for message in list_held_messages():
                print(f"{message.key} by {message.channel}, held since {message.changed_at[:19]}Z")
        case ["held", "send"]:
            _open()
            print(f"{release_held_messages()} messages are sent now")
        case ["held", "discard"]:
            _open()
            print(f"{discard_held_messages()} messages are deleted")
        case ["upgrade"]:
            _upgrade()
            _open()
            _finish_restore(ErasedCases(config.load().erased_cases))
        case _:
            sys.exit(__doc__)


def _open() -> None:
    try:
        database.open(config.load().records.database_url)
    except (config.SettingsError, SchemaMismatch) as error:
        sys.exit(str(error))


def _upgrade() -> None:
    try:
        applied = database.upgrade(config.load().records.database_url)
    except config.SettingsError as error:
        sys.exit(str(error))
    except UpgradeFailed as error:
        sys.exit(f"records: {error}")
    except DATABASE_ERRORS:
        sys.exit("records: the database can't be reached")
    print(f"records: applied {', '.join(applied)}" if applied else "records: no migration is pending")


def _finish_restore(erased_cases: ErasedCases) -> None:
    """Prepare a database that was restored; erasures are repeated by whatever means it was restored."""
    erased_cases.add_restored()
    if repeated := repeat_erasures(erased_cases.references()):
        print(f"records: erased after the backup, and erased again: {len(repeated)} cases")
    if erased_cases.restored.exists():
        end_sessions()
        print(f"records: restored from a backup; messages held: {hold_messages()} (`python -m records held`)")
        erased_cases.restored.unlink()


if __name__ == "__main__":
    main(sys.argv[1:])
