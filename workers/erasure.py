"""Erases what is known of a case, once its patient wants it and the case has ended: in the engine, the records, the
laboratory, the government and at the SMS gateway.

Each store is asked again until all have done it: what was erased already is erased again, to no effect.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from processes.cases import forget_case, is_running
from processes.engine import Engine, EngineError
from records.access import Access
from records.claims import Claims
from records.drafts import Drafts
from records.erasures import Erasure, Erasures
from records.kpis import KpiRows
from records.outbox import Outbox
from records.sessions import Sessions
from records.submissions import Submissions
from workers.outside import Service, ServiceError

log = logging.getLogger("workers.erasure")


@dataclass(frozen=True)
class Kept:
    """Where the records have something of a case."""

    access: Access
    drafts: Drafts
    kpis: KpiRows
    outbox: Outbox
    sessions: Sessions
    submissions: Submissions


@dataclass(frozen=True)
class Elsewhere:
    """Who else has something of a case."""

    engine: Engine
    lab: Service
    government: Service
    sms: Service


class Eraser:
    """Does the erasures that were asked for."""

    def __init__(self, erasures: Erasures, claims: Claims, kept: Kept, elsewhere: Elsewhere):
        self._erasures = erasures
        self._claims = claims
        self._kept = kept
        self._elsewhere = elsewhere

    def erase_waiting(self) -> int:
        """Erase the cases that have ended; returns how many. One that can't be erased holds up no other."""
        done = 0
        for erasure in self._erasures.claim():
            try:
                if self._erase(erasure):
                    done += 1
                    continue
            except (ServiceError, EngineError) as error:
                log.warning("%s isn't erased yet: %s", erasure.key, error)
            self._erasures.give_back(erasure)
        return done

    def _erase(self, erasure: Erasure) -> bool:
        reference = erasure.key
        # a corrected result would let the case go on
        with self._claims.reopening(reference) as ours:
            if not ours or self._is_in_use(reference):
                return False
            kept = self._erase_elsewhere(reference)
            self._erase_records(reference)
            self._erasures.erased(erasure, kept)
        log.info("%s is erased", reference)
        return True

    def _is_in_use(self, reference: str) -> bool:
        """Whether the case goes on, or something of it is on its way."""
        if self._kept.submissions.on_their_way(reference) or is_running(self._elsewhere.engine, reference):
            return True
        # from here on nobody asks for a message
        self._kept.access.forget(reference)
        return not self._kept.outbox.drop_waiting(reference)

    def _erase_elsewhere(self, reference: str) -> bool:
        """Returns whether the law has the government keep something."""
        self._elsewhere.lab.delete(f"/v1/cases/{reference}")
        kept = self._elsewhere.government.delete(f"/v1/cases/{reference}")["kept"]
        for key in self._kept.outbox.keys(reference, "sms"):
            self._elsewhere.sms.delete("/v1/messages", key=key)
        forget_case(self._elsewhere.engine, reference)
        return kept

    def _erase_records(self, reference: str) -> None:
        self._kept.sessions.end_of_case(reference)
        self._kept.drafts.forget(reference)
        self._kept.submissions.forget(reference)
        self._kept.outbox.forget(reference)
        self._kept.kpis.disown(reference)
