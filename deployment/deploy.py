"""Deploys the diagrams, decisions and forms: everything in one deployment, or nothing when nothing changed."""

from __future__ import annotations

import json
from pathlib import Path

from config.settings import ROOT
from processes.engine import Engine, EngineRefused
from webapp.camunda_forms import Form, UnsupportedForm

NAME = "coronacare"


class DeploymentRefused(Exception):
    """Something in the files would not work; the message names the file and what to do."""


def deploy(engine: Engine) -> bool:
    """Deploy what is in processes/ and forms/; returns whether anything had changed.

    Forms are bound to their deployment, so all files go together: a diagram deployed alone would lose its forms.
    """
    files = resources()
    check_forms(files)
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


def check_forms(files: dict[str, bytes]) -> None:
    """Refuse a form that the web application couldn't show as it is."""
    for name, content in files.items():
        if not name.endswith(".form"):
            continue
        try:
            Form.parse(json.loads(content))
        except UnsupportedForm as error:
            raise DeploymentRefused(f"forms/{name}: {error}") from None
        except ValueError as error:
            raise DeploymentRefused(f"forms/{name} is not JSON: {error}") from None


def _newest(engine: Engine) -> str | None:
    found = engine.get("/deployment", name=NAME, sortBy="deploymentTime", sortOrder="desc", maxResults=1)
    return found[0]["id"] if found else None
