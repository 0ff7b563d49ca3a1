"""The platform on this machine: starts its parts, provisions accounts, deploys, and writes state.json."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from access.people import People, load_people
from config import settings as config
from config.settings import environment_name
from stack import ports, secrets, state
from stack.commands import run_command
from stack.data import set_data_folder
from stack.parts import JAR, WITH_DATABASE, Part, account_environment, list_local_parts, list_upgrade_commands
from stack.supervisor import PartFailed, Supervisor

# size of a file that is written and deleted to check for free disk space
PROBE_BYTES = 1_000_000
# maximum number of the deployment's lines; a first start has hundreds
MAX_LINES = 10
# printed by an upgrade for a database that is up to date
UNCHANGED = "no migration is pending"


class Stopped(Exception):
    """The platform was requested to stop."""


class Platform:
    """Starts and stops all parts.

    Args:
        folder: of logs, secrets and state.
        data: folder of the parts' databases, unless the environment sets their URLs.
        say: prints a line.
        parts: returns the parts, like list_local_parts().
    """

    def __init__(
        self,
        folder: Path,
        data: Path,
        say: Callable[[str], None],
        parts: Callable[[config.Settings, dict[str, str], Path], list[Part]] = list_local_parts,
    ):
        self._folder = folder
        self._data = data
        self._say = say
        self._parts = parts
        self.state: dict[str, Any] = {}
        self._supervisor = Supervisor(folder / "log", say, self._note_processes)

    def up(self) -> None:
        """Start everything; returns when all parts are ready.

        Raises:
            PartFailed: a part couldn't start; the others have been stopped.
        """
        check_tools()
        prepare_folder(self._folder)
        set_data_folder(self._data)
        ports.assign_ports(config.load(), self._say)
        settings = config.load()
        people = load_people(settings.people)
        passwords = secrets.load_or_generate(self._folder / "secrets.json", people.accounts)
        self.state = self._describe(settings, people, passwords)
        parts = self._parts(settings, passwords, self._data)
        independent = [part for part in parts if not part.needs]
        dependent = [part for part in parts if part.needs]
        try:
            # starts the engine first, which takes longest
            self._supervisor.launch([part for part in independent if part.name not in WITH_DATABASE])
            self._upgrade_databases(parts)
            self._supervisor.launch([part for part in independent if part.name in WITH_DATABASE])
            self._supervisor.wait_until_ready(independent)
            # with sign-in by OpenID Connect, no administrator has a password
            administrator = "deployer" if settings.sign_in.is_by_provider else "admin"
            self._run_deployment(administrator, passwords, "provision", str(self._folder / "secrets.json"))
            self._run_deployment("deployer", passwords)
            self._run_deployment(administrator, passwords, "erase")
            self._supervisor.launch(dependent)
            self._supervisor.wait_until_ready(dependent)
        except BaseException:
            self.down()
            raise

    def watch(self) -> None:
        self._supervisor.watch()

    def request_stop(self) -> None:
        """Make up() and watch() end; safe to call from a signal handler."""
        self._supervisor.stopping.set()

    def pause(self, seconds: float) -> None:
        """Sleep; raises Stopped if request_stop() was called."""
        if self._supervisor.stopping.wait(seconds):
            raise Stopped("stopped")

    def update_state(self, **more: Any) -> None:
        """Add values to state.json."""
        self.state.update(more)
        state.write(self.state, self._folder / state.FILE)

    def down(self) -> None:
        self._supervisor.stop()
        (self._folder / state.FILE).unlink(missing_ok=True)

    def _describe(self, settings: config.Settings, people: People, passwords: dict[str, str]) -> dict[str, Any]:
        accounts = ["admin", *people.people, "deployer"]
        return {
            "supervisor": os.getpid(),
            "processes": {},
            "engine": settings.engine.url,
            "webapp": settings.public_url,
            "webapp_itself": settings.webapp.url,
            "staff": settings.staff_url,
            "lab": settings.lab.url,
            "government": settings.government.url,
            "sms": settings.sms.url,
            "workers": settings.workers.url,
            "records": settings.records.database_url,
            "suppress_below": settings.webapp.suppress_below,
            "mail": str(self._data / "mail"),
            "logs": str(self._folder / "log"),
            "lab_api_key": passwords["lab_api_key"],
            "government_api_key": passwords["government_api_key"],
            "sms_api_key": passwords["sms_api_key"],
            "accounts": {name: {"username": name, "password": passwords[name]} for name in accounts},
        }

    def _upgrade_databases(self, parts: list[Part]) -> None:
        """Apply pending migrations before any part connects.

        Raises:
            PartFailed: a migration failed.
        """
        with ThreadPoolExecutor() as pool:
            for output in pool.map(partial(run_command, "upgrade"), list_upgrade_commands(parts)):
                for line in output.splitlines():
                    if UNCHANGED not in line:
                        self._say(f"{'upgrade':<12} {line}")

    def _run_deployment(self, username: str, passwords: dict[str, str], *arguments: str) -> None:
        command = [sys.executable, "-m", "deployment", *arguments]
        lines = run_command("deployment", command, account_environment(username, passwords[username])).splitlines()
        if len(lines) > MAX_LINES:
            lines = [f"{len(lines)} changes of groups, accounts, memberships, authorizations and filters"]
        for line in lines:
            self._say(f"{'deployment':<12} {line}")

    def _note_processes(self, processes: dict[str, int]) -> None:
        self.update_state(processes=processes)


def prepare_folder(folder: Path) -> None:
    """Create the folder of a run, with mode 700, also if an earlier version created it.

    Raises:
        PartFailed: the folder can't be written, or the disk is full.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(PROBE_BYTES))
    except OSError as error:
        raise PartFailed(
            f"{folder} can't be written ({error.strerror}): make it writable, or set another folder: "
            f"{environment_name('folder')}=FOLDER"
        ) from None


def check_tools() -> None:
    if shutil.which("java") is None:
        raise PartFailed("no JDK found: install JDK 17 or newer, with `java` on the PATH")
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        raise PartFailed("no folder for temporary files is writable: set TMPDIR to one that is") from None
    if not JAR.exists():
        raise PartFailed("the engine is not built: run `make engine`")
