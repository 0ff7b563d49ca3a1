"""`make demo EXIT=1` and `make status` in a container: `python -m stack.containers demo | status`."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

from rich.console import Console

from config import settings as config
from stack.demo import Demo
from stack.pilot import Pilot, PilotError, today_in
from stack.status import show_status
from stack.supervisor import PartFailed


def main(command: str) -> int:
    try:
        settings = config.load()
        state = describe(settings)
        if command == "status":
            return 0 if show_status(state, Console()) else 1
        if command == "demo":
            pilot = Pilot.read(Demo.PILOT, today_in(settings.webapp.time_zone))
            return 0 if Demo(state, time.sleep, pilot, None, say).replay() else 1
    except (PartFailed, PilotError, config.SettingsError) as error:
        print(error)
        return 1
    print(__doc__)
    return 2


def describe(settings: config.Settings) -> dict[str, Any]:
    """Return what state.json has of a platform on this machine, of the containers' settings and passwords."""
    passwords = {"admin": settings.engine.password.get_secret_value(), **json.loads(os.environ["STAFF_PASSWORDS"])}
    return {
        "engine": settings.engine.url,
        "webapp": settings.webapp.url,
        "workers": settings.workers.url,
        "lab": settings.lab.url,
        "government": settings.government.url,
        "sms": settings.sms.url,
        "lab_api_key": settings.lab.api_key.get_secret_value(),
        "records": settings.records.database_url,
        "suppress_below": settings.webapp.suppress_below,
        "accounts": {name: {"username": name, "password": password} for name, password in passwords.items()},
    }


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
