"""Deploys the diagrams, decisions and forms: everything in one deployment, or nothing when nothing changed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from camunda7.engine import Engine, EngineRefused
from camunda7.lint import Declared, check
from camunda7.release.changes import Change, differences, report, running
from camunda7.release.hints import HINTS, Hints, read_hints

log = logging.getLogger(__name__)


class DeploymentRefused(Exception):
    """Something in the files would not work; the message names each thing, and what to do."""


def deploy(
    engine: Engine, name: str, root: Path, names: Declared, say: Callable[[str], None], page: Path | None = None
) -> bool:
    """Deploy what is in processes/ and forms/, and say what that changes; returns whether anything had changed.

    Forms are bound to their deployment, so all files go together: a diagram deployed alone would lose its forms.
    May be run several times, also at once: the engine lets one in after the other, and takes what is new to it.

    Args:
        name: of the deployment.
        root: the folder of processes/ and forms/.
        page: where to draw the changes, as HTML.

    Raises:
        DeploymentRefused, InvalidHints: nothing was deployed.
    """
    files = resources(root)
    found = check(files, names)
    if found:
        raise DeploymentRefused("\n".join(map(str, found)))
    before = _deployed(engine, name)
    if before == files:
        return False
    if before:
        _tell(engine, before, files, read_hints(root / "processes" / HINTS), say, page)
    return _create(engine, name, files)


def is_deployed(engine: Engine, name: str, files: dict[str, bytes]) -> bool:
    """Whether the engine runs just these files."""
    return _deployed(engine, name) == files


def _deployed(engine: Engine, name: str) -> dict[str, bytes]:
    last = running.newest(engine, name)
    return running.files_of(engine, last) if last else {}


def deploy_former(engine: Engine, name: str) -> str:
    """Deploy the files of the deployment before the last one once more, as the newest; returns when that one was made.

    Raises:
        DeploymentRefused: there is none.
    """
    match running.last(engine, name, 2):
        case [_, former]:
            _create(engine, name, running.files_of(engine, former["id"]))
            return str(former["deploymentTime"])
        case _:
            raise DeploymentRefused("there is no deployment before the last one")


def _tell(
    engine: Engine,
    before: dict[str, bytes],
    after: dict[str, bytes],
    hints: Mapping[str, Hints],
    say: Callable[[str], None],
    page: Path | None,
) -> None:
    changes = differences(before, after)
    for line in report.as_text(changes, running.open_cases(engine, before, after, hints)):
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
    """Draw the changes; the deployment goes on without a picture, whatever is in the way of it."""
    try:
        page.write_text(report.as_page(changes, before, after), encoding="utf-8")
    except Exception as error:
        log.debug("drawing failed", exc_info=True)
        say(f"the changes are not drawn ({type(error).__name__}: {error}); the deployment goes on")
    else:
        say(f"drawn: {page}")


def _create(engine: Engine, name: str, files: dict[str, bytes]) -> bool:
    """Returns whether the engine had anything to take; all of it is there then, or nothing."""
    fields = {
        "deployment-name": name,
        "deployment-source": name,
        "enable-duplicate-filtering": "true",
        "deploy-changed-only": "false",
    }
    try:
        return bool(engine.upload("/deployment/create", fields, files)["deployedProcessDefinitions"])
    except EngineRefused as error:
        # the engine's parser names file, line and element
        raise DeploymentRefused(error.message or str(error)) from None


def resources(root: Path) -> dict[str, bytes]:
    """What is deployed, by file name."""
    patterns = ("processes/*.bpmn", "processes/*.dmn", "forms/*.form")
    paths = sorted(path for pattern in patterns for path in root.glob(pattern))
    return {path.name: path.read_bytes() for path in paths}
