"""Problems at the start: each is reported in one line that says what to do, and no process stays running."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from config.settings import ROOT
from tests.support.disk import disk_at
from tests.support.platform import isolated_environment

# size in bytes of a disk with space for little more than a folder
FULL = 64_000


def run_stack(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stack", command],
        cwd=ROOT,
        env={**isolated_environment(folder), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout.strip().splitlines()[-1]


def test_a_wrong_setting_is_reported(tmp_path: Path) -> None:
    done = run_stack("up", tmp_path, CORONACARE_LAB__KITS="many")
    assert done.returncode == 1
    assert last_line(done).startswith("lab.kits: input should be a valid integer")


def test_an_unknown_setting_is_reported(tmp_path: Path) -> None:
    done = run_stack("up", tmp_path, CORONACARE_LAB__KIT="1")
    assert (done.returncode, last_line(done)) == (
        1,
        "CORONACARE_LAB__KIT: unknown setting; config/default.yaml lists all",
    )


def test_a_missing_jdk_is_reported(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "ps").symlink_to(shutil.which("ps"))
    done = run_stack("up", tmp_path, PATH=str(tools))
    assert done.returncode == 1
    assert last_line(done).startswith("no JDK found: install JDK 17 or newer")


def test_a_folder_that_can_not_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "occupied").write_text("a file")
    done = run_stack("up", tmp_path / "occupied")
    assert done.returncode == 1
    assert last_line(done).startswith(f"{tmp_path}/occupied can't be written (File exists)")


def test_a_full_disk_is_reported(tmp_path: Path) -> None:
    with disk_at(tmp_path / "disk", FULL) as disk:
        done = run_stack("up", disk.folder / "run")
    assert done.returncode == 1
    assert last_line(done).startswith(f"{tmp_path}/disk/run can't be written (No space left on device)")


def test_a_missing_pilot_file_is_reported(tmp_path: Path) -> None:
    done = run_stack("demo", tmp_path, PILOT="nowhere.yaml")
    assert done.returncode == 1
    assert last_line(done).startswith("nowhere.yaml: can't be read")


def test_a_deployment_without_an_engine_fails(tmp_path: Path) -> None:
    environment = {**isolated_environment(tmp_path), "CORONACARE_ENGINE__PASSWORD": secrets.token_urlsafe(15)}
    done = subprocess.run(
        [sys.executable, "-m", "deployment"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.strip().endswith(f"no answer from {environment['CORONACARE_ENGINE__URL']}/engine-rest")
    assert len(done.stderr.strip().splitlines()) == 1


def test_make_down_without_a_platform_succeeds(tmp_path: Path) -> None:
    done = run_stack("down", tmp_path)
    assert (done.returncode, last_line(done)) == (0, "the platform isn't running")


def test_make_deploy_without_a_platform_fails(tmp_path: Path) -> None:
    done = run_stack("deploy", tmp_path)
    assert done.returncode == 2
    assert last_line(done).startswith("the platform isn't running: start it with `make up`")


@pytest.mark.engine
def test_an_engine_database_in_use_by_another_run_is_reported(
    own: dict[str, Any], environment: dict[str, str], tmp_path: Path
) -> None:
    folder = environment["CORONACARE_FOLDER"]
    database = f"jdbc:h2:file:{folder}/data/engine;WRITE_DELAY=0;COMPRESS=TRUE;DB_CLOSE_ON_EXIT=FALSE"
    done = run_stack("up", tmp_path, CORONACARE_ENGINE__DATABASE_URL=database)
    assert done.returncode == 1
    assert last_line(done) == "engine: its database is in use by another run: stop that run first"
    assert not (tmp_path / "state.json").exists()
