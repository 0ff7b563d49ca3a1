"""The messages that the mail catcher has received."""

from __future__ import annotations

import email
import mailbox
from collections import defaultdict
from collections.abc import Mapping
from email import policy
from email.message import EmailMessage
from functools import partial
from typing import Any

read = partial(email.message_from_binary_file, policy=policy.default)


def mails_to(state: Mapping[str, Any], address: str) -> list[str]:
    """The texts, with headers, of the messages to this address."""
    return [_format(message) for message in mailbox_of(state, address)]


def mailbox_of(state: Mapping[str, Any], address: str) -> list[EmailMessage]:
    """The messages to this address."""
    return mailboxes(state)[address]


def mailboxes(state: Mapping[str, Any]) -> dict[str, list[EmailMessage]]:
    """All messages by recipient; an empty list for an address without messages."""
    box = mailbox.Maildir(state["mail"], factory=read, create=False)
    found = defaultdict(list)
    try:
        for message in box:
            found[str(message["To"])].append(message)
    finally:
        box.close()
    return found


def find_link(message: str, path: str) -> str:
    """The first URL in a message that contains this path."""
    return next(word for word in message.split() if path in word)


def _format(message: Any) -> str:
    headers = "\n".join(f"{name}: {value}" for name, value in message.items())
    return f"{headers}\n\n{message.get_content()}"
