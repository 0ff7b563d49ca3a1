"""A platform of docker-compose.yml beside others on this machine: project, ports and secrets of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import requests

from tests.support.case import eventually
from tests.support.docker_env import copy_files, write_environment
from tests.support.ports import free_port

PROJECT = "coronacare-test"
PORTS = ("FRONT_PUBLISHED", "MAIL_PORT", "PROMETHEUS_PORT", "GRAFANA_PORT")
# only a failing test waits until they expire: on a busy machine an engine has needed 4 minutes to start
START_TIMEOUT_S = 900
ANSWER_TIMEOUT_S = 60
# deploy or migrate, and end
COMMANDS = {"deployment", "upgrade"}


class Compose:
    """Runs `docker compose` for the project.

    Args:
        folder: for the file of secrets.
        checkout: folder of docker-compose.yml.
        host: public name of the server, for tools/docker-env.
        files: of Compose, in addition to docker-compose.yml.
        environment: variables that replace those of .env.
        project: name of the project.
        secrets: file of another platform's secrets, which are the same.

    Attributes:
        ports: on this machine, by the variables of .env.
        url: of the front.
        secrets: variables of .env by name.
        passwords: of staff, by account.
        file: .env.
    """

    def __init__(
        self,
        folder: Path,
        checkout: Path,
        host: str = "",
        *,
        files: Sequence[str] = (),
        project: str = PROJECT,
        secrets: Path | None = None,
        **environment: str,
    ):
        copy_files(folder)
        if secrets:
            shutil.copy(secrets, folder / ".env")
        self.ports = {name: str(free_port()) for name in PORTS}
        self._environment = {**os.environ, **self.ports, **environment}
        self.secrets, _ = write_environment(folder, *([host] if host else []))
        self.file = folder / ".env"
        options = [f"--file={name}" for name in ("docker-compose.yml", *files)]
        self._checkout = checkout
        self._command = ["docker", "compose", "--project-name", project, f"--env-file={self.file}", *options]
        self.passwords = json.loads(self.secrets["STAFF_PASSWORDS"].strip("'"))
        self.url = f"http://localhost:{self._environment['FRONT_PUBLISHED']}"

    def __call__(
        self,
        *arguments: str,
        check: bool = True,
        stdin: str = "",
        stderr: int = subprocess.STDOUT,
        **environment: str,
    ) -> str:
        """Run a command of Compose, and return what it printed.

        Args:
            stdin: its standard input.
            stderr: where its standard error goes, as for `subprocess.run`; by default to what is returned.
            environment: variables that replace those of .env.
        """
        done = subprocess.run(
            [*self._command, *arguments],
            cwd=self._checkout,
            env={**self._environment, **environment},
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            check=False,
        )
        assert not check or done.returncode == 0, f"{' '.join(arguments)}:\n{done.stdout[-4000:]}"
        return done.stdout

    def containers(self, service: str = "") -> list[dict[str, Any]]:
        """Return service, state and health of the running containers."""
        lines = self("ps", "--format", "json", *([service] if service else [])).splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def wait_until_healthy(self, *services: str) -> None:
        """Wait until all containers, or those of the services, are healthy."""

        def is_healthy() -> bool:
            found = [each for each in self.containers() if each["Service"] not in COMMANDS]
            chosen = [each for each in found if not services or each["Service"] in services]
            return bool(chosen) and all(each["Health"] == "healthy" for each in chosen)

        eventually(is_healthy, lambda: self("ps", "--all"), START_TIMEOUT_S)

    @property
    def state(self) -> dict[str, Any]:
        """What a browser needs of .run/state.json."""
        accounts = {name: {"username": name, "password": password} for name, password in self.passwords.items()}
        return {"engine": self.url, "webapp": self.url, "accounts": accounts}

    def restarts(self, *containers: str) -> list[int]:
        """How often the engine has restarted each of these containers."""
        command = ["docker", "inspect", "--format", "{{.RestartCount}}", *containers]
        return [int(line) for line in subprocess.run(command, capture_output=True, check=True).stdout.split()]

    def open_session(self) -> requests.Session:
        """Return a browser's session without cookies."""
        return requests.Session()

    def sign_in(self, account: str) -> requests.Session:
        """Sign in at Tasklist through the front; returns the browser's session."""
        session = self.open_session()
        session.get(f"{self.url}/camunda/app/tasklist/default/", timeout=ANSWER_TIMEOUT_S).raise_for_status()
        answer = session.post(
            f"{self.url}/camunda/api/admin/auth/user/default/login/tasklist",
            data={"username": account, "password": self.passwords[account]},
            headers={"X-XSRF-TOKEN": session.cookies.get("XSRF-TOKEN", "")},
            timeout=ANSWER_TIMEOUT_S,
        )
        answer.raise_for_status()
        return session


C = TypeVar("C", bound=Compose)


@contextmanager
def temporary_project(compose: C, *logged: str) -> Iterator[C]:
    """Delete what an earlier run left of the project, and finally the project itself, with its volumes.

    Args:
        logged: services whose last logs are printed; all if none is named.
    """
    # volumes that only the services of a profile use are deleted with it
    down = ("--profile=*", "down", "--volumes", "--remove-orphans")
    compose(*down)
    try:
        yield compose
    finally:
        print(compose("logs", "--tail=30", *logged, check=False))
        compose(*down)
