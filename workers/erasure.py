"""Erases the data of a case after its end: in the engine, the records, the laboratory, the government and the gateway.

An erasure is repeated with growing pauses until all stores have succeeded; deleting is idempotent in each of them.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from camunda7.engine import EngineUnavailable
from camunda7.outages import Outage, describe
from hosting.clients.delivery import ChannelUnavailable
from hosting.clients.government import Government
from hosting.clients.lab import Lab
from hosting.clients.service import Unavailable
from hosting.clients.sms import SmsGateway
from kpi.rows import KpiRows
from papers.register import Register
from processes.cases import delete_case, delete_inbox_tasks, is_running
from processes.engine import Engine
from records.access import Access
from records.drafts import Drafts
from records.erasures import Erasure, Erasures
from records.leases import Leases
from records.outbox import Outbox
from records.processing import process_each
from records.retries import RetrySchedule
from records.sessions import Sessions
from records.submissions import Submissions

log = logging.getLogger("workers.erasure")


@dataclass(frozen=True)
class LocalStores:
    """Tables of the records with data of a case."""

    access: Access
    drafts: Drafts
    kpis: KpiRows
    outbox: Outbox
    papers: Register
    sessions: Sessions
    submissions: Submissions


@dataclass(frozen=True)
class RemoteServices:
    """Other systems with data of a case."""

    engine: Engine
    lab: Lab
    government: Government
    sms: SmsGateway


class Eraser:
    """Executes the requested erasures.

    Args:
        schedule: pauses before the next attempt of an erasure that failed, or whose case hasn't ended.
    """

    def __init__(
        self,
        erasures: Erasures,
        leases: Leases,
        stores: LocalStores,
        services: RemoteServices,
        schedule: RetrySchedule,
    ):
        self._erasures = erasures
        self._leases = leases
        self._stores = stores
        self._services = services
        self._schedule = schedule
        self.outage = Outage("erasing", log)

    def erase_waiting(self) -> int:
        """Erase the requested cases that have ended; returns their number. A failed one doesn't block the others."""
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
        if isinstance(error, (Unavailable, ChannelUnavailable)):
            self.outage.record_failure(error)
        else:
            # without the error's text, which may contain a patient's data
            log.warning("%s can't be erased: %s; attempts: %d", erasure.key, describe(error), erasure.attempts)

    def _erase(self, erasure: Erasure) -> bool:
        """Erase a case everywhere; returns False while it is in use."""
        reference = erasure.key
        # the lease prevents that workers/lab_feed.py reopens the case for a corrected result
        with self._leases.reopening(reference) as is_acquired:
            if not is_acquired or self._is_in_use(reference):
                return False
            kept = self._erase_from_services(reference)
            self._erase_records(reference)
            self._erasures.complete(erasure, kept)
        log.info("%s is erased", reference)
        return True

    def _is_in_use(self, reference: str) -> bool:
        """Whether the case is running, or has an unsent form or a message that is being sent."""
        if self._stores.submissions.list_pending_forms(reference) or is_running(self._services.engine, reference):
            return True
        # without access the patient can't request further messages, so none is added after the next line
        self._stores.access.delete(reference)
        return not self._stores.outbox.cancel_waiting(reference)

    def _erase_from_services(self, reference: str) -> bool:
        """Erase a case in the other systems; returns whether the government must keep some of its data by law."""
        self._services.lab.delete_case(reference)
        kept = self._services.government.delete_case(reference)
        for key in self._stores.outbox.keys(reference, "sms"):
            self._services.sms.delete_message(key)
        delete_inbox_tasks(self._services.engine, reference)
        delete_case(self._services.engine, reference)
        return kept

    def _erase_records(self, reference: str) -> None:
        self._stores.sessions.end_sessions_of_case(reference)
        self._stores.drafts.delete(reference)
        self._stores.submissions.delete(reference)
        self._stores.outbox.delete(reference)
        self._stores.papers.delete(reference)
        self._stores.kpis.anonymize(reference)
