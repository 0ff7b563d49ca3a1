"""The structure of docs/architecture.md, held: who may import whom, who may do what."""

import ast
import tomllib
from pathlib import Path

import pytest

from config.settings import ROOT
from tests.support.packages import PACKAGES

# what each package may import of ours, beside itself; entry points may also read the settings
ALLOWED = {
    "access": {"camunda7", "config", "processes"},
    "bench": {"camunda7", "processes", "workers"},
    "camunda7": set(),
    "config": set(),
    "deployment": {"access", "camunda7", "processes", "workers.lanes"},
    "hosting": {"camunda7"},
    "kpi": {"hosting", "records"},
    "processes": {"camunda7"},
    "records": {"hosting"},
    "services": {"hosting"},
    "stack": {"access.people", "camunda7", "config", "processes"},
    "webapp": {"camunda7", "hosting", "kpi", "processes", "records"},
    "workers": {"camunda7", "hosting", "kpi", "processes", "records"},
}
ENTRY_POINTS = {"__main__.py", "wsgi.py"}


def modules() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in names if name.split(".")[0] in PACKAGES}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_one_way(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    allowed = {package, *ALLOWED[package]}
    if path.name in ENTRY_POINTS:
        allowed |= {"access.people", "config"}
    wrong = {name for name in imported(path) if not any(name == a or name.startswith(a + ".") for a in allowed)}
    assert wrong == set()


def test_only_the_client_of_the_workers_speaks_the_external_task_api() -> None:
    speakers = {path.relative_to(ROOT).as_posix() for path in modules() if "external_task_client" in path.read_text()}
    assert speakers == {"camunda7/worker/client.py"}


def test_only_the_runtime_finishes_external_tasks() -> None:
    """Nobody else has the client in hand; entry points make it."""
    clients = {"camunda7.worker.TaskClient", "camunda7.worker.client.TaskClient"}
    holders = {path for path in modules() if clients & imported(path)}
    outside = {path.relative_to(ROOT).as_posix() for path in holders if path.parent != ROOT / "camunda7/worker"}
    assert outside == {"workers/__main__.py", "bench/peers/runtime.py"}


def test_the_type_checker_is_run_on_all_packages() -> None:
    checked = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["packages"]
    assert checked == sorted({*PACKAGES, "tools"})


def test_the_search_for_imports_finds_a_planted_one(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text("from webapp.app import create_app\nimport workers.lab\n")
    assert imported(planted) == {"webapp.app.create_app", "workers.lab"}
