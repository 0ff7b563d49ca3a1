"""What the mail catcher has got."""

from __future__ import annotations

import mailbox
from collections.abc import Mapping
from typing import Any


def mails_to(state: Mapping[str, Any], address: str) -> list[str]:
    """The texts, with headers, of the messages to this address."""
    box = mailbox.Maildir(state["mail"], create=False)
    try:
        return [message.as_string() for message in box if message["To"] == address]
    finally:
        box.close()
