"""`python -m services upgrade` applies the pending migrations to the databases of the lab, the government and the SMS
gateway; `python -m services upgrade lab` to one of them.
"""

from __future__ import annotations

import sys

from config import settings as config
from hosting.databases import DATABASE_ERRORS, connect_to
from hosting.schema import UpgradeFailed
from services.database import schema_of

SERVICES = ("lab", "government", "sms")


def main(arguments: list[str]) -> None:
    match arguments:
        case ["upgrade", *names] if set(names) <= set(SERVICES):
            for name in names or SERVICES:
                upgrade(name)
        case _:
            sys.exit(__doc__)


def upgrade(name: str) -> None:
    try:
        database = connect_to(getattr(config.load(), name).database_url)
        applied = schema_of(database, name).upgrade()
    except config.SettingsError as error:
        sys.exit(str(error))
    except UpgradeFailed as error:
        sys.exit(f"{name}: {error}")
    except DATABASE_ERRORS:
        sys.exit(f"{name}: the database can't be reached")
    print(f"{name}: applied {', '.join(applied)}" if applied else f"{name}: no migration is pending")


if __name__ == "__main__":
    main(sys.argv[1:])
