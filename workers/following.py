"""What a worker process does beside its tasks: looks again and again whether there is something to do."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

log = logging.getLogger("workers.following")


@dataclass(frozen=True)
class Follower:
    """Takes turns until it is stopped. A turn that fails is told of once, by the class of its error, and taken again.

    Attributes:
        name: what it follows, for the log.
        turn: looks once, and does what there is to do.
        interval_s: between two turns.
    """

    name: str
    turn: Callable[[], Any]
    interval_s: float

    def run(self, stopping: threading.Event) -> None:
        goes_well = True
        while not stopping.wait(self.interval_s):
            try:
                self.turn()
            except Exception as error:
                if goes_well:
                    log.warning("%s can't be followed (%s); trying on", self.name, type(error).__name__)
                goes_well = False
            else:
                if not goes_well:
                    log.info("%s is followed again", self.name)
                goes_well = True
