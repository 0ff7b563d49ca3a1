"""A platform in Docker is backed up while patients are treated, and restored in another project: `make docker-test`."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.docker.compose import START_TIMEOUT_S, Compose, temporary_project
from tests.support.case import eventually

FIRST, SECOND = "coronacare-first", "coronacare-second"


@pytest.fixture
def first(tmp_path: Path, checkout: Path) -> Iterator[Compose]:
    (tmp_path / "first").mkdir()
    with temporary_project(Compose(tmp_path / "first", checkout, project=FIRST)) as compose:
        yield compose


@pytest.fixture
def second(tmp_path: Path, checkout: Path, first: Compose) -> Iterator[Compose]:
    (tmp_path / "second").mkdir()
    with temporary_project(Compose(tmp_path / "second", checkout, project=SECOND, secrets=first.file)) as compose:
        yield compose


def query(compose: Compose, database: str, sql: str) -> list[str]:
    return compose("exec", "-T", "postgres", "psql", "-U", "coronacare", "-tAc", sql, database).split()


def closed_cases(compose: Compose) -> list[str]:
    """References of the closed cases that aren't erased."""
    found = "SELECT case_reference FROM case_row WHERE outcome IS NOT NULL AND case_reference LIKE 'C-%'"
    return query(compose, "records", found)


def copy_volume(name: str, command: str) -> None:
    """Run a shell command with this volume of the first project at /from, and that of the second at /to."""
    volumes = [f"--volume={FIRST}_{name}:/from:ro", f"--volume={SECOND}_{name}:/to"]
    image = ["--entrypoint", "sh", "coronacare/backup:0.1.0", "-c", command]
    subprocess.run(["docker", "run", "--rm", "--user", "root", *volumes, *image], check=True)


def test_a_backup_is_restored_in_another_project(first: Compose, second: Compose) -> None:
    # given a platform with a key, on which patients are treated
    first("up", "--build", "--detach")
    first.wait_until_healthy()
    key = first("--progress=quiet", "run", "--rm", "-T", "backup", "key", stderr=subprocess.DEVNULL)
    # as `age --identity` reads it, without the output of the image's build
    [public] = re.findall(r"\A# public key: (age1[0-9a-z]+)\nAGE-SECRET-KEY-1[0-9A-Z]+\n\Z", key)
    with ThreadPoolExecutor() as pool:
        replay = pool.submit(first, "run", "--rm", "demo")
        eventually(lambda: len(closed_cases(first)) > 5, within_s=START_TIMEOUT_S)
        # when it is backed up
        before, began = closed_cases(first), time.monotonic()
        print(first("run", "--rm", "backup", BACKUP_RECIPIENT=public), f"in {time.monotonic() - began:.0f} s")
        after = closed_cases(first)
        assert "33 patients replayed" in replay.result()
    # and a person is erased afterwards
    erased = before[0]
    first("exec", "-T", "workers", "python", "-m", "records", "erase", erased)
    eventually(lambda: is_erased(first, erased), within_s=START_TIMEOUT_S)
    # Compose deletes the volumes that it has created
    second("run", "--rm", "--entrypoint", "true", "restore")
    copy_volume("backups", "cp -a /from/. /to/ && cd /to && head -c -1000 *.age > damaged.age && chown postgres *")
    copy_volume("erasures", "cp -a /from/. /to/")
    [file] = [
        name for name in first("run", "--rm", "--entrypoint", "ls", "backup", "/backups").split() if ".age" in name
    ]
    first("down")
    # then a damaged file is refused, and the backup is restored, once
    assert "damaged" in second("run", "--rm", "-T", "restore", "damaged.age", stdin=key, check=False)
    assert f"restored {file}" in second("run", "--rm", "-T", "restore", file, stdin=key)
    assert "has data" in second("run", "--rm", "-T", "restore", file, stdin=key, check=False)
    second("up", "--detach")
    second.wait_until_healthy()
    # with the cases of that moment
    restored = closed_cases(second)
    assert set(before) - {erased} <= set(restored) <= set(after)
    # and without the person who was erased
    eventually(lambda: is_erased(second, erased), within_s=START_TIMEOUT_S)
    assert erased not in closed_cases(second)
    assert query(second, "engine", f"SELECT id_ FROM act_hi_procinst WHERE business_key_ = '{erased}'") == []
    assert "the platform runs" in second("run", "--rm", "-T", "restore", file, "overwrite", stdin=key, check=False)
    second.sign_in("doctor")


def is_erased(compose: Compose, case: str) -> bool:
    lines = compose("exec", "-T", "workers", "python", "-m", "records", "erasures").splitlines()
    return any(line.startswith(case) and ": erased" in line for line in lines)
