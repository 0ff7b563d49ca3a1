"""Settings of the web application, passed by its entry point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from records.retries import RetrySchedule
from webapp.forwarding import RETRIES


@dataclass(frozen=True)
class Options:
    """Settings of the web application.

    Attributes:
        policy: the durations and limits that new cases go by; pages show some of them.
        records_secret: what the records are encrypted with.
        secure_cookies: the pages are served by HTTPS.
        proxies: how many of them stand before the application, and add where a request came from.
        public_host: host and port of the address that people open.
        attempts_per_address: how often in 15 minutes sign-in may fail from one address.
        timings: tell the browser how long a page took, and the engine's part of it.
        idle_s: a session that was idle for longer is over, in seconds.
        time_zone: in which the pages tell the time.
        telephone_region: the country of telephone numbers without a country code.
        cockpit_url: where process managers open Cockpit.
        suppress_below: of fewer people the KPIs tell nothing.
        retention: how long what of the records is kept, by name.
        claim_s: how long a submission is claimed for while it is forwarded, in seconds.
        submission_retries: when a submission that the engine fails on is forwarded again.
    """

    secret_key: str
    policy: dict[str, Any]
    records_secret: str
    secure_cookies: bool = False
    proxies: int = 0
    public_host: str = ""
    attempts_per_address: int = 50
    timings: bool = False
    idle_s: float = 1800
    time_zone: str = "UTC"
    telephone_region: str | None = None
    cockpit_url: str = ""
    suppress_below: int = 0
    retention: Mapping[str, timedelta] = field(default_factory=dict)
    claim_s: float = 45
    submission_retries: RetrySchedule = RETRIES
