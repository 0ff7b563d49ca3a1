"""What the mail catcher has got."""

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
    return [_as_read(message) for message in mailbox_of(state, address)]


def mailbox_of(state: Mapping[str, Any], address: str) -> list[EmailMessage]:
    """The messages to this address."""
    return mailboxes(state)[address]


def mailboxes(state: Mapping[str, Any]) -> dict[str, list[EmailMessage]]:
    """All messages, by address; an empty list for others."""
    box = mailbox.Maildir(state["mail"], factory=read, create=False)
    found = defaultdict(list)
    try:
        for message in box:
            found[str(message["To"])].append(message)
    finally:
        box.close()
    return found


def link_in(message: str, path: str) -> str:
    """The address in a message that leads to a page of ours below this path."""
    return next(word for word in message.split() if path in word)


def _as_read(message: Any) -> str:
    headers = "\n".join(f"{name}: {value}" for name, value in message.items())
    return f"{headers}\n\n{message.get_content()}"
