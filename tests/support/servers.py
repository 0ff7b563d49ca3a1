"""The server of the lab or the government alone, with its own port and data."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import requests

from config.settings import ROOT, environment_name
from stack.parts import WORKER
from tests.support.case import eventually
from tests.support.platform import read_secrets, without_settings
from tests.support.ports import free_port

KEY = "u3TsfY0aQw8x" + "NnEr2Lbk"
SERVERS = ("lab", "government")


@contextmanager
def run_server(
    name: str, folder: Path, worker: str = WORKER, settings: Mapping[str, str] | None = None
) -> Iterator[tuple[str, int]]:
    """Start a server, and stop it at the end; yields its URL and process id.

    Args:
        settings: further settings of its section.
    """
    url = f"http://127.0.0.1:{free_port()}"
    clean = without_settings(os.environ)
    own = {environment_name(server, "api_key"): KEY for server in SERVERS}
    if name == "government":
        # it sends its messages to the mail catcher and SMS gateway of the shared platform
        shared = [environment_name("mail", "port"), environment_name("sms", "url")]
        own |= {name: os.environ[name] for name in shared}
        own[environment_name("government", "archive_key")] = KEY
        own[environment_name("sms", "api_key")] = read_secrets()["sms_api_key"]
    own[environment_name(name, "database_url")] = f"sqlite:///{folder}/{name}.db"
    own |= {environment_name(name, key): value for key, value in (settings or {}).items()}
    environment = clean | own
    subprocess.run([sys.executable, "-m", "services", "upgrade", name], cwd=ROOT, env=environment, check=True)
    command = [sys.executable, "-m", "gunicorn", "--bind", url.removeprefix("http://"), "--no-control-socket"]
    command += [
        "--threads",
        "8",
        "--worker-class",
        worker,
        "--log-level",
        "error",
        f"services.{name}.wsgi:application",
    ]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        eventually(lambda: has_started(process, url))
        yield url, process.pid
    finally:
        process.terminate()
        process.wait(20)


def has_started(process: subprocess.Popen[bytes], url: str) -> bool:
    """Whether the server answers; raises AssertionError if its process has ended."""
    assert process.poll() is None, "the server has ended: its log says why"
    return is_up(url)


def is_up(url: str) -> bool:
    try:
        return requests.get(url + "/healthz", timeout=5).ok
    except (requests.ConnectionError, requests.Timeout):
        return False
