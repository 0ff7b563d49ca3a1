"""`python -m records erase C-…` has a case erased; `python -m records erasures` lists what was asked for, and done.

`python -m records retry` has whatever waits to be sent, forwarded, delivered or erased tried at once.

`python -m records upgrade` applies the pending migrations to the database.
"""

from __future__ import annotations

import re
import sys

from config import settings as config
from hosting.databases import AWAY
from hosting.schema import SchemaMismatch, UpgradeFailed
from records import database
from records.erasures import ERASED, OPERATOR, Erasures
from records.queue_metrics import retry_now

REFERENCE = re.compile(r"C-[2-9A-Z]{12}")


def main(arguments: list[str]) -> None:
    match arguments:
        case ["erase", typed] if REFERENCE.fullmatch(reference := typed.strip().upper()):
            _open()
            Erasures().ask(reference, OPERATOR)
            print(f"{reference} is erased as soon as it has ended, by the workers; `make erasures` says when it was")
        case ["erase", reference]:
            sys.exit(f"no case has the reference {reference!r}: it is like C-2ABCDEFGHJKM, on the patient's page")
        case ["erasures"]:
            _open()
            for erasure in Erasures().all():
                done = f"erased {erasure.changed_at[:19]}Z" if erasure.state == ERASED else "waits"
                kept = ", kept at the health authority what the law keeps" if erasure.kept else ""
                print(f"{erasure.key} asked {erasure.asked_at[:19]}Z by {erasure.asked_by}: {done}{kept}")
        case ["retry"]:
            _open()
            print(f"{retry_now()} messages, submissions, lab items and erasures are tried now")
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
    except AWAY:
        sys.exit("records: the database can't be reached")
    print(f"records: applied {', '.join(applied)}" if applied else "records: no migration is pending")


if __name__ == "__main__":
    main(sys.argv[1:])
