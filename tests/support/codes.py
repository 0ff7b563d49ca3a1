"""Access codes as tests need them."""

from __future__ import annotations

import uuid


def unknown_code() -> str:
    """A code that opens nothing, another each time: few attempts at one code are taken in 15 minutes."""
    return uuid.uuid4().hex
