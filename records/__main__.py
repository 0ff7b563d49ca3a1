"""`python -m records erase C-…` has a case erased; `python -m records erasures` lists what was asked for, and done.

`python -m records rebuild` works the sums of the KPIs out anew, while everything runs on.

`python -m records retry` has whatever waits to be sent, forwarded, delivered or erased tried at once.

`python -m records invent WEEKS` replaces the invented cases of a demo by those of this many weeks; 0 deletes them.

`python -m records upgrade` applies the pending migrations to the database.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from config import settings as config
from records import database
from records.erasures import ERASED, OPERATOR, Erasures
from records.invented import invent
from records.kpis import CaseRow, rebuild
from records.queues import retry_now
from records.schema import SchemaMismatch, UpgradeFailed

# so many rows are read between two signs of progress
TOLD_EVERY = 10_000
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
        case ["rebuild"]:
            _open()
            were_right = rebuild(_shown)
            print(
                "the sums of the KPIs are right" if were_right else "the sums of the KPIs were wrong, and are right now"
            )
        case ["retry"]:
            _open()
            print(f"{retry_now()} messages, submissions, lab items and erasures are tried now")
        case ["invent", weeks] if weeks.isdecimal():
            _open()
            print(f"{invent(int(weeks), datetime.now(UTC).date())} invented cases")
        case ["upgrade"]:
            _upgrade()
        case _:
            sys.exit(__doc__)


def _shown(rows: Iterable[CaseRow], count: int) -> Iterator[CaseRow]:
    """Show how far the reading is: as a bar, and where nobody watches as lines."""
    columns = (TextColumn("working out the KPIs"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        bar = progress.add_task("", total=count)
        for done, row in enumerate(rows, 1):
            yield row
            if done % TOLD_EVERY == 0 or done == count:
                progress.update(bar, completed=done)
                if not progress.console.is_terminal:
                    print(f"{done} of {count} cases", flush=True)


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
    except database.AWAY:
        sys.exit("records: the database can't be reached")
    print(f"records: applied {', '.join(applied)}" if applied else "records: no migration is pending")


if __name__ == "__main__":
    main(sys.argv[1:])
