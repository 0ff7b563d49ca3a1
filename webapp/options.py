"""Settings of the web application, passed by its entry point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from records.retries import RetrySchedule
from webapp.forwarding import RETRIES
from webapp.openid import OpenIdOptions


@dataclass(frozen=True)
class Doctor:
    """A doctor's name and addresses, for process managers."""

    name: str
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True)
class Options:
    """Settings of the web application.

    Attributes:
        secret_key: signs session cookies and page tokens.
        policy: durations and limits of new cases; pages show some of them.
        records_secret: the key that encrypts the records.
        secure_cookies: whether the pages are served by HTTPS.
        trusted_proxies: number of proxies before the application that append to X-Forwarded-For.
        public_host: host and port of the public URL.
        issuer: name of the issuer of papers, and the lines of its address.
        laboratory: name of the laboratory that tests samples; empty if it isn't set.
        sign_in_attempts_per_address: maximum failed sign-ins from one address in 15 minutes.
        paper_checks_per_address: maximum checks of papers from one address in 15 minutes.
        server_timing: whether to send the Server-Timing header.
        idle_s: maximum idle time of a session, in seconds.
        time_zone: IANA name of the time zone of the times on the pages.
        telephone_region: country of telephone numbers without a country code, ISO 3166-1 alpha-2.
        cockpit_url: Cockpit's URL, for links of process managers.
        suppress_below: minimum number of people of a KPI; smaller ones are suppressed.
        targets: targets of managers, by name in the settings.
        doctors: by account.
        retention: maximum age of the records, by store.
        simulation_folder: folder of the simulations that managers run.
        lease_s: lease of a submission while it is forwarded, in seconds.
        submission_retries: when to retry a submission on which the engine fails.
    """

    secret_key: str
    policy: dict[str, Any]
    records_secret: str
    secure_cookies: bool = False
    trusted_proxies: int = 0
    public_host: str = ""
    issuer: tuple[str, ...] = ("CoronaCare",)
    laboratory: str = ""
    sign_in_attempts_per_address: int = 50
    paper_checks_per_address: int = 60
    server_timing: bool = False
    idle_s: float = 1800
    time_zone: str = "UTC"
    telephone_region: str | None = None
    cockpit_url: str = ""
    suppress_below: int = 0
    targets: Mapping[str, timedelta | float | None] = field(default_factory=dict)
    doctors: Mapping[str, Doctor] = field(default_factory=dict)
    retention: Mapping[str, timedelta] = field(default_factory=dict)
    simulation_folder: Path = Path(".run/simulation")
    lease_s: float = 45
    submission_retries: RetrySchedule = RETRIES
    openid: OpenIdOptions | None = None

    @property
    def public_url(self) -> str:
        """The address at which patients reach the pages."""
        return f"{'https' if self.secure_cookies else 'http'}://{self.public_host}"
