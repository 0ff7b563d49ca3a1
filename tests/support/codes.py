"""Access codes for tests."""

from __future__ import annotations

import uuid


def unknown_code() -> str:
    """A new access code of no case: the login throttle limits the attempts at one code in 15 minutes."""
    return uuid.uuid4().hex
