"""Imported packages are declared in setup.cfg, also those that the client library imports without declaring them."""

from __future__ import annotations

import ast
import configparser
import sys
from pathlib import Path

import camunda

from config.settings import ROOT
from tests.support.packages import PACKAGES

# the distribution of an imported package, where it has another name
DISTRIBUTIONS = {"yaml": "pyyaml", "psycopg2": "psycopg2-binary", "flask_wtf": "flask-wtf", "bs4": "beautifulsoup4"}
LIBRARY = Path(camunda.__file__).parent


def declared() -> set[str]:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    lines = setup["options"]["install_requires"].splitlines()
    return {line.split("==")[0].strip() for line in lines if line.strip() and not line.startswith("#")}


def imported_by(files: list[Path]) -> set[str]:
    """Top-level packages outside the standard library that these files import."""
    names: set[str] = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module)
    top = {name.split(".")[0] for name in names} - set(sys.stdlib_module_names) - {"__future__"}
    return {DISTRIBUTIONS.get(name, name).replace("_", "-") for name in top}


def test_packages_that_the_client_library_imports_are_declared() -> None:
    files = [path for path in LIBRARY.rglob("*.py") if "tests" not in path.parts]
    imported = imported_by(files) - {"camunda"}
    assert {"httpx", "pydantic"} <= imported
    assert imported <= declared()


def test_packages_that_the_workers_import_are_declared() -> None:
    places = ("camunda7/*.py", "camunda7/worker/*.py", "workers/*.py")
    files = [path for place in places for path in ROOT.glob(place)]
    ours = {"camunda", *PACKAGES}
    assert {"prometheus-client", "urllib3", "requests"} <= imported_by(files)
    assert imported_by(files) - ours <= declared()
