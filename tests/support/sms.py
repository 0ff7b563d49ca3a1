"""The messages that the SMS gateway has received."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests


def texts_to(state: Mapping[str, Any], number: str) -> list[str]:
    """The texts of the messages to this number."""
    headers = {"X-API-Key": state["sms_api_key"]}
    answer = requests.get(f"{state['sms']}/v1/messages", params={"to": number}, headers=headers, timeout=10)
    answer.raise_for_status()
    return [message["text"] for message in answer.json()["messages"]]
