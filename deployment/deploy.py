"""Deploys the diagrams, decisions and forms: everything in one deployment, or nothing when nothing changed."""

from __future__ import annotations

from pathlib import Path

from config.settings import ROOT
from deployment.check import Declared, check
from processes.engine import Engine, EngineRefused

NAME = "coronacare"


class DeploymentRefused(Exception):
    """Something in the files would not work; the message names each thing, and what to do."""


def deploy(engine: Engine, names: Declared) -> bool:
    """Deploy what is in processes/ and forms/; returns whether anything had changed.

    Forms are bound to their deployment, so all files go together: a diagram deployed alone would lose its forms.

    Raises:
        DeploymentRefused: nothing was deployed.
    """
    files = resources()
    found = check(files, names)
    if found:
        raise DeploymentRefused("\n".join(map(str, found)))
    before = _newest(engine)
    fields = {
        "deployment-name": NAME,
        "deployment-source": NAME,
        "enable-duplicate-filtering": "true",
        "deploy-changed-only": "false",
    }
    try:
        engine.upload("/deployment/create", fields, files)
    except EngineRefused as error:
        # the engine's parser names file, line and element
        raise DeploymentRefused(error.message or str(error)) from None
    return _newest(engine) != before


def resources(root: Path = ROOT) -> dict[str, bytes]:
    """What is deployed, by file name."""
    patterns = ("processes/*.bpmn", "processes/*.dmn", "forms/*.form")
    paths = sorted(path for pattern in patterns for path in root.glob(pattern))
    return {path.name: path.read_bytes() for path in paths}


def _newest(engine: Engine) -> str | None:
    found = engine.get("/deployment", name=NAME, sortBy="deploymentTime", sortOrder="desc", maxResults=1)
    return found[0]["id"] if found else None
