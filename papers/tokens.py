"""Tokens on papers: a random serial number and its signature, in the letters and digits of base 32.

A token has no data of a person or a case. The signature lets a forged token, or that of another installation, be
refused without a query.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets

from records.cipher import Cipher

# 120 random bits and a signature of 80 bits: 40 characters of base 32, without padding
SERIAL_BYTES = 15
SIGNATURE_BYTES = 10


def new_serial() -> str:
    """Return a random serial number, as hexadecimal digits."""
    return secrets.token_hex(SERIAL_BYTES)


def create_token(cipher: Cipher, serial: str) -> str:
    """Return the token of a serial number."""
    return base64.b32encode(bytes.fromhex(serial + _sign(cipher, serial))).decode()


def read_serial(cipher: Cipher, token: str) -> str | None:
    """Return the serial number of a token; None if the token isn't one that this installation has signed."""
    try:
        content = base64.b32decode(token.upper()).hex()
    except (binascii.Error, ValueError):
        return None
    serial, signature = content[: 2 * SERIAL_BYTES], content[2 * SERIAL_BYTES :]
    return serial if hmac.compare_digest(signature, _sign(cipher, serial)) else None


def _sign(cipher: Cipher, serial: str) -> str:
    return cipher.fingerprint("paper", serial)[: 2 * SIGNATURE_BYTES]
