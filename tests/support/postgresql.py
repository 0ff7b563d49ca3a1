"""A separate PostgreSQL server for tests, on a free port."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from config.settings import environment_name
from tests.support.ports import free_port

DATABASES = ("engine", "records", "lab", "government", "sms")


class Server:
    """A server with one database per part.

    Attributes:
        port: on which it listens.
    """

    def __init__(self, data: Path):
        self._programs = program_folder()
        self._data = data
        self.port = free_port()

    @property
    def process(self) -> int:
        """Process id of the postmaster, the parent of all others."""
        return int((self._data / "postmaster.pid").read_text().split()[0])

    @property
    def settings(self) -> dict[str, str]:
        """Environment variables with the databases' URLs for all parts."""
        engine = {
            environment_name("engine", "database_url"): f"jdbc:postgresql://127.0.0.1:{self.port}/engine",
            environment_name("engine", "database_username"): "coronacare",
        }
        others = {environment_name(part, "database_url"): self.url_of(part) for part in DATABASES if part != "engine"}
        return engine | others

    def url_of(self, database: str) -> str:
        return f"postgresql://coronacare@127.0.0.1:{self.port}/{database}"

    def create(self) -> None:
        _run(self._programs / "initdb", "-D", str(self._data), "-U", "coronacare", "--auth=trust", "-N")
        self.start()
        for name in DATABASES:
            self.create_database(name)

    def create_database(self, name: str) -> None:
        _run(self._programs / "createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "coronacare", name)

    def start(self) -> None:
        listen = f"-p {self.port} -k {self._data} -c listen_addresses=127.0.0.1"
        # pg_stat_statements for bench/statements.py
        options = f"{listen} -c fsync=off -c shared_preload_libraries=pg_stat_statements"
        self._control("-o", options, "-l", str(self._data / "log"), "start")

    def stop(self, how: str = "fast") -> None:
        """Stop it.

        Args:
            how: "fast" rolls back open transactions; "immediate" is like a crash.
        """
        self._control("-m", how, "stop")

    def _control(self, *arguments: str) -> None:
        _run(self._programs / "pg_ctl", "-D", str(self._data), "-w", *arguments)


@contextmanager
def postgresql() -> Iterator[Server]:
    """Start a server, and stop it at the end.

    Its folder isn't one of pytest's temporary folders: a run as root makes their parent inaccessible to other users.
    """
    with tempfile.TemporaryDirectory(prefix="coronacare-postgresql-") as folder:
        if os.getuid() == 0:
            # the server refuses to run as root
            shutil.chown(folder, "postgres", "postgres")
        server = Server(Path(folder))
        server.create()
        try:
            yield server
        finally:
            server.stop()


def engine_url() -> str:
    """The URL of the running engine's database for libpq, from the settings in the environment."""
    url = urlsplit(os.environ[environment_name("engine", "database_url")].removeprefix("jdbc:"))
    return f"postgresql://{os.environ[environment_name('engine', 'database_username')]}@{url.netloc}{url.path}"


def dump(database: str) -> bytes:
    """Dump a database as SQL, from the server in the setting engine.database_url."""
    url = urlsplit(engine_url())
    where = ["-h", str(url.hostname), "-p", str(url.port), "-U", "coronacare"]
    return subprocess.run([program_folder() / "pg_dump", *where, database], capture_output=True, check=True).stdout


def program_folder() -> Path:
    """The folder of PostgreSQL's programs."""
    found = shutil.which("pg_ctl") or next(
        (str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))), None
    )
    assert found, "PostgreSQL's server is missing: install the package postgresql"
    return Path(found).resolve().parent


def _run(program: Path, *arguments: str) -> None:
    """Run one of PostgreSQL's programs, without a pipe for its output, which the server would inherit and keep open."""
    user = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}
    subprocess.run([str(program), *arguments], cwd="/", stdout=subprocess.DEVNULL, check=True, **user)
