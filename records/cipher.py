"""Encryption at rest of patients' answers and sessions."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

MIN_SECRET_LENGTH = 16


class Cipher:
    """Encrypts JSON values (Fernet: AES-128-CBC and HMAC-SHA256), with keys derived from a secret.

    Args:
        secret: random, at least MIN_SECRET_LENGTH characters; values are decrypted with the secret that encrypted them.

    Raises:
        ValueError: the secret is too short.
    """

    def __init__(self, secret: str):
        if len(secret) < MIN_SECRET_LENGTH:
            raise ValueError(f"the records' secret (records.secret_key) needs {MIN_SECRET_LENGTH} characters")
        self._secret = secret.encode()
        self._fernet = Fernet(base64.urlsafe_b64encode(self._key("seal")))

    def encrypt(self, value: Any) -> str:
        """Encrypt and sign a JSON value."""
        return self._fernet.encrypt(json.dumps(value).encode()).decode()

    def decrypt(self, text: str) -> Any:
        """Decrypt a value; None if it wasn't encrypted with this secret."""
        try:
            return json.loads(self._fernet.decrypt(text))
        except InvalidToken:
            return None

    def fingerprint(self, purpose: str, text: str) -> str:
        """The keyed hash (HMAC-SHA256) of a text, as hexadecimal digits; purposes have different keys."""
        return hmac.new(self._key(purpose), text.encode(), hashlib.sha256).hexdigest()

    def _key(self, purpose: str) -> bytes:
        """Derive a separate key for each purpose; the secret is random, so no slow key derivation is necessary."""
        return hashlib.blake2b(purpose.encode(), key=self._secret[:64], digest_size=32).digest()
