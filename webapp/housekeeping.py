"""Forgets what browsers have left behind: drafts that nobody goes on with, and old sessions."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

import peewee

from records.drafts import Drafts
from records.sessions import Sessions

log = logging.getLogger("webapp.housekeeping")

EVERY_S = 3600.0
DRAFTS_KEPT = timedelta(days=7)
# longer than any session lasts: a browser whose session was idle still finds its language
SESSIONS_KEPT = timedelta(days=1)


class Housekeeping:
    def __init__(self, drafts: Drafts, sessions: Sessions):
        self._drafts = drafts
        self._sessions = sessions

    def run(self, stopping: threading.Event) -> None:
        """Forget what is old, now and every hour, until it is stopped."""
        self.tidy()
        while not stopping.wait(EVERY_S):
            self.tidy()

    def tidy(self) -> None:
        try:
            self._drafts.forget_older_than(DRAFTS_KEPT)
            self._sessions.forget_older_than(SESSIONS_KEPT)
        except peewee.PeeweeException as error:
            log.warning("nothing is forgotten: the records can't be reached (%s)", type(error).__name__)
