"""Erases what is known of a case, once its patient wants it and the case has ended: in the engine, the records, the
laboratory, the government and at the SMS gateway.

Each store is asked again, after growing pauses, until all have done it: what was erased already is erased again, to no
effect.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from camunda7.engine import EngineUnavailable
from camunda7.outages import Outage, describe
from hosting.clients.delivery import NotNow
from hosting.clients.government import Government
from hosting.clients.lab import Lab
from hosting.clients.service import Unavailable
from hosting.clients.sms import SmsGateway
from kpi.rows import KpiRows
from processes.cases import delete_case, is_running
from processes.engine import Engine
from records.access import Access
from records.drafts import Drafts
from records.erasures import Erasure, Erasures
from records.leases import Leases
from records.outbox import Outbox
from records.queue import process_each
from records.retries import RetrySchedule
from records.sessions import Sessions
from records.submissions import Submissions

log = logging.getLogger("workers.erasure")


@dataclass(frozen=True)
class LocalStores:
    """Where the records have something of a case."""

    access: Access
    drafts: Drafts
    kpis: KpiRows
    outbox: Outbox
    sessions: Sessions
    submissions: Submissions


@dataclass(frozen=True)
class RemoteServices:
    """Who else has something of a case."""

    engine: Engine
    lab: Lab
    government: Government
    sms: SmsGateway


class Eraser:
    """Does the erasures that were asked for.

    Args:
        schedule: when an erasure that can't be done yet is due again.
    """

    def __init__(
        self, erasures: Erasures, claims: Leases, kept: LocalStores, elsewhere: RemoteServices, schedule: RetrySchedule
    ):
        self._erasures = erasures
        self._claims = claims
        self._kept = kept
        self._elsewhere = elsewhere
        self._schedule = schedule
        self.outage = Outage("erasing", log)

    def erase_waiting(self) -> int:
        """Erase the cases that have ended; returns how many. One that can't be erased holds up no other."""
        if self.outage.is_pausing:
            return 0
        done, due = 0, self._erasures.claim()
        try:
            for _, is_done in process_each(
                due, self._process, self._postpone, (EngineUnavailable,), self._erasures.release
            ):
                done += is_done
        except EngineUnavailable as error:
            self.outage.record_failure(error)
        return done

    def _process(self, erasure: Erasure) -> bool:
        is_done = self._erase(erasure)
        if not is_done:
            self._erasures.defer(erasure, self._schedule)
        self.outage.record_success()
        return is_done

    def _postpone(self, erasure: Erasure, error: Exception) -> None:
        self._erasures.retry(erasure, self._schedule)
        if isinstance(error, (Unavailable, NotNow)):
            self.outage.record_failure(error)
        else:
            # an error's text may hold a patient's data
            log.warning("%s can't be erased: %s; attempts: %d", erasure.key, describe(error), erasure.attempts)

    def _erase(self, erasure: Erasure) -> bool:
        """Erase a case everywhere; False while it is in use."""
        reference = erasure.key
        # a corrected result would let the case go on
        with self._claims.reopening(reference) as ours:
            if not ours or self._is_in_use(reference):
                return False
            kept = self._erase_elsewhere(reference)
            self._erase_records(reference)
            self._erasures.complete(erasure, kept)
        log.info("%s is erased", reference)
        return True

    def _is_in_use(self, reference: str) -> bool:
        """Whether the case goes on, or something of it is on its way."""
        if self._kept.submissions.list_pending_forms(reference) or is_running(self._elsewhere.engine, reference):
            return True
        # from here on nobody asks for a message
        self._kept.access.delete(reference)
        return not self._kept.outbox.cancel_waiting(reference)

    def _erase_elsewhere(self, reference: str) -> bool:
        """Returns whether the law has the government keep something."""
        self._elsewhere.lab.delete_case(reference)
        kept = self._elsewhere.government.delete_case(reference)
        for key in self._kept.outbox.keys(reference, "sms"):
            self._elsewhere.sms.delete_message(key)
        delete_case(self._elsewhere.engine, reference)
        return kept

    def _erase_records(self, reference: str) -> None:
        self._kept.sessions.end_sessions_of_case(reference)
        self._kept.drafts.delete(reference)
        self._kept.submissions.delete(reference)
        self._kept.outbox.delete(reference)
        self._kept.kpis.anonymize(reference)
