"""Deployment to the engine of the settings.

`python -m deployment` deploys the diagrams, decisions and forms;
`python -m deployment drawn FILE` also draws the changes, as an HTML page;
`python -m deployment check` lints them, also by bpmnlint's rules, without an engine;
`python -m deployment migrate` migrates running cases to the latest process version; `migrate dry` only reports which
cases can be migrated; `migrate back` deploys the previous version again and migrates running cases to it;
`python -m deployment watch FILE` deploys whenever a file is saved, and draws the changes as an HTML page;
`python -m deployment rehearse FILE [COUNT]` lists recent cases for which a changed decision gives another result;
`python -m deployment templates` writes Camunda Modeler's element templates;
`python -m deployment provision SOURCE...` creates groups, people, accounts and authorizations, with the passwords of
each SOURCE: a JSON object by account, in a file, or in the environment variable NAME for `env:NAME`;
`python -m deployment erase` deletes erased cases that the engine has again, because its database was restored.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from access.people import load_people
from access.provision import WeakPassword, provision
from camunda7.engine import EngineError
from camunda7.lint import Declared, Finding, check
from camunda7.lint.bpmnlint import LintFailed
from camunda7.lint.bpmnlint import findings as bpmnlint_findings
from camunda7.lint.files import Files
from camunda7.release.deploy import DeploymentRefused, deploy, is_deployed, redeploy_previous, resources
from camunda7.release.hints import HINTS, InvalidHints, read_hints
from camunda7.release.hints import findings as hint_findings
from camunda7.release.migration import MigrationRefused, migrate, rehearse_migration
from camunda7.release.rehearsal import RehearsalError, as_text, rehearse
from camunda7.release.watch import deploy_when_saved
from config import settings as config
from config.secrets import load_with_secrets
from config.settings import ROOT
from deployment.declared import collect_declared
from deployment.templates import write_templates
from hosting.engine_account import connection_options
from hosting.erased_cases import ErasedCases
from processes.cases import delete_cases
from processes.engine import Engine
from processes.variables import VARIABLES
from workers.lanes import all_handlers

# deployment name in the engine
NAME = "coronacare"
MAX_REHEARSED_CASES = 1000
EXPECTED_ERRORS = (
    config.SettingsError,
    DeploymentRefused,
    InvalidHints,
    LintFailed,
    MigrationRefused,
    RehearsalError,
    WeakPassword,
)


def main(arguments: list[str]) -> str:
    if arguments == ["check"]:
        return check_files()
    if arguments == ["templates"]:
        return f"wrote {write_templates(all_handlers(), ROOT)}"
    settings = load_with_secrets("engine.password")
    engine = Engine(settings.engine.url, **connection_options(*settings.engine_account))
    match arguments:
        case [] | ["drawn", _]:
            page = Path(arguments[1]) if arguments else None
            is_new = deploy(engine, NAME, ROOT, load_declared(settings), print, page)
            return "deployed" if is_new else "no change since the last deployment"
        case ["migrate"] | ["migrate", "dry" | "back"]:
            return migrate_cases(engine, *arguments[1:])
        case ["watch", file]:
            deploy_when_saved([sys.executable, "-m", "deployment", "drawn", file], _say, ROOT)
            return "ended"
        case ["rehearse", file, *most]:
            count = int(most[0]) if most else MAX_REHEARSED_CASES
            found = rehearse(engine, NAME, Path(file), count, _show_progress)
            return (
                "\n".join(line for each in found for line in as_text(each)) or "no case has evaluated these decisions"
            )
        case ["provision", *sources] if sources:
            passwords = {account: password for source in sources for account, password in _read_passwords(source)}
            has_accounts = not settings.sign_in.is_by_provider
            done = provision(engine, load_people(settings.people), passwords, settings.engine.username, has_accounts)
            return "\n".join(done) or "groups, people, accounts and authorizations are up to date"
        case ["erase"]:
            deleted = delete_cases(engine, ErasedCases(settings.erased_cases).references())
            return f"deleted {deleted} process instances of erased cases" if deleted else "no erased case came back"
        case _:
            raise SystemExit(__doc__)


def migrate_cases(engine: Engine, how: str = "on") -> str:
    """Migrate running cases to the latest process version.

    Args:
        how: "on", "dry" for a rehearsal, or "back" to deploy the previous version again first.
    """
    hints = read_hints(ROOT / "processes" / HINTS)
    if how == "back":
        print(f"deployed the previous version again: {redeploy_previous(engine, NAME)}")
        hints = {process: each.invert() for process, each in hints.items()}
    elif not is_deployed(engine, NAME, resources(ROOT)):
        print(
            "processes/ and forms/ have changes that aren't deployed (`make deploy`); migrating to the deployed version"
        )
    if how == "dry":
        rehearse_migration(engine, NAME, hints, print, _show_progress)
        return "dry run: nothing was changed"
    if not migrate(engine, NAME, hints, print, _show_progress):
        raise MigrationRefused("not all cases that can be migrated were migrated")
    return ""


def _read_passwords(source: str) -> Iterable[tuple[str, str]]:
    kind, _, name = source.partition(":")
    content = os.environ.get(name, "{}") if kind == "env" else Path(source).read_text(encoding="utf-8")
    try:
        return json.loads(content).items()
    except (ValueError, AttributeError):
        raise config.SettingsError(f"{source}: write a JSON object, passwords by account") from None


def _say(line: str) -> None:
    print(line, flush=True)


def _show_progress(items: Iterable[Any], what: str, count: int) -> Iterable[Any]:
    return track(items, what, count, console=Console(stderr=True))


def check_files() -> str:
    """Lint the repository's files by our rules and bpmnlint's.

    Raises:
        DeploymentRefused: there are findings; the message lists them.
    """
    names = load_declared(config.load())
    found = sorted({*check(resources(ROOT), names), *bpmnlint_findings(ROOT / "processes"), *_find_hint_errors()})
    if found:
        raise DeploymentRefused("\n".join(map(str, found)))
    return "diagrams, decisions and forms: no findings"


def _find_hint_errors() -> Iterator[Finding]:
    diagrams = Files.read(resources(ROOT)).diagrams
    steps = {process.id: diagram.elements for diagram in diagrams for process in diagram.processes}
    return hint_findings(read_hints(ROOT / "processes" / HINTS), steps, VARIABLES)


def load_declared(settings: config.Settings) -> Declared:
    """Return the names that diagrams may use, with these settings."""
    return collect_declared(load_people(settings.people).groups, settings.policy.model_dump())


if __name__ == "__main__":
    try:
        if output := main(sys.argv[1:]):
            print(output)
    except KeyboardInterrupt:
        sys.exit(130)
    except (*EXPECTED_ERRORS, EngineError) as error:
        sys.exit(str(error))
