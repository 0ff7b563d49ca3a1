"""`python -m stack up | demo | deploy | watch | migrate | rehearse | status | down`. The Makefile calls it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console

from camunda7.forms.browser import PageRefused
from config import settings as config
from config.settings import ROOT, environment_name
from stack import state
from stack.demo import Demo
from stack.parts import account
from stack.pilot import Pilot, PilotError, today_in
from stack.platform import Platform, Stopped
from stack.replay import Result
from stack.status import show_status
from stack.supervisor import PartFailed
from stack.tour import Tour, closed_case

# what the platform writes is for its owner alone: databases, logs, mail and secrets have patients' data in them
PRIVATE = 0o077


class NothingUp(Exception):
    """What is to be done needs a platform that is up."""


def main(command: str) -> int:
    commands = {each.__name__: each for each in (up, demo, deploy, watch, migrate, rehearse, status, down)}
    if command not in commands:
        print(__doc__)
        return 2
    os.umask(PRIVATE)
    try:
        return commands[command](ROOT / config.load().folder)
    except Stopped:
        return 130
    except NothingUp:
        print("nothing is up: start it by `make up`")
        return 2
    except (PartFailed, PilotError, PageRefused, config.SettingsError) as error:
        print(error)
        return 1


def up(folder: Path) -> int:
    refuse_second(folder)
    platform = Platform(folder, folder / "data", say)
    _stop_on_signals(platform)
    platform.up()
    show_addresses(platform.state)
    say("Ctrl-C, or `make down` in another terminal, ends it.")
    platform.watch()
    platform.down()
    return 0


def down(folder: Path) -> int:
    say(state.down(folder / state.FILE))
    return 0


def deploy(folder: Path) -> int:
    """Deploy to the engine that is up here, by the deployer's account."""
    return _run_deployment(folder, "deployer", "drawn", str(folder / "changes.html"))


def migrate(folder: Path) -> int:
    """Bring open cases to the newest version, or with BACK to the one before; with DRY only say which could come."""
    how = [name.lower() for name in ("DRY", "BACK") if os.environ.get(name)]
    return _run_deployment(folder, "deployer", "migrate", *how)


def watch(folder: Path) -> int:
    """Deploy whenever a diagram, decision or form is saved, until it is interrupted: in place of this process."""
    command, environment = _deployment(folder, "deployer", "watch", str(folder / "changes.html"))
    os.execve(command[0], command, environment)  # noqa: S606 - our own command


def rehearse(folder: Path) -> int:
    """Recent cases through the changed decision DMN; by the administrator's account, which may read the answers."""
    if not os.environ.get("DMN"):
        print("say which file: make rehearse DMN=processes/pre_screening.dmn")
        return 2
    return _run_deployment(folder, "admin", "rehearse", os.environ["DMN"], *os.environ.get("CASES", "").split())


def _run_deployment(folder: Path, who: str, *arguments: str) -> int:
    command, environment = _deployment(folder, who, *arguments)
    return subprocess.run(command, env=environment, check=False).returncode


def _deployment(folder: Path, who: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """Command and environment, for the engine that is up here; for another, `python -m deployment` is called itself."""
    up_now = _what_is_up(folder)
    told = {environment_name("engine", "url"): up_now["engine"], **account(**up_now["accounts"][who])}
    return [sys.executable, "-m", "deployment", *arguments], {**os.environ, "PYTHONUTF8": "1", **told}


def status(folder: Path) -> int:
    """How everything is, on one screen; 0 when all is well, 1 when something is not, 2 when nothing is up."""
    return 0 if show_status(_what_is_up(folder), Console()) else 1


def _what_is_up(folder: Path) -> dict[str, Any]:
    up_now = state.read(folder / state.FILE)
    if up_now is None or not state.is_up(up_now):
        raise NothingUp
    return up_now


def demo(folder: Path) -> int:
    """Everything up on fresh data, the pilot replayed; see stack/demo.py."""
    refuse_second(folder)
    data = folder / "demo"
    platform = Platform(folder, data, say)
    _stop_on_signals(platform)
    report = os.environ.get("REPORT")
    today = today_in(config.load().webapp.time_zone)
    pilot = Pilot.read(Path(os.environ.get("PILOT") or Demo.PILOT), today)
    show = Demo(platform, pilot, Path(report) if report else None, say)
    shutil.rmtree(data, ignore_errors=True)
    platform.up()
    try:
        as_expected = show.replay()
        if os.environ.get("EXIT"):
            return 0 if as_expected else 1
        show_around(platform, show.results, today)
        say("Ctrl-C ends all of it.")
        platform.watch()
        return 0
    finally:
        platform.down()


def show_around(platform: Platform, results: list[Result], today: date) -> None:
    """Prepare what there is to see in the demo, and say where."""
    weeks = config.load().demo.history_weeks
    tour = Tour(platform.state, Pilot.read(Tour.PEOPLE, today), weeks, platform.pause, say)
    if weeks:
        tour.add_history()
    say("leaving some cases open to look at …")
    closed = closed_case(results)
    stops = [*tour.leave_cases_open(), *([closed] if closed else [])]
    platform.note(tour=[asdict(stop) for stop in stops])
    show_addresses(platform.state)
    tour.show(stops)


def refuse_second(folder: Path) -> None:
    if state.is_up(state.read(folder / state.FILE)):
        raise PartFailed("it is up already; `make down` ends it")


def show_addresses(state: dict) -> None:
    say("")
    addresses = {
        "patients": f"{state['webapp']}/",
        "Tasklist": f"{state['staff']}/camunda/app/tasklist/default/",
        "Cockpit": f"{state['staff']}/camunda/app/cockpit/default/",
        "managers": f"{state['webapp']}/staff/now",
    }
    for what, address in addresses.items():
        say(f"  {what:<16} {address}")
    say("Sign-ins, also in .run/state.json:")
    for who in state["accounts"].values():
        say(f"  {who['username']:<16} {who['password']}")


def say(line: str) -> None:
    print(line, flush=True)


def _stop_on_signals(platform: Platform) -> None:
    def stop(*_: object) -> None:
        platform.stop_soon()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
