"""Visitors of the pages: each wants to be pre-screened or advised; whoever gets in goes through with it."""

from __future__ import annotations

import itertools
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import requests

from camunda7.forms.browser import Browser, Page
from tests.faults.ledger import Ledger
from tests.load.seen import BUSY, Seen
from tests.support.case import NO_SYMPTOMS, WITH_COUGH

FORM = "/forms/pre_screening"
ADVICE = ("/", "/forms/symptoms_worsened")
# of the visitors
SHARE_FOR_ADVICE = 0.1
AT_ONCE = 100
# of those who are in and are told to come back
TRIES = 30
RETRY_AFTER_S = 1
# between one that was refused and the next
REFUSED_PAUSE_S = 0.05


class Visitors:
    """Come to a URL.

    Args:
        ledger: gets a line for each pre-screening that was taken.
    """

    def __init__(self, url: str, ledger: Ledger):
        self._url = url
        self._ledger = ledger
        self._answers = itertools.cycle((NO_SYMPTOMS, WITH_COUGH))
        self._random = random.Random(8)

    def in_turn(self, for_s: float, at_once: int = 1) -> Seen:
        """So many at once, each followed by the next as soon as it leaves."""
        seen, began = Seen(), time.monotonic()

        def come() -> None:
            while time.monotonic() < began + for_s:
                if not self._be_screened(seen):
                    time.sleep(REFUSED_PAUSE_S)

        threads = [threading.Thread(target=come) for _ in range(at_once)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seen.lasted_s = time.monotonic() - began
        return seen

    def at_rate(self, per_s: float, for_s: float) -> Seen:
        """So many a second, however long each takes."""
        seen, began = Seen(), time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for number in range(int(per_s * for_s)):
                planned = began + number / per_s
                time.sleep(max(0, planned - time.monotonic()))
                seen.late_s = max(seen.late_s, time.monotonic() - planned)
                advised = self._random.random() < SHARE_FOR_ADVICE
                pool.submit(self._be_advised if advised else self._be_screened, seen)
        seen.lasted_s = time.monotonic() - began
        return seen

    def _be_advised(self, seen: Seen) -> None:
        browser = Browser(self._url)
        browser.listen(seen.advice)
        try:
            browser.open(self._random.choice(ADVICE))
        except requests.RequestException as error:
            seen.wrong[f"advice: {type(error).__name__}"] += 1

    def _be_screened(self, seen: Seen) -> bool:
        """Answer all that is asked, and return whether it was let in: one that is told to come back at once leaves."""
        browser = Browser(self._url)
        browser.listen(seen.page)
        try:
            page = browser.open(FORM)
            if page.status == BUSY:
                return False
            self._go_through(browser, page, seen)
        except requests.RequestException as error:
            seen.wrong[f"page: {type(error).__name__}"] += 1
        return True

    def _go_through(self, browser: Browser, page: Page, seen: Seen) -> None:
        answers = next(self._answers)
        for _ in range(TRIES):
            while page.status != BUSY and urlsplit(page.url).path.startswith(FORM):
                page = browser.send(page, answers)
            if page.status != BUSY:
                reference = page.text("strong.reference")
                self._ledger.note(kind="submission", reference=reference)
                seen.sent.append(reference)
                return
            time.sleep(RETRY_AFTER_S)
            page = browser.open(urlsplit(page.url).path)
        seen.wrong["gave up"] += 1
