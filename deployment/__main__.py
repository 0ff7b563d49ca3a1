"""Brings an engine to what the files say.

`python -m deployment` deploys the diagrams, decisions and forms to the engine that the settings name;
`python -m deployment drawn FILE` draws what that changes as well, as HTML;
`python -m deployment check` only says what is wrong with them, by bpmnlint's rules as well, and needs no engine;
`python -m deployment migrate` brings open cases to the newest version; `migrate dry` only says which could come along,
and `migrate back` has the version before deployed once more, and brings them to it;
`python -m deployment watch FILE` deploys whenever something is saved, and draws it as HTML;
`python -m deployment rehearse FILE [COUNT]` tells for whom of the last cases a changed decision says something else;
`python -m deployment templates` writes Camunda Modeler's element templates;
`python -m deployment provision SECRETS` creates groups, people, accounts and authorizations, with the passwords of
the JSON file SECRETS (by account).
"""

from __future__ import annotations

import json
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
from camunda7.lint.files import Files
from camunda7.lint.lint import LintFailed
from camunda7.lint.lint import findings as linted
from camunda7.release.deploy import DeploymentRefused, deploy, deploy_former, is_deployed, resources
from camunda7.release.hints import HINTS, HintsWrong, read_hints
from camunda7.release.hints import findings as hinted
from camunda7.release.migration import MigrationRefused, migrate, rehearse_migration
from camunda7.release.rehearsal import RehearsalError, as_text, rehearse
from camunda7.release.watch import deploy_when_saved
from config import settings as config
from config.secrets import load_with_secrets
from config.settings import ROOT
from deployment.declared import declared
from deployment.templates import write_templates
from processes.elements import Process
from processes.engine import Engine
from processes.variables import VARIABLES
from workers.lanes import all_handlers

# of all our deployments
NAME = "coronacare"
MOST_REHEARSED = 1000
REFUSALS = (
    config.SettingsError,
    DeploymentRefused,
    HintsWrong,
    LintFailed,
    MigrationRefused,
    RehearsalError,
    WeakPassword,
)


def main(arguments: list[str]) -> str:
    if arguments == ["check"]:
        return check_files()
    if arguments == ["templates"]:
        return f"written: {write_templates(all_handlers(), ROOT)}"
    settings = load_with_secrets("engine.password")
    account = settings.engine
    engine = Engine(account.url, account.username, account.password.get_secret_value())
    match arguments:
        case [] | ["drawn", _]:
            page = Path(arguments[1]) if arguments else None
            is_new = deploy(engine, NAME, ROOT, names_of(settings), print, page)
            return "deployed" if is_new else "nothing has changed since the last deployment"
        case ["migrate"] | ["migrate", "dry" | "back"]:
            return migrated(engine, *arguments[1:])
        case ["watch", file]:
            deploy_when_saved([sys.executable, "-m", "deployment", "drawn", file], _say, ROOT)
            return "ended"
        case ["rehearse", file, *most]:
            count = int(most[0]) if most else MOST_REHEARSED
            found = rehearse(engine, NAME, Process.CORONA_CARE, Path(file), count, _watched)
            return "\n".join(line for each in found for line in as_text(each)) or "no case has taken these decisions"
        case ["provision", file]:
            passwords = json.loads(Path(file).read_text(encoding="utf-8"))
            done = provision(engine, load_people(settings.people), passwords, account.username)
            return "\n".join(done) or "groups, people, accounts and authorizations are as they should be"
        case _:
            raise SystemExit(__doc__)


def migrated(engine: Engine, how: str = "on") -> str:
    """Open cases brought to the newest version, or to the one before it."""
    hints = read_hints(ROOT / "processes" / HINTS)
    if how == "back":
        print(f"deployed as it was before: {deploy_former(engine, NAME)}")
        hints = {process: each.back() for process, each in hints.items()}
    elif not is_deployed(engine, NAME, resources(ROOT)):
        print("what is in processes/ and forms/ isn't deployed (`make deploy` does it): this is about what runs")
    if how == "dry":
        rehearse_migration(engine, NAME, hints, print, _watched)
        return "nothing was changed"
    if not migrate(engine, NAME, hints, print, _watched):
        raise MigrationRefused("not all cases came along that could")
    return ""


def _say(line: str) -> None:
    print(line, flush=True)


def _watched(items: Iterable[Any], what: str, count: int) -> Iterable[Any]:
    return track(items, what, count, console=Console(stderr=True))


def check_files() -> str:
    """All that is found in the repository's files, by our rules and bpmnlint's."""
    found = sorted({*check(resources(ROOT), names_of(config.load())), *linted(ROOT / "processes"), *_hints_wrong()})
    if found:
        raise DeploymentRefused("\n".join(map(str, found)))
    return "diagrams, decisions and forms: nothing wrong is found"


def _hints_wrong() -> Iterator[Finding]:
    diagrams = Files.read(resources(ROOT)).diagrams
    steps = {process.id: diagram.elements for diagram in diagrams for process in diagram.processes}
    return hinted(read_hints(ROOT / "processes" / HINTS), steps, VARIABLES)


def names_of(settings: config.Settings) -> Declared:
    """What diagrams may refer to, under these settings."""
    return declared(load_people(settings.people).groups, settings.policy.model_dump())


if __name__ == "__main__":
    try:
        if told := main(sys.argv[1:]):
            print(told)
    except KeyboardInterrupt:
        sys.exit(130)
    except (*REFUSALS, EngineError) as error:
        sys.exit(str(error))
