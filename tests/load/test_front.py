"""An alert fires while the front refuses many requests."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from config import settings as config
from stack.platform import Platform
from tests.support.case import eventually
from tests.support.prometheus import prometheus

pytestmark = [pytest.mark.engine, pytest.mark.verify]

# concurrent requests; the front admits one page at a time
CONCURRENCY = 20


def test_an_alert_fires_while_many_requests_are_refused(platform: Platform, tmp_path: Path) -> None:
    url = f"{platform.state['webapp']}/forms/pre_screening"

    def fires_under_load() -> bool:
        with ThreadPoolExecutor(CONCURRENCY) as visitors:
            list(visitors.map(lambda _: requests.get(url, timeout=30), range(10 * CONCURRENCY)))
        return server.firing() == {"ManySentAway"}

    with prometheus(tmp_path, {"front": config.load().front.metrics_url}) as server:
        assert server.firing() == set()
        eventually(fires_under_load, "the alert doesn't fire", within_s=60)
        eventually(lambda: not server.firing(), "the alert doesn't clear", within_s=60)
