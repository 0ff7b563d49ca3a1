"""The machine's Node.js is used if its version is supported; otherwise that of the wheel."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.node.install import has_node


def with_programs(folder: Path, **scripts: str) -> str:
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return str(folder)


@pytest.mark.parametrize("version", ["20.0.0", "22.20.0", "24.19.0"])
def test_a_tested_version_fits(tmp_path: Path, version: str) -> None:
    assert has_node(with_programs(tmp_path, node=f"echo v{version}", npm=""))


@pytest.mark.parametrize("version", ["v18.20.4", "v26.1.0", ""])
def test_another_version_does_not_fit(tmp_path: Path, version: str) -> None:
    assert not has_node(with_programs(tmp_path, node=f"echo {version}", npm=""))


def test_node_without_npm_does_not_fit(tmp_path: Path) -> None:
    assert not has_node(with_programs(tmp_path, node="echo v22.20.0"))


def test_a_missing_node_does_not_fit(tmp_path: Path) -> None:
    assert not has_node(str(tmp_path))
