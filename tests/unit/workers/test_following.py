from __future__ import annotations

import logging
import threading

import pytest

from tests.support.case import eventually
from workers.following import Follower


def test_whatever_goes_wrong_it_goes_on_and_says_so_once_without_data(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    turns: list[int] = []

    def turn() -> None:
        turns.append(1)
        if len(turns) in (2, 3):
            raise KeyError("Ada Lovelace")

    stopping = threading.Event()
    thread = threading.Thread(target=Follower("the feed", turn, 0.01).run, args=[stopping])
    thread.start()
    eventually(lambda: len(turns) > 5)
    stopping.set()
    thread.join()
    said = [record.getMessage() for record in caplog.records]
    assert said == ["the feed can't be followed (KeyError); trying on", "the feed is followed again"]
