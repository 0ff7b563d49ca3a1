"""The settings, typed: config/default.yaml, overridden by another file, and both by the environment.

Only entry points read them; other modules get values as arguments.
"""

from __future__ import annotations

import os
from datetime import timedelta
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import phonenumbers
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)

from config.renamed import RENAMED, DuplicateSetting, with_new_names

ROOT = Path(__file__).parent.parent
PREFIX = "CORONACARE_"
FILE = PREFIX + "CONFIG"
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def _check_time_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("no time zone has this name; for example Europe/Berlin")
    return name


def _check_region(name: str) -> str:
    if name not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError("no country has this code; for example DE")
    return name


def _check_range(limits: tuple[float, float]) -> tuple[float, float]:
    if limits[0] > limits[1]:
        raise ValueError("the first limit must be the lower one")
    return limits


Duration = Annotated[str, Field(pattern=r"^P(\d+D|(\d+D)?T(\d+[HMS])+)$")]
Url = Annotated[str, Field(pattern=r"^https?://[^/\s]+$")]
TelephoneRegion = Annotated[str, AfterValidator(_check_region)]
TimeZone = Annotated[str, AfterValidator(_check_time_zone)]
Oid = Annotated[str, Field(pattern=r"^([0-2](\.(0|[1-9]\d*))+)?$")]
Positive = Annotated[float, Field(gt=0)]
Range = Annotated[tuple[float, float], AfterValidator(_check_range)]
Share = Annotated[float, Field(ge=0, le=1)]
PositiveSpan = Annotated[timedelta, Field(gt=timedelta())]


class SettingsError(Exception):
    """A setting is invalid; the message names it and the expected value."""


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Part(Section):
    """A part that answers at a URL."""

    url: Url

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or (443 if self.url.startswith("https") else 80)


class Engine(Part):
    username: str
    password: SecretStr = Field(SecretStr(""), description="of the account `engine.username`")
    database_url: str
    database_username: str
    database_password: SecretStr = Field(SecretStr(""), description="of `engine.database_username`")
    secure_cookies: bool
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


class ServiceAccount(Section):
    """A service account of the engine at the OpenID provider."""

    client_id: str
    client_secret: SecretStr
    subject: str


class SignIn(Section):
    """How staff and the platform's own parts sign in."""

    method: Literal["password", "openid_connect"]
    issuer: Annotated[str, Field(pattern=r"^(https?://[^\s?#]+)?$")]
    client_id: str
    client_secret: SecretStr = Field(
        SecretStr(""), description="of the client `sign_in.client_id`; empty for a public one"
    )
    scopes: list[str]
    audience: str
    service_scope: str
    groups_claim: str
    groups: dict[str, list[str]]
    services: dict[str, ServiceAccount]
    checked_within: PositiveSpan
    contact: str
    emergency_password: SecretStr = Field(
        SecretStr(""),
        description="of the administrator `emergency`, for when the provider is away; empty: none",
    )

    @property
    def is_by_provider(self) -> bool:
        return self.method == "openid_connect"

    @model_validator(mode="after")
    def _check(self) -> SignIn:
        if not self.is_by_provider:
            return self
        missing = [name for name in ("issuer", "client_id", "audience", "groups", "contact") if not getattr(self, name)]
        if missing:
            raise ValueError(f"set {', '.join(missing)} for openid_connect")
        if self.audience == self.client_id:
            raise ValueError("audience must differ from client_id: else an ID token would open the engine's REST API")
        issuer = urlsplit(self.issuer)
        if issuer.scheme != "https" and issuer.hostname not in LOOPBACK:
            raise ValueError("the issuer must have an https URL: its answers decide who may do what")
        return self


class Front(Section):
    """The reverse proxy in front of the web application and the engine, if there is one."""

    url: Url | None = None
    max_concurrent_pages: Annotated[int, Field(ge=1)]
    metrics_url: Url
    https_address: Annotated[str, Field(pattern=r"^([^\s/:]+:\d+)?$")]


class Webapp(Part):
    secret_key: SecretStr = Field(SecretStr(""), description="key that signs cookies and tokens")
    processes: Annotated[int, Field(ge=1)]
    threads: Annotated[int, Field(ge=1)]
    session_idle_s: Positive
    trusted_proxies: Annotated[int, Field(ge=0)]
    sign_in_attempts_per_address: Annotated[int, Field(ge=1)]
    paper_checks_per_address: Annotated[int, Field(ge=1)]
    time_zone: TimeZone
    telephone_region: TelephoneRegion | None
    suppress_below: Annotated[int, Field(ge=0)]
    server_timing: bool
    lease_s: Positive


class Records(Section):
    database_url: str
    secret_key: SecretStr = Field(
        SecretStr(""), description="key that encrypts answers and sessions, and hashes access codes"
    )


LaboratoryName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,49}$")]


class Lab(Part):
    api_key: SecretStr = Field(SecretStr(""), description="key of the lab's API")
    database_url: str
    kits: Annotated[int, Field(ge=0)]
    capacity: Annotated[int, Field(ge=0)]
    turnaround_s: tuple[float, float]
    positive_share: Annotated[float, Field(ge=0, le=1)]
    laboratory_keys: dict[LaboratoryName, SecretStr] = Field(
        {}, description="key of each laboratory that sends messages by HTTP, by its name; none: they can't"
    )
    max_message_bytes: Annotated[int, Field(ge=1000)]
    mllp_address: Annotated[str, Field(pattern=r"^([^\s/]+:\d+)?$")]
    mllp_certificate: Path | None
    mllp_key: Path | None
    mllp_client_ca: Path | None
    messages_folder: Path | None
    messages_kept_for: PositiveSpan


class Government(Part):
    format: Literal["api", "elr", "fhir", "sormas"]
    api_key: SecretStr = Field(SecretStr(""), description="key of the government's API")
    archive_key: SecretStr = Field(SecretStr(""), description="key that encrypts the government's archive")
    database_url: str


class Organization(Section):
    name: str
    oid: Oid
    street: str
    city: str
    postal_code: str
    country: Annotated[str, Field(pattern=r"^([A-Z]{3})?$")]
    phone: Annotated[str, Field(pattern=r"^(\+[1-9]\d{6,14})?$")]
    clia: str

    @property
    def letterhead(self) -> tuple[str, ...]:
        """The name and the address, in lines; empty ones are left out."""
        return tuple(line for line in (self.name, self.street, f"{self.postal_code} {self.city}".strip()) if line)


class Reports(Section):
    """Reports to a health authority that speaks a standard."""

    url: Annotated[str, Field(pattern=r"^((mllps?|https?)://[^/\s]+(/\S*)?|file:///\S+)?$")]
    token: SecretStr = Field(SecretStr(""), description="for the receiver's HTTP server (Bearer); empty: none")
    ca: Path | None
    certificate: Path | None
    key: Path | None
    receiver: str
    receiver_oid: Oid
    facility: Organization
    laboratory: Organization
    test: Annotated[str, Field(pattern=r"^\d+-\d$")]
    test_name: str
    day_format: Annotated[str, Field(pattern=r"^%[dm][./-]%[dm][./-]%Y$")]

    def find_missing(self, format: str) -> list[str]:
        """Return the names of settings that a format needs, and that are empty."""
        names = ["url"]
        if format != "sormas":
            names += ["receiver", "receiver_oid"]
            for part in ("facility", "laboratory"):
                names += [f"{part}.{name}" for name in Organization.model_fields if name != "clia"]
        return [f"reports.{name}" for name in names if not attrgetter(name)(self)]


class Sms(Part):
    """The SMS gateway."""

    api_key: SecretStr = Field(SecretStr(""), description="key of the gateway's API")
    database_url: str


class Mail(Section):
    host: str
    port: Annotated[int, Field(gt=0, lt=65536)]
    sender: str
    username: str
    password: SecretStr = Field(SecretStr(""), description="of the account `mail.username`")
    starttls: bool


class Workers(Part):
    """The worker process, which serves its health and metrics at `url`."""

    number: Annotated[int, Field(ge=1)]
    slots: Annotated[int, Field(ge=1)]
    shutdown_timeout_s: Positive
    lock_s: Positive
    long_poll_s: Positive
    feed_interval_s: Positive
    outbox_interval_s: Positive
    erasure_interval_s: Positive
    lease_s: Positive


class Retry(Section):
    """Pauses between attempts."""

    first: PositiveSpan
    longest: PositiveSpan
    give_up_after: PositiveSpan | None = None


class Retries(Section):
    email: Retry
    sms: Retry
    telephone: Retry
    submissions: Retry
    lab_feed: Retry
    erasures: Retry


class Retention(Section):
    """Retention times; config/default.yaml gives the reasons."""

    cases: timedelta
    access: timedelta
    submissions: timedelta
    messages: timedelta
    drafts: timedelta
    sessions: timedelta
    papers: timedelta


class Backup(Section):
    """Backups of all databases."""

    recipient: str
    database_url: str
    folder: Path | None
    data: Path | None
    keep_daily: Annotated[int, Field(ge=1)]
    keep_weekly: Annotated[int, Field(ge=0)]
    erased_cases: Path | None


class Policy(Section):
    """Medical and organisational rules; durations are ISO 8601, the format of BPMN timers."""

    emergency_number: str
    contact_email: str
    contact_phone: str
    evaluation_request_expires_after: Duration
    reminded_after: Duration
    tracers_call_after: Duration
    medical_form_expires_after: Duration
    kit_asked_again_after: Duration
    visit_within_hours: Annotated[int, Field(ge=0)]
    most_visits: Annotated[int, Field(ge=1)]
    result_chased_after: Duration
    result_given_up_after: Duration
    most_samples: Annotated[int, Field(ge=1)]
    review_skipped_after: Duration
    priority_rises: Annotated[str, Field(pattern=r"^R\d+/P")]
    severity: dict[str, int]
    traced_after_report: dict[str, bool]
    isolation_days: Annotated[int, Field(ge=0)]
    quarantine_days: Annotated[int, Field(ge=0)]
    infectious_days_before_onset: Annotated[int, Field(ge=0)]
    contacts_called_after_hours: Annotated[int, Field(ge=0)]
    contacts_given_up_after: Duration
    contact_call_given_up_after_hours: Annotated[int, Field(ge=0)]
    most_calls: Annotated[int, Field(ge=1)]
    watched_at_home: bool
    report_hour: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    report_reminded_after: Duration
    report_missing_after: Duration
    watch_call_within_hours: Annotated[int, Field(ge=0)]
    fever_from_c: Positive
    normal_vital_signs: dict[str, Range]
    fever_free_days: Annotated[int, Field(ge=0)]
    call_repeated_after: Duration
    call_escalated_after: Duration


class Targets(Section):
    """Targets of managers: longest waits and durations, and shares and numbers; config/default.yaml says which."""

    emergency_call: PositiveSpan | None
    kit: PositiveSpan | None
    visit: PositiveSpan | None
    result: PositiveSpan | None
    report: PositiveSpan | None
    positivity: Share | None
    sample_to_result: PositiveSpan | None
    sample_to_last_contact: PositiveSpan | None
    red_to_call: PositiveSpan | None
    with_contacts: Share | None
    contacts_per_case: Positive | None
    notified_in_24_h: Share | None
    mean_feedback: Positive | None


class Demo(Section):
    """Data of `make demo` in addition to the pilot."""

    history_weeks: Annotated[int, Field(ge=0, le=52)]


class _File(YamlConfigSettingsSource):
    def __call__(self) -> dict[str, Any]:
        return with_new_names(super().__call__())


class _Environment(EnvSettingsSource):
    def __call__(self) -> dict[str, Any]:
        return with_new_names(super().__call__())


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    front: Front
    engine: Engine
    sign_in: SignIn
    webapp: Webapp
    records: Records
    lab: Lab
    government: Government
    reports: Reports
    mail: Mail
    sms: Sms
    workers: Workers
    retries: Retries
    backup: Backup
    retention: Retention
    targets: Targets
    demo: Demo
    folder: Path
    people: Path
    policy: Policy

    @property
    def _engine_client(self) -> dict[str, str] | None:
        """Client of the account `engine.username` at the OpenID provider: arguments of ClientCredentials, or None."""
        if not self.sign_in.is_by_provider:
            return None
        service = self.sign_in.services[self.engine.username]
        return {
            "client_id": service.client_id,
            "client_secret": service.client_secret.get_secret_value(),
            "issuer": self.sign_in.issuer,
            "scope": self.sign_in.service_scope,
        }

    @property
    def engine_account(self) -> tuple[str, str, dict[str, str] | None, dict[str, Path | None]]:
        """Account, password, client and certificates of this process at the engine."""
        certificates = {"ca": self.engine.ca, "certificate": self.engine.certificate, "key": self.engine.key}
        return self.engine.username, self.engine.password.get_secret_value(), self._engine_client, certificates

    @property
    def public_url(self) -> str:
        """URL of the patients' pages, as patients reach them."""
        return self.front.url or self.webapp.url

    @property
    def staff_url(self) -> str:
        """URL of Tasklist and Cockpit, as staff reach them."""
        return self.front.url or self.engine.url

    @property
    def backups_folder(self) -> Path:
        return ROOT / (self.backup.folder or self.folder / "backups")

    @property
    def restored_folder(self) -> Path:
        """Folder that a restore fills."""
        return ROOT / (self.backup.data or self.folder / "data")

    @property
    def erased_cases(self) -> Path:
        """File with the list of erased cases."""
        return ROOT / (self.backup.erased_cases or self.folder / "erased" / "data.txt")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        files = [_File(settings_cls, ROOT / "config" / "default.yaml")]
        if os.environ.get(FILE):
            files.insert(0, _File(settings_cls, _require_file(os.environ[FILE])))
        return (init_settings, _Environment(settings_cls), *files)


def load(**overrides: Any) -> Settings:
    """Read the settings.

    Raises:
        SettingsError: a setting is unknown, missing, of the wrong type, or set under its old and its new name.
    """
    _refuse_unknown_variables()
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SettingsError("\n".join(describe_error(e["loc"], e["msg"]) for e in error.errors())) from None
    except DuplicateSetting as error:
        raise SettingsError(str(error)) from None


def environment_name(*path: str) -> str:
    """Return the environment variable that overrides a setting: ("engine", "url") → CORONACARE_ENGINE__URL."""
    return PREFIX + "__".join(path).upper()


def _require_file(name: str) -> Path:
    if not Path(name).is_file():
        raise SettingsError(f"{FILE}={name}: there is no such file")
    return Path(name)


def _refuse_unknown_variables() -> None:
    sections = {environment_name(name): field.annotation for name, field in Settings.model_fields.items()}
    old_names = {environment_name(*path) for path in RENAMED}
    for name in os.environ:
        if not name.startswith(PREFIX) or name == FILE or name in old_names:
            continue
        section, _, key = name.partition("__")
        if section not in sections:
            raise SettingsError(f"{name}: unknown setting; config/default.yaml lists all")
        fields = getattr(sections[section], "model_fields", {})
        if key and key.lower().partition("__")[0] not in fields:
            raise SettingsError(f"{name}: unknown setting; config/default.yaml lists all")


def describe_error(location: tuple[int | str, ...], message: str) -> str:
    """Format a validation error of pydantic as one line that names the setting."""
    name = ".".join(str(step) for step in location)
    if message.startswith("Extra inputs"):
        return f"{name}: unknown setting; config/default.yaml lists all"
    return f"{name}: {message[0].lower()}{message[1:]}"
