"""Brings an engine to what the files say.

`python -m deployment` deploys the diagrams, decisions and forms to the engine that the settings name;
`python -m deployment provision SECRETS` creates groups, people, accounts and authorizations, with the passwords of
the JSON file SECRETS (by account).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from config import settings as config
from config.people import load_people
from config.secrets import load_with
from deployment.deploy import DeploymentRefused, deploy
from deployment.provision import WeakPassword, provision
from processes.engine import Engine, EngineError, EngineRefused


def main(arguments: list[str]) -> str:
    settings = load_with("engine.password")
    account = settings.engine
    engine = Engine(account.url, account.username, account.password.get_secret_value())
    match arguments:
        case []:
            return "deployed" if deploy(engine) else "nothing has changed since the last deployment"
        case ["provision", file]:
            passwords = json.loads(Path(file).read_text())
            done = provision(engine, load_people(settings.people), passwords, account.username)
            return "\n".join(done) or "groups, people, accounts and authorizations are as they should be"
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    try:
        print(main(sys.argv[1:]))
    except EngineRefused as error:
        hint = "; the account or password of the settings is wrong" if error.status == 401 else ""
        sys.exit(f"{error}{hint}")
    except (config.SettingsError, DeploymentRefused, WeakPassword, EngineError) as error:
        sys.exit(str(error))
