"""Encryption to a public key, in the format of age (https://age-encryption.org/v1), in chunks of 64 KiB.

The server that writes backups can't read them. Each chunk is authenticated, and so is the end: an altered or truncated
file is refused.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import IO, Protocol

import pyrage
from pyrage import x25519

from backup.errors import BackupError

PRIVATE_KEY = re.compile(r"\bAGE-SECRET-KEY-1[0-9A-Z]+\b")


class Writable(Protocol):
    def write(self, data: bytes, /) -> int: ...

    def flush(self) -> None: ...


class HashedWriter:
    """Writes to a file, and hashes what it writes (SHA-256)."""

    def __init__(self, file: IO[bytes]):
        self._file = file
        self._hash = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self._hash.update(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


def create_key() -> tuple[str, str]:
    """Return a new private key, and its public key."""
    identity = x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def parse_public_key(text: str) -> x25519.Recipient:
    """Parse a public key.

    Raises:
        BackupError: it isn't one.
    """
    try:
        return x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        raise BackupError(
            "backup.recipient is no public key, like age1…: `make backup-key` creates one, with its private key; "
            "with Docker, set BACKUP_RECIPIENT in .env"
        ) from None


def parse_private_key(text: str) -> x25519.Identity:
    """Parse the content of a key file.

    Raises:
        BackupError: it has no private key.
    """
    found = PRIVATE_KEY.search(text)
    try:
        return x25519.Identity.from_str(found.group() if found else "")
    except pyrage.IdentityError:
        raise BackupError("standard input has no private key (AGE-SECRET-KEY-1…): append `< FILE`") from None


def encrypt(plain: IO[bytes], output: Writable, recipient: x25519.Recipient) -> None:
    """Encrypt a stream.

    Raises:
        BackupError: it can't be read or written.
    """
    try:
        pyrage.encrypt_io(plain, output, [recipient])
    except (pyrage.EncryptError, OSError) as error:
        raise BackupError(f"the backup can't be written: {error}") from None


def decrypt(path: Path, output: Writable, identity: x25519.Identity) -> None:
    """Decrypt a file; what was written before an error is authentic, but incomplete.

    Raises:
        BackupError: it was altered or truncated, or encrypted to another key.
    """
    try:
        with path.open("rb") as file:
            pyrage.decrypt_io(file, output, [identity])
    except pyrage.DecryptError as error:
        raise BackupError(f"{path.name} can't be decrypted with this key, or is damaged ({error})") from None
    except BrokenPipeError:
        # its reader has ended, and says why
        raise
    except OSError as error:
        # pyrage's own without an errno, for a chunk that isn't authentic or the lack of the last one
        reason = error.strerror or "it is damaged: altered or truncated"
        raise BackupError(f"{path.name} can't be read: {reason}") from None
