"""An alert tells the operator when the front turns many visitors away."""

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

# at once, where one page at a time is let in
MANY = 20


def test_whoever_runs_it_learns_that_many_are_sent_away(platform: Platform, tmp_path: Path) -> None:
    begin = f"{platform.state['webapp']}/forms/pre_screening"

    def many_come() -> bool:
        with ThreadPoolExecutor(MANY) as visitors:
            list(visitors.map(lambda _: requests.get(begin, timeout=30), range(10 * MANY)))
        return server.firing() == {"ManySentAway"}

    with prometheus(tmp_path, {"front": config.load().front.metrics_url}) as server:
        assert server.firing() == set()
        eventually(many_come, "nobody is told", within_s=60)
        eventually(lambda: not server.firing(), "it doesn't clear", within_s=60)
