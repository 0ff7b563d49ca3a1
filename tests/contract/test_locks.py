"""The lock files are complete for each supported Python, and agree with setup.cfg and each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.settings import ROOT
from tests.support import locks
from tests.support.locks import ENVIRONMENTS, LOCKS, PRODUCT, direct_requirements, missing_pins, read_lock

# each contains the one before
RUNNING, LINT, TEST = PRODUCT
ENVIRONMENT_IDS = [f"{each['python_version']}-{each['sys_platform']}" for each in ENVIRONMENTS]


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=ENVIRONMENT_IDS)
@pytest.mark.parametrize("lock", LOCKS)
def test_each_requirement_is_pinned(lock: str, environment: dict[str, str]) -> None:
    assert missing_pins(lock, environment) == []


@pytest.mark.parametrize("lock", LOCKS)
def test_each_package_is_pinned_once_with_its_hashes(lock: str) -> None:
    pins = read_lock(lock)
    names = [pin.name for pin in pins]
    assert len(set(names)) == len(names) > 0
    assert [pin.name for pin in pins if not all(each.startswith("sha256:") for each in pin.hashes or [""])] == []


@pytest.mark.parametrize(("smaller", "larger"), [(RUNNING, LINT), (LINT, TEST)])
def test_a_larger_lock_has_the_versions_of_the_smaller(smaller: str, larger: str) -> None:
    assert set(read_lock(smaller)) < set(read_lock(larger))


@pytest.mark.parametrize(("lock", "larger"), [(RUNNING, LINT), (LINT, TEST)])
def test_requirements_of_a_larger_lock_are_not_in_the_smaller(lock: str, larger: str) -> None:
    own = {each.name for each in direct_requirements(larger)} - {each.name for each in direct_requirements(lock)}
    assert own
    assert own & {pin.name for pin in read_lock(lock)} == set()


def test_the_image_installs_only_the_runtime_requirements() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert [line for line in lines if "requirements" in line] == [
        f"COPY {RUNNING} ./",
        "RUN pip --python /venv/bin/python install --no-cache-dir --disable-pip-version-check --require-hashes"
        f" -r {RUNNING}",
    ]


def test_a_pin_that_a_marker_excludes_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = (ROOT / TEST).read_text().replace("python_full_version == '3.13.*'", "python_full_version < '3.12'")
    (tmp_path / TEST).write_text(lock)
    (tmp_path / "setup.cfg").write_text((ROOT / "setup.cfg").read_text())
    monkeypatch.setattr(locks, "ROOT", tmp_path)
    found = {each["python_version"]: missing_pins(TEST, each) for each in ENVIRONMENTS}
    assert [python for python, missing in found.items() if missing] == ["3.13"]
