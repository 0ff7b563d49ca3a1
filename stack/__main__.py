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
from camunda7.names import COCKPIT, TASKLIST
from config import settings as config
from config.settings import ROOT, environment_name
from stack import state
from stack.data import erased_cases_of
from stack.demo import Demo
from stack.parts import account_environment
from stack.pilot import Pilot, PilotError, today_in
from stack.platform import Platform, Stopped
from stack.replay import Result
from stack.status import show_status
from stack.supervisor import PartFailed
from stack.tour import Tour, find_closed_case

# umask: databases, logs, mail and secrets contain patients' data
PRIVATE = 0o077


class NotRunning(Exception):
    """The command needs a running platform."""


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
    except NotRunning:
        print("the platform isn't running: start it with `make up`")
        return 2
    except (PartFailed, PilotError, PageRefused, config.SettingsError) as error:
        print(error)
        return 1


def up(folder: Path) -> int:
    check_not_running(folder)
    platform = Platform(folder, folder / "data", say)
    _stop_on_signals(platform)
    platform.up()
    show_addresses(platform.state)
    say("Ctrl-C, or `make down` in another terminal, stops the platform.")
    platform.watch()
    platform.down()
    return 0


def down(folder: Path) -> int:
    say(state.down(folder / state.FILE))
    return 0


def deploy(folder: Path) -> int:
    """Deploy to the running engine, with the deployer's account."""
    return _run_deployment(folder, "deployer", "drawn", str(folder / "changes.html"))


def migrate(folder: Path) -> int:
    """Migrate running cases to the latest process version, with BACK to the previous one; with DRY only report."""
    how = [name.lower() for name in ("DRY", "BACK") if os.environ.get(name)]
    return _run_deployment(folder, "deployer", "migrate", *how)


def watch(folder: Path) -> int:
    """Replace this process by one that deploys whenever a diagram, decision or form is saved."""
    command, environment = _deployment(folder, "deployer", "watch", str(folder / "changes.html"))
    os.execve(command[0], command, environment)  # noqa: S606 - our own command


def rehearse(folder: Path) -> int:
    """Evaluate the changed decision DMN for recent cases, as the administrator, who may read the answers."""
    if not os.environ.get("DMN"):
        print("DMN is missing: make rehearse DMN=processes/pre_screening.dmn")
        return 2
    return _run_deployment(folder, "admin", "rehearse", os.environ["DMN"], *os.environ.get("CASES", "").split())


def _run_deployment(folder: Path, username: str, *arguments: str) -> int:
    command, environment = _deployment(folder, username, *arguments)
    return subprocess.run(command, env=environment, check=False).returncode


def _deployment(folder: Path, username: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """Return command and environment of `python -m deployment` for the running engine."""
    running = _read_state(folder)
    account = account_environment(**running["accounts"][username])
    environment = {environment_name("engine", "url"): running["engine"], **account}
    return [sys.executable, "-m", "deployment", *arguments], {**os.environ, "PYTHONUTF8": "1", **environment}


def status(folder: Path) -> int:
    """Show parts, KPIs and incidents; returns 0 when all is well, 1 for problems, 2 when the platform isn't running."""
    return 0 if show_status(_read_state(folder), Console()) else 1


def _read_state(folder: Path) -> dict[str, Any]:
    running = state.read(folder / state.FILE)
    if running is None or not state.is_up(running):
        raise NotRunning
    return running


def demo(folder: Path) -> int:
    """Start everything with fresh data and replay the pilot; see stack/demo.py."""
    check_not_running(folder)
    data = folder / "demo"
    platform = Platform(folder, data, say)
    _stop_on_signals(platform)
    report = os.environ.get("REPORT")
    today = today_in(config.load().webapp.time_zone)
    pilot = Pilot.read(Path(os.environ.get("PILOT") or Demo.PILOT), today)
    shutil.rmtree(data, ignore_errors=True)
    erased_cases_of(data).unlink(missing_ok=True)
    platform.up()
    try:
        show = Demo(platform.state, platform.pause, pilot, Path(report) if report else None, say)
        is_expected = show.replay()
        if os.environ.get("EXIT"):
            return 0 if is_expected else 1
        show_around(platform, show.results, today)
        say("Ctrl-C stops the demo.")
        platform.watch()
        return 0
    finally:
        platform.down()


def show_around(platform: Platform, results: list[Result], today: date) -> None:
    """Prepare the demo's tour and print its addresses."""
    weeks = config.load().demo.history_weeks
    tour = Tour(platform.state, Pilot.read(Tour.PEOPLE, today), weeks, platform.pause, say)
    if weeks:
        tour.add_history()
    say("preparing open cases for the tour …")
    closed = find_closed_case(results)
    stops = [*tour.leave_cases_open(), *([closed] if closed else [])]
    platform.update_state(tour=[asdict(stop) for stop in stops])
    show_addresses(platform.state)
    tour.show(stops)


def check_not_running(folder: Path) -> None:
    if state.is_up(state.read(folder / state.FILE)):
        raise PartFailed("the platform is already running; `make down` stops it")


def show_addresses(state: dict) -> None:
    say("")
    addresses = {
        "patients": f"{state['webapp']}/",
        "Tasklist": state["staff"] + TASKLIST,
        "Cockpit": state["staff"] + COCKPIT,
        "managers": f"{state['webapp']}/staff/now",
    }
    for what, address in addresses.items():
        say(f"  {what:<16} {address}")
    say("Sign-ins, also in .run/state.json:")
    for account in state["accounts"].values():
        say(f"  {account['username']:<16} {account['password']}")


def say(line: str) -> None:
    print(line, flush=True)


def _stop_on_signals(platform: Platform) -> None:
    def stop(*_: object) -> None:
        platform.request_stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
