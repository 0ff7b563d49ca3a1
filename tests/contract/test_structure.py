"""The structure of docs/architecture.md: imports between packages, and which modules call the task API."""

import ast
import re
import tomllib
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from config.settings import ROOT
from tests.support.packages import PACKAGES

# our packages that each package may import in addition to itself; entry points may also read the settings
ALLOWED = {
    "access": {"camunda7", "config", "processes"},
    "backup": {"camunda7", "hosting", "processes", "stack.data", "stack.state", "stack.supervisor"},
    "bench": {"camunda7", "processes", "workers"},
    "camunda7": set(),
    "config": set(),
    "deployment": {
        "access",
        "camunda7",
        "hosting.engine_account",
        "hosting.erased_cases",
        "processes",
        "workers.lanes",
    },
    "hosting": {"camunda7"},
    "kpi": {"hosting", "records"},
    "papers": {"records"},
    "processes": {"camunda7"},
    "records": {"hosting"},
    "reporting": {"camunda7", "hosting"},
    "services": {"hosting"},
    "simulation": {"camunda7", "config", "kpi", "processes", "records", "stack.parts", "stack.state", "workers"},
    "stack": {"access.people", "camunda7", "config", "hosting.clients", "processes"},
    "webapp": {"camunda7", "hosting", "kpi", "papers", "processes", "records", "simulation"},
    "workers": {"camunda7", "hosting", "kpi", "papers", "processes", "records", "reporting"},
}
# packages whose __init__.py and modules import each other
WITH_CYCLES = {"camunda7"}
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
def test_a_module_imports_only_allowed_packages(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    allowed = {package, *ALLOWED[package]}
    if path.name in ENTRY_POINTS:
        allowed |= {"access.people", "config"}
    wrong = {name for name in imported(path) if not any(name == a or name.startswith(a + ".") for a in allowed)}
    assert wrong == set()


def find_cycle(files: dict[str, Path]) -> list[str]:
    """Find modules of a package that import each other in a cycle; returns none without a cycle.

    Args:
        files: by name of the module.
    """
    graph = {
        name: {module for each in imported(path) if (module := module_of(each, files))} for name, path in files.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def module_of(name: str, files: dict[str, Path]) -> str | None:
    """The module of an imported name, which is the module's own or one that it defines."""
    return next((each for each in (name, name.rpartition(".")[0]) if each in files), None)


@pytest.mark.parametrize("package", sorted(set(PACKAGES) - WITH_CYCLES))
def test_no_modules_import_each_other_in_a_cycle(package: str) -> None:
    paths = [path.relative_to(ROOT) for path in modules() if path.relative_to(ROOT).parts[0] == package]
    names = {".".join(path.with_suffix("").parts).removesuffix(".__init__"): ROOT / path for path in paths}
    assert len(names) > 1
    assert find_cycle(names) == []


def test_the_engines_packages_import_each_other_in_one_direction() -> None:
    """Beneath EngineApplication, which has no package of its own."""
    folders = [path.parent for path in (ROOT / "engine/src/main/java").rglob("package-info.java")]
    imports = re.compile(r"^import (?:static )?org\.coronacare\.engine\.([a-z]+)\.", re.MULTILINE)
    graph = {
        folder.name: {name for path in folder.glob("*.java") for name in imports.findall(path.read_text())}
        for folder in folders
    }
    assert len(graph) > 1
    assert set(TopologicalSorter(graph).static_order()) == set(graph)


def test_a_planted_cycle_is_found(tmp_path: Path) -> None:
    files = {}
    for name, other in (("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")):
        files[f"records.{name}"] = tmp_path / f"{name}.py"
        files[f"records.{name}"].write_text(f"from records.{other} import thing\n")
    assert set(find_cycle(files)) == {"records.a", "records.b", "records.c"}


def test_only_the_client_of_the_workers_calls_the_external_task_api() -> None:
    callers = {path.relative_to(ROOT).as_posix() for path in modules() if "external_task_client" in path.read_text()}
    assert callers == {"camunda7/worker/client.py"}


def test_only_the_runtime_finishes_external_tasks() -> None:
    """Outside the runtime only entry points import the client, to create it."""
    clients = {"camunda7.worker.TaskClient", "camunda7.worker.client.TaskClient"}
    importers = {path for path in modules() if clients & imported(path)}
    outside = {path.relative_to(ROOT).as_posix() for path in importers if path.parent != ROOT / "camunda7/worker"}
    assert outside == {"workers/__main__.py", "bench/peers/runtime.py"}


def test_the_type_checker_is_run_on_all_packages() -> None:
    checked = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["packages"]
    assert checked == sorted({*PACKAGES, "tools"})


def test_the_search_for_imports_finds_a_planted_one(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text("from webapp.app import create_app\nimport workers.lab\n")
    assert imported(planted) == {"webapp.app.create_app", "workers.lab"}
