"""Passwords and keys: generated at the first start, stored in a file that only its owner can read.

The password of a deleted account is deleted with it.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

KEYS = (
    "admin",
    "lab_api_key",
    "government_api_key",
    "government_archive_key",
    "sms_api_key",
    "secret_key",
    "records_secret_key",
)


def load_or_generate(path: Path, accounts: list[str]) -> dict[str, str]:
    """Return the secrets of KEYS and accounts by name; generates missing ones, and deletes others from the file."""
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    wanted = {name: known.get(name) or secrets.token_urlsafe(15) for name in (*KEYS, *accounts)}
    write_private(path, wanted)
    return wanted


def write_private(path: Path, content: object) -> None:
    """Write JSON to a file of mode 600, atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file, indent=2)
    draft.replace(path)
