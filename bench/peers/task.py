"""Work of each peer: read a variable, wait, and write a variable. Configured by environment variables."""

from __future__ import annotations

import os
import time

ENGINE = os.environ.get("ENGINE_URL", "")
USERNAME = os.environ.get("ENGINE_USERNAME", "")
PASSWORD = os.environ.get("ENGINE_PASSWORD", "")
TOPIC = "bench.work"
SLOTS = int(os.environ.get("SLOTS", "16"))
WAIT_S = float(os.environ.get("WAIT_S", "0"))
LOCK_MS = 20_000


def work(number: int) -> str:
    if WAIT_S:
        time.sleep(WAIT_S)
    return f"order {number}"
