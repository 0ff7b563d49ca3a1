"""Keeps what people typed unreadable to whoever gets hold of the database alone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

SHORTEST = 16


class Seal:
    """Encrypts, with keys derived from a secret.

    Args:
        secret: random; with another one, what was sealed before can't be opened any more.

    Raises:
        ValueError: the secret is too short to be one.
    """

    def __init__(self, secret: str):
        if len(secret) < SHORTEST:
            raise ValueError(f"the records' secret (records.secret_key) needs {SHORTEST} characters")
        self._secret = secret.encode()
        self._fernet = Fernet(base64.urlsafe_b64encode(self._key("seal")))

    def close(self, value: Any) -> str:
        """A value that JSON knows, encrypted and signed."""
        return self._fernet.encrypt(json.dumps(value).encode()).decode()

    def open(self, text: str) -> Any:
        """What was sealed; None when it wasn't sealed with this secret."""
        try:
            return json.loads(self._fernet.decrypt(text))
        except InvalidToken:
            return None

    def mark(self, purpose: str, text: str) -> str:
        """A keyed hash: the same for the same text, and of no use without the secret."""
        return hmac.new(self._key(purpose), text.encode(), hashlib.sha256).hexdigest()

    def _key(self, purpose: str) -> bytes:
        """A key of its own for each purpose; the secret is random, so that it needs no stretching."""
        return hashlib.blake2b(purpose.encode(), key=self._secret[:64], digest_size=32).digest()
