"""`python -m stack up | demo | deploy | down`. The Makefile calls it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from config import settings as config
from config.settings import environment_name
from stack import state
from stack.browser import PageRefused
from stack.demo import Demo
from stack.pilot import PilotError
from stack.platform import Platform, Stopped
from stack.supervisor import PartFailed


def main(command: str) -> int:
    if command == "down":
        print(state.down())
        return 0
    if command == "deploy":
        return deploy()
    if command not in ("up", "demo"):
        print(__doc__)
        return 2
    if state.is_up(state.read()):
        print("it is up already; `make down` ends it")
        return 1
    try:
        return up() if command == "up" else demo()
    except Stopped:
        return 130
    except (PartFailed, PilotError, PageRefused, config.SettingsError) as error:
        print(error)
        return 1


def up() -> int:
    platform = Platform(state.FOLDER, state.FOLDER / "data", say)
    _stop_on_signals(platform)
    platform.up()
    show_addresses(platform.state)
    say("Ctrl-C, or `make down` in another terminal, ends it.")
    platform.watch()
    platform.down()
    return 0


def deploy() -> int:
    """Deploy to the engine that is up here, as its administrator."""
    up_now = state.read()
    if not state.is_up(up_now):
        print("nothing is up: start it by `make up`; another engine: python -m deployment")
        return 1
    admin = up_now["accounts"]["admin"]
    environment = {
        environment_name("engine", "url"): up_now["engine"],
        environment_name("engine", "username"): admin["username"],
        environment_name("engine", "password"): admin["password"],
    }
    return subprocess.run(
        [sys.executable, "-m", "deployment"], env={**os.environ, **environment}, check=False
    ).returncode


def demo() -> int:
    """Everything up on fresh data, the pilot replayed; see stack/demo.py."""
    data = state.FOLDER / "demo"
    shutil.rmtree(data, ignore_errors=True)
    platform = Platform(state.FOLDER, data, say)
    _stop_on_signals(platform)
    report = os.environ.get("REPORT")
    show = Demo(platform, Path(os.environ.get("PILOT") or Demo.PILOT), Path(report) if report else None, say)
    platform.up()
    try:
        as_expected = show.replay()
        if os.environ.get("EXIT"):
            return 0 if as_expected else 1
        show.open_cases()
        show_addresses(platform.state)
        show.tour()
        say("Ctrl-C ends all of it.")
        platform.watch()
        return 0
    finally:
        platform.down()


def show_addresses(state: dict) -> None:
    say("")
    for name, path in (("webapp", "/"), ("engine", "/camunda/"), ("webapp", "/staff/kpis")):
        say(f"  {state[name]}{path}")
    say("Sign-ins, also in .run/state.json:")
    for account in state["accounts"].values():
        say(f"  {account['username']:<16} {account['password']}")


def say(line: str) -> None:
    print(line, flush=True)


def _stop_on_signals(platform: Platform) -> None:
    def stop(*_: object) -> None:
        platform.stop_soon()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
