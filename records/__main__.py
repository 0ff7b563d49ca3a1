"""`python -m records erase C-…` requests the erasure of a case; `python -m records erasures` lists all erasures.

`python -m records retry` makes all waiting messages, submissions, lab items and erasures due now.

`python -m records upgrade` applies the pending migrations to the database.
"""

from __future__ import annotations

import re
import sys

from config import settings as config
from hosting.databases import DATABASE_ERRORS
from hosting.schema import SchemaMismatch, UpgradeFailed
from records import database
from records.erasures import ERASED, OPERATOR, Erasures
from records.queue_metrics import retry_now

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
        case ["upgrade"]:
            _upgrade()
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


if __name__ == "__main__":
    main(sys.argv[1:])
