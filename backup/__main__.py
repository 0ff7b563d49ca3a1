"""`python -m backup create` backs up all databases at one point in time, encrypted, and deletes expired backups.

`python -m backup restore FILE [overwrite]` restores one; standard input is the key file with its private key.

`python -m backup key [FILE]` creates a private key, in a new file or on standard output; its public key is the setting
backup.recipient.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from backup.embedded import SQLITE, Files, file_of
from backup.encryption import HashedWriter, create_key, encrypt, parse_private_key, parse_public_key
from backup.errors import BackupError
from backup.postgresql import Server
from backup.restore import restore
from backup.store import Store, verify
from camunda7.engine import EngineError
from config import settings as config
from hosting.erased_cases import ErasedCases
from processes.engine import Engine
from stack import state
from stack.data import set_data_folder
from stack.supervisor import PartFailed

# umask: backups, keys and databases contain or reveal patients' data
PRIVATE = 0o077
# as long as the parts wait for a lock of their database
COPY_TIMEOUT_S = 10


def main(arguments: list[str]) -> None:
    os.umask(PRIVATE)
    match arguments:
        case ["create"]:
            create(config.load())
        case ["restore", file] | ["restore", file, "overwrite"]:
            restore_file(config.load(), file, "overwrite" in arguments[2:])
        case ["key"] | ["key", _]:
            write_key(*arguments[1:])
        case _:
            raise BackupError(str(__doc__))


def create(settings: config.Settings) -> None:
    recipient = parse_public_key(settings.backup.recipient)
    store, began = Store(settings.backups_folder), time.monotonic()
    with store.locked():
        with store.new_file() as path:
            with path.open("wb") as file, database_of(settings).stream() as plain:
                output = HashedWriter(file)
                encrypt(plain, output, recipient)
            verify(path, output.digest)
        known, current = ErasedCases(store.erased_cases), ErasedCases(settings.erased_cases)
        known.add_missing(current.references())
        written = store.files()[-1]
        _say(f"wrote {written} ({written.stat().st_size / 1e6:.1f} MB) in {time.monotonic() - began:.1f} s")
        for name in store.delete_expired(settings.backup.keep_daily, settings.backup.keep_weekly):
            _say(f"deleted {name}")


def restore_file(settings: config.Settings, name: str, overwrite: bool) -> None:
    path = Store(settings.backups_folder).find(name)
    if sys.stdin.isatty():
        _say("paste the private key, and end with Ctrl-D")
    identity = parse_private_key(sys.stdin.read())
    restore(path, identity, settings.restored_folder, database_of(settings), overwrite)
    beside = ErasedCases(Store(path.parent).erased_cases)
    ErasedCases(settings.erased_cases).mark_restored(beside.references())
    _say(f"restored {path.name} to {settings.restored_folder}. Start the platform, of this version or a newer one")


def database_of(settings: config.Settings) -> Server | Files:
    """Return what is backed up and restored: a PostgreSQL server, or the files of `make up`."""
    if settings.backup.database_url:
        return Server(settings.backup.database_url)
    # as `make up` does: URLs that aren't set are those of files in the folder
    set_data_folder(settings.restored_folder)
    settings = config.load()
    parts = {part: config.ROOT / file_of(getattr(settings, part).database_url) for part in SQLITE}
    engine = config.ROOT / file_of(settings.engine.database_url)
    return Files(engine, parts, config.ROOT / settings.folder / "snapshot", lambda: copy_engine(settings, engine))


def copy_engine(settings: config.Settings, file: Path) -> Path:
    """Have the running engine copy its file; returns the ZIP file with the copy.

    Raises:
        BackupError: it isn't the engine of `make up`, or fails.
    """
    running = state.read(config.ROOT / settings.folder / state.FILE)
    if running is None:
        raise BackupError("the engine runs, but not by `make up`: stop it")
    try:
        Engine(running["engine"], **running["accounts"]["admin"], timeout_s=COPY_TIMEOUT_S).post("/coronacare/copy")
    except EngineError as error:
        raise BackupError(f"the engine can't copy its database: {error}") from None
    return file.with_name(file.name + ".zip")


def write_key(file: str = "") -> None:
    private, public = create_key()
    content = f"# public key: {public}\n{private}\n"
    if file:
        try:
            with Path(file).open("x") as output:
                output.write(content)
        except OSError as error:
            raise BackupError(f"{file} can't be created: {error.strerror}") from None
    else:
        sys.stdout.write(content)
    print(
        f"public key: {public}\n"
        "Set backup.recipient to it (with Docker: BACKUP_RECIPIENT in .env). Keep the private key elsewhere, twice: "
        "without it no backup can be read.",
        file=sys.stderr,
    )


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
    except (BackupError, PartFailed, config.SettingsError) as error:
        sys.exit(str(error))
