"""A PostgreSQL server of the tests' own, in a folder of theirs, on a free port."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.ports import free_port

DATABASES = ("engine", "records", "lab", "government", "sms")


@contextmanager
def postgresql(folder: Path) -> Iterator[int]:
    """Start a server with one database per part; yields its port."""
    programs = program_folder()
    port = free_port()
    data = folder / "postgresql"
    data.mkdir()
    if os.getuid() == 0:
        # the server refuses to run as root
        shutil.chown(data, "postgres", "postgres")
        for parent in (folder, *folder.parents):
            if parent.stat().st_uid == 0 and parent != Path("/tmp") and parent != Path("/"):
                parent.chmod(parent.stat().st_mode | 0o011)
    _run(programs / "initdb", "-D", str(data), "-U", "coronacare", "--auth=trust", "-N")
    options = f"-p {port} -k {data} -c listen_addresses=127.0.0.1 -c fsync=off"
    _run(programs / "pg_ctl", "-D", str(data), "-o", options, "-l", str(data / "log"), "-w", "start")
    try:
        for name in DATABASES:
            _run(programs / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "coronacare", name)
        yield port
    finally:
        _run(programs / "pg_ctl", "-D", str(data), "-m", "fast", "-w", "stop")


def dump(database: str) -> bytes:
    """Every row of every table of one of the servers' databases, as SQL; the engine's URL says which server."""
    url = urlsplit(os.environ["CORONACARE_ENGINE__DATABASE_URL"].removeprefix("jdbc:"))
    where = ["-h", str(url.hostname), "-p", str(url.port), "-U", "coronacare"]
    return subprocess.run([program_folder() / "pg_dump", *where, database], capture_output=True, check=True).stdout


def program_folder() -> Path:
    """Where PostgreSQL's programs are."""
    found = shutil.which("pg_ctl") or next(
        (str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))), None
    )
    assert found, "PostgreSQL's server is missing: install the package postgresql"
    return Path(found).resolve().parent


def _run(program: Path, *arguments: str) -> None:
    """Run one of PostgreSQL's programs. Its output goes to no pipe: the server would keep that open."""
    user = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}
    subprocess.run([str(program), *arguments], cwd="/", stdout=subprocess.DEVNULL, check=True, **user)
