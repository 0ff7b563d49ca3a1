"""The objects of the folder kubernetes/, read as `kustomize build` reads them, without its transformations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from config.settings import ROOT

FOLDER = ROOT / "kubernetes"
BASE = FOLDER / "base"


def read_kustomization(folder: Path) -> dict[str, Any]:
    return yaml.safe_load((folder / "kustomization.yaml").read_text())


def read_objects(folder: Path) -> list[dict[str, Any]]:
    """Return the objects of the files that the folder's kustomization lists; those of other folders aren't read."""
    files = [folder / name for name in read_kustomization(folder)["resources"] if name.endswith(".yaml")]
    return [each for file in files for each in yaml.safe_load_all(file.read_text())]


def read_variables(file: Path) -> dict[str, str]:
    lines = file.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def find(objects: list[dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    """Return the specifications of the objects of this kind, by name."""
    return {each["metadata"]["name"]: each["spec"] for each in objects if each["kind"] == kind}
