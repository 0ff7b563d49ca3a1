"""WSGI entry point of the web application, for gunicorn; starts the periodic tasks that forward submissions and delete
expired records."""

from functools import partial
from urllib.parse import urlsplit

from access.people import load_people
from camunda7.names import COCKPIT
from camunda7.outages import OutageMetrics
from config.secrets import load_with_secrets
from config.settings import Settings
from hosting.certificates import CertificateCollector, read_validity
from hosting.clients.government import Government
from hosting.clients.lab import Lab
from hosting.engine_account import connection_options
from hosting.metrics import with_metrics
from hosting.periodic import PeriodicTask
from hosting.startup import require_database
from processes.engine import Engine
from records import database, health
from records.retries import RetrySchedule
from webapp import forwarding, housekeeping, server_timing
from webapp.app import create_app
from webapp.metrics import WebappCollector
from webapp.openid import OpenIdOptions
from webapp.options import Doctor, Options
from webapp.resources import resources_of


def _openid_options(settings: Settings) -> OpenIdOptions:
    sign_in = settings.sign_in
    return OpenIdOptions(
        issuer=sign_in.issuer,
        client_id=sign_in.client_id,
        client_secret=sign_in.client_secret.get_secret_value(),
        scopes=sign_in.scopes,
        groups_claim=sign_in.groups_claim,
        groups=sign_in.groups,
        checked_within_s=sign_in.checked_within.total_seconds(),
        contact=sign_in.contact,
        has_emergency_account=bool(sign_in.emergency_password.get_secret_value()),
        callback_url=f"{settings.public_url}/staff/sign-in/callback",
        signed_out_url=f"{settings.public_url}/staff/signed-out",
        engine_sign_out_url=f"{settings.engine.url}/camunda/sign-out/back-channel",
    )


_settings = load_with_secrets(
    "engine.password", "webapp.secret_key", "records.secret_key", "government.api_key", "lab.api_key"
)
with require_database("records.database_url"):
    database.open(_settings.records.database_url)
_people = load_people(_settings.people).people
_lab = Lab(_settings.lab.url, _settings.lab.api_key.get_secret_value(), timeout_s=2)
_application = create_app(
    Options(
        secret_key=_settings.webapp.secret_key.get_secret_value(),
        records_secret=_settings.records.secret_key.get_secret_value(),
        retention=_settings.retention.model_dump(),
        targets=_settings.targets.model_dump(),
        doctors={
            account: Doctor(person.full_name, person.phone, person.email)
            for account, person in _people.items()
            if "doctors" in person.groups
        },
        trusted_proxies=_settings.webapp.trusted_proxies + bool(_settings.front.url),
        public_host=urlsplit(_settings.public_url).netloc,
        issuer=_settings.reports.facility.letterhead or Options.issuer,
        laboratory=_settings.reports.laboratory.name,
        server_timing=_settings.webapp.server_timing,
        sign_in_attempts_per_address=_settings.webapp.sign_in_attempts_per_address,
        paper_checks_per_address=_settings.webapp.paper_checks_per_address,
        policy=_settings.policy.model_dump(),
        secure_cookies=_settings.public_url.startswith("https"),
        lease_s=_settings.webapp.lease_s,
        submission_retries=RetrySchedule(**_settings.retries.submissions.model_dump()),
        idle_s=_settings.webapp.session_idle_s,
        time_zone=_settings.webapp.time_zone,
        telephone_region=_settings.webapp.telephone_region,
        suppress_below=_settings.webapp.suppress_below,
        simulation_folder=_settings.folder / "simulation",
        cockpit_url=_settings.staff_url + COCKPIT,
        openid=_openid_options(_settings) if _settings.sign_in.is_by_provider else None,
    ),
    Engine(
        _settings.engine.url,
        **connection_options(*_settings.engine_account),
        observe=server_timing.add_engine_time,
    ),
    Government(_settings.government.url, _settings.government.api_key.get_secret_value(), timeout_s=5),
    _lab,
)
_resources = resources_of(_application)
_host = urlsplit(_settings.public_url).hostname or ""
_read = partial(read_validity, _settings.front.https_address, _host)
_certificates = [CertificateCollector(_read)] if _settings.front.https_address else []
_collectors = [
    WebappCollector(_lab, _settings.webapp.suppress_below, _settings.targets.model_dump()),
    OutageMetrics([_resources.forwarder.outage, *(each.outage for each in _certificates)]),
    *_certificates,
]
application = with_metrics(_application, _collectors)
PeriodicTask("forwarder", _resources.forwarder.run, forwarding.INTERVAL_S, health.describe).start()
PeriodicTask("housekeeping", _resources.housekeeping.run, housekeeping.INTERVAL_S, health.describe).start()
