"""Deploys diagrams, decisions and forms together in one deployment, if any of them has changed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from camunda7.engine import Engine, EngineRefused
from camunda7.lint import Declared, check
from camunda7.release.changes import Change, differences, report, running
from camunda7.release.hints import HINTS, Hints, read_hints

__all__ = ["DeploymentRefused", "deploy", "is_deployed", "redeploy_previous", "resources"]

log = logging.getLogger(__name__)
# the engine answers when it has parsed and stored all files: half a minute at the first start on a busy machine
TIMEOUT_S = 300


class DeploymentRefused(Exception):
    """The files have findings, or the engine refuses them; the message lists them with their remedy."""


def deploy(
    engine: Engine, name: str, root: Path, names: Declared, say: Callable[[str], None], page: Path | None = None
) -> bool:
    """Deploy processes/ and forms/, and print the changes; returns whether there were any.

    All files are deployed together, because forms are bound to their deployment: a diagram deployed alone would lose
    its forms. Idempotent, also if run concurrently: the engine serializes deployments, and ignores unchanged ones.

    Args:
        engine: with an account that may deploy.
        name: name of the deployment.
        root: folder of processes/ and forms/.
        names: declared names to which the files may refer.
        say: prints a line.
        page: HTML file to which the changes are drawn; without it they aren't.

    Raises:
        DeploymentRefused, InvalidHints: nothing was deployed.
    """
    files = resources(root)
    findings = check(files, names)
    if findings:
        raise DeploymentRefused("\n".join(map(str, findings)))
    before = _read_deployed(engine, name)
    if before == files:
        return False
    if before:
        _report(engine, before, files, read_hints(root / "processes" / HINTS), say, page)
    return _create(engine, name, files)


def is_deployed(engine: Engine, name: str, files: dict[str, bytes]) -> bool:
    """Whether the latest deployment has exactly these files."""
    return _read_deployed(engine, name) == files


def _read_deployed(engine: Engine, name: str) -> dict[str, bytes]:
    last = running.latest_deployment_id(engine, name)
    return running.download_files(engine, last) if last else {}


def redeploy_previous(engine: Engine, name: str) -> str:
    """Deploy the files of the previous deployment again; returns when that was deployed.

    Raises:
        DeploymentRefused: there is no previous deployment.
    """
    match running.list_deployments(engine, name, 2):
        case [_, former]:
            _create(engine, name, running.download_files(engine, former["id"]))
            return str(former["deploymentTime"])
        case _:
            raise DeploymentRefused("there is no previous deployment")


def _report(
    engine: Engine,
    before: dict[str, bytes],
    after: dict[str, bytes],
    hints: Mapping[str, Hints],
    say: Callable[[str], None],
    page: Path | None,
) -> None:
    changes = differences(before, after)
    for line in report.as_text(changes, running.count_open_cases(engine, before, after, hints)):
        say(line)
    if page:
        _draw(changes, before, after, say, page)


def _draw(
    changes: Sequence[Change],
    before: dict[str, bytes],
    after: dict[str, bytes],
    say: Callable[[str], None],
    page: Path,
) -> None:
    """Draw the changes; an error is printed, and doesn't stop the deployment."""
    try:
        page.write_text(report.as_page(changes, before, after), encoding="utf-8")
    except Exception as error:
        log.debug("drawing failed", exc_info=True)
        say(f"the changes couldn't be drawn ({type(error).__name__}: {error}); continuing")
    else:
        say(f"drew the changes: {page}")


def _create(engine: Engine, name: str, files: dict[str, bytes]) -> bool:
    """Create a deployment, in one transaction of the engine; returns whether it had changes."""
    fields = {
        "deployment-name": name,
        "deployment-source": name,
        "enable-duplicate-filtering": "true",
        "deploy-changed-only": "false",
    }
    try:
        created = engine.upload("/deployment/create", fields, files, timeout=TIMEOUT_S)
    except EngineRefused as error:
        # the message of the engine's parser has file, line and element
        raise DeploymentRefused(error.message or str(error)) from None
    return bool(created["deployedProcessDefinitions"])


def resources(root: Path) -> dict[str, bytes]:
    """Return the contents of the files to deploy in processes/ and forms/ of a folder, by file name."""
    patterns = ("processes/*.bpmn", "processes/*.dmn", "forms/*.form")
    paths = sorted(path for pattern in patterns for path in root.glob(pattern))
    return {path.name: path.read_bytes() for path in paths}
