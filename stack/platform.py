"""The whole platform, up: parts, accounts, deployed diagrams, and the file that says where everything is."""

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
from stack.parts import JAR, WITH_DATABASE, Part, account, parts_of, upgrades_of
from stack.supervisor import PartFailed, Supervisor

# written and deleted again, to find out whether there is room
PROBE_BYTES = 1_000_000
# where the path ends in a URL of SQLite or H2, neither of which knows an escape
NOT_IN_URLS = "#?;"
# of what the deployment says; a first start sets up more than anybody reads
MOST_LINES = 10
# what an upgrade prints of a database that is up to date
UNCHANGED = "no migration is pending"


class Stopped(Exception):
    """Somebody asked the platform to end."""


class Platform:
    """Brings everything up, and down again.

    Args:
        folder: for logs, secrets and state.
        data: for what the parts keep; another one than the settings' default moves their databases there.
        say: shows a line to whoever started us.
        parts: makes the parts, as parts_of does.
    """

    def __init__(
        self,
        folder: Path,
        data: Path,
        say: Callable[[str], None],
        parts: Callable[[config.Settings, dict[str, str], Path], list[Part]] = parts_of,
    ):
        self._folder = folder
        self._data = data
        self._say = say
        self._parts = parts
        self.state: dict[str, Any] = {}
        self._supervisor = Supervisor(folder / "log", say, self._note_processes)

    def up(self) -> None:
        """Start everything; returns when it works.

        Raises:
            PartFailed: something couldn't start; what had started has been stopped.
        """
        check_tools()
        prepare_folder(self._folder)
        keep_data_in(self._data)
        ports.settle(config.load(), self._say)
        settings = config.load()
        people = load_people(settings.people)
        passwords = secrets.load_or_generate(self._folder / "secrets.json", people.accounts)
        self.state = self._described(settings, people, passwords)
        parts = self._parts(settings, passwords, self._data)
        independent = [part for part in parts if not part.needs]
        dependent = [part for part in parts if part.needs]
        try:
            # the engine takes longest
            self._supervisor.launch([part for part in independent if part.name not in WITH_DATABASE])
            self._upgrade_databases(parts)
            self._supervisor.launch([part for part in independent if part.name in WITH_DATABASE])
            self._supervisor.wait_until_ready(independent)
            self._run_deployment("admin", passwords, "provision", str(self._folder / "secrets.json"))
            self._run_deployment("deployer", passwords)
            self._supervisor.launch(dependent)
            self._supervisor.wait_until_ready(dependent)
        except BaseException:
            self.down()
            raise

    def watch(self) -> None:
        self._supervisor.watch()

    def stop_soon(self) -> None:
        """May be called from a signal handler; up() and watch() end then."""
        self._supervisor.stopping.set()

    def pause(self, seconds: float) -> None:
        """Wait; raises Stopped when the platform is to end."""
        if self._supervisor.stopping.wait(seconds):
            raise Stopped("stopped")

    def note(self, **more: Any) -> None:
        """Add to what state.json says."""
        self.state.update(more)
        state.write(self.state, self._folder / state.FILE)

    def down(self) -> None:
        self._supervisor.stop()
        (self._folder / state.FILE).unlink(missing_ok=True)

    def _described(self, settings: config.Settings, people: People, passwords: dict[str, str]) -> dict[str, Any]:
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
        with ThreadPoolExecutor() as side_by_side:
            for printed in side_by_side.map(partial(run_command, "upgrade"), upgrades_of(parts)):
                for line in printed.splitlines():
                    if UNCHANGED not in line:
                        self._say(f"{'upgrade':<12} {line}")

    def _run_deployment(self, who: str, passwords: dict[str, str], *arguments: str) -> None:
        command = [sys.executable, "-m", "deployment", *arguments]
        lines = run_command("deployment", command, account(who, passwords[who])).splitlines()
        if len(lines) > MOST_LINES:
            lines = [f"{len(lines)} things set up: groups, people, accounts, authorizations and filters"]
        for line in lines:
            self._say(f"{'deployment':<12} {line}")

    def _note_processes(self, processes: dict[str, int]) -> None:
        self.note(processes=processes)


def prepare_folder(folder: Path) -> None:
    """Make the folder of a run, for its owner alone; what an earlier version left open is closed with it.

    Raises:
        PartFailed: it can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(PROBE_BYTES))
    except OSError as error:
        raise PartFailed(
            f"{folder} can't be written ({error.strerror}): see to it, or name another folder: "
            f"{environment_name('folder')}=FOLDER"
        ) from None


def check_tools() -> None:
    if shutil.which("java") is None:
        raise PartFailed("no JDK found: install JDK 17 or newer, and see that `java` is on the PATH")
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        raise PartFailed("no folder for temporary files can be written: set TMPDIR to one that can") from None
    if not JAR.exists():
        raise PartFailed("the engine is not built: run `make engine`")


def keep_data_in(data: Path) -> None:
    """Have the embedded databases in this folder, unless the environment says where they are.

    Raises:
        PartFailed: URLs of databases can't name this folder.
    """
    if set(NOT_IN_URLS) & set(str(data)):
        raise PartFailed(
            f"{data}: databases can't be in a folder whose path has one of {' '.join(NOT_IN_URLS)}: "
            f"name another folder: {environment_name('folder')}=FOLDER"
        )
    data.mkdir(parents=True, exist_ok=True)
    defaults = {
        ("engine", "database_url"): f"jdbc:h2:file:{data}/engine;WRITE_DELAY=0;COMPRESS=TRUE;DB_CLOSE_ON_EXIT=FALSE",
        ("records", "database_url"): f"sqlite:///{data}/records.db",
        ("lab", "database_url"): f"sqlite:///{data}/lab.db",
        ("government", "database_url"): f"sqlite:///{data}/government.db",
        ("sms", "database_url"): f"sqlite:///{data}/sms.db",
    }
    for path, url in defaults.items():
        os.environ.setdefault(environment_name(*path), url)
