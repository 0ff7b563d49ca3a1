"""A load generator: visitors who submit a pre-screening or read a page of advice."""

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
from tests.load.load_result import BUSY, LoadResult
from tests.support.case import NO_SYMPTOMS, WITH_COUGH

FORM = "/forms/pre_screening"
ADVICE = ("/", "/forms/symptoms_worsened")
# share of the visitors who read advice
SHARE_FOR_ADVICE = 0.1
MAX_CONCURRENCY = 100
# retries of a visitor whose request was refused after the first page
TRIES = 30
RETRY_AFTER_S = 1
# between a visitor that was refused and the next one
REFUSED_PAUSE_S = 0.05


class Visitors:
    """Visitors of a web application.

    Args:
        ledger: gets an entry for each accepted pre-screening.
    """

    def __init__(self, url: str, ledger: Ledger):
        self._url = url
        self._ledger = ledger
        self._answers = itertools.cycle((NO_SYMPTOMS, WITH_COUGH))
        self._random = random.Random(8)

    def run_concurrently(self, for_s: float, threads: int = 1) -> LoadResult:
        """Closed-loop load: each thread starts the next visitor as soon as one has finished."""
        result, began = LoadResult(), time.monotonic()

        def run() -> None:
            while time.monotonic() < began + for_s:
                if not self._submit_pre_screening(result):
                    time.sleep(REFUSED_PAUSE_S)

        running = [threading.Thread(target=run) for _ in range(threads)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
        result.lasted_s = time.monotonic() - began
        return result

    def run_at_rate(self, per_s: float, for_s: float) -> LoadResult:
        """Open-loop load: start `per_s` visitors a second, however long each takes."""
        result, began = LoadResult(), time.monotonic()
        with ThreadPoolExecutor(MAX_CONCURRENCY) as pool:
            for number in range(int(per_s * for_s)):
                planned = began + number / per_s
                time.sleep(max(0, planned - time.monotonic()))
                result.late_s = max(result.late_s, time.monotonic() - planned)
                reads_advice = self._random.random() < SHARE_FOR_ADVICE
                pool.submit(self._read_advice if reads_advice else self._submit_pre_screening, result)
        result.lasted_s = time.monotonic() - began
        return result

    def _read_advice(self, result: LoadResult) -> None:
        browser = Browser(self._url)
        browser.listen(result.advice)
        try:
            browser.open(self._random.choice(ADVICE))
        except requests.RequestException as error:
            result.wrong[f"advice: {type(error).__name__}"] += 1

    def _submit_pre_screening(self, result: LoadResult) -> bool:
        """Submit a pre-screening; returns False without a retry if the first page was refused."""
        browser = Browser(self._url)
        browser.listen(result.page)
        try:
            page = browser.open(FORM)
            if page.status == BUSY:
                return False
            self._send_pages(browser, page, result)
        except requests.RequestException as error:
            result.wrong[f"page: {type(error).__name__}"] += 1
        return True

    def _send_pages(self, browser: Browser, page: Page, result: LoadResult) -> None:
        answers = next(self._answers)
        for _ in range(TRIES):
            while page.status != BUSY and urlsplit(page.url).path.startswith(FORM):
                page = browser.send(page, answers)
            if page.status != BUSY:
                reference = page.text("strong.reference")
                self._ledger.append(kind="submission", reference=reference)
                result.sent.append(reference)
                return
            time.sleep(RETRY_AFTER_S)
            page = browser.open(urlsplit(page.url).path)
        result.wrong["gave up"] += 1
