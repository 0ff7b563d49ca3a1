"""`python -m workers` runs all lanes, `python -m workers lab kpi` only these two.

Several processes may run the same lanes; on one host each needs its own number (workers.number).
"""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from access.people import load_people
from camunda7.inputs.place import Place
from camunda7.names import TASKLIST
from camunda7.outages import Outage, OutageMetrics, describe
from camunda7.worker import IdentityInUse, Runtime, TaskClient, WorkerIdentity, handlers_of, stop_on_signal
from camunda7.worker.health import Health
from camunda7.worker.logs import log_to_stderr
from config import settings as config
from config.secrets import load_with_secrets
from hosting.clients.government import Government
from hosting.clients.lab import Lab
from hosting.clients.mail import MailServer
from hosting.clients.service import Service
from hosting.clients.sms import SmsGateway
from hosting.databases import DATABASE_ERRORS
from hosting.engine_account import connection_options
from hosting.erased_cases import ErasedCases
from hosting.periodic import METRICS, PeriodicTask
from hosting.readiness import Check, find_problems
from hosting.schema import SchemaMismatch
from hosting.startup import require_database
from kpi.rows import KpiRows
from papers.register import Register
from processes.engine import Engine
from processes.variables import VARIABLES
from records import database, health
from records.access import Access
from records.cipher import Cipher
from records.drafts import Drafts
from records.erasures import Erasures
from records.leases import Leases
from records.outbox import Outbox
from records.postponed_items import PostponedItems
from records.retries import RetrySchedule
from records.roster import Roster
from records.sessions import Sessions
from records.submissions import Submissions
from reporting.authority import FORMATS, Authority, Endpoint, create_transport
from reporting.report import Organization, Parties
from workers.channels import Channel, Mail, MessageLinks, Sms, Telephone
from workers.erasure import Eraser, LocalStores, RemoteServices
from workers.lab_feed import LabFeed
from workers.lab_inbox import LabInbox
from workers.lanes import LANES
from workers.sender import Sender

S = TypeVar("S", bound=Service)
# timeout of each check of /readyz
READINESS_TIMEOUT_S = 2.0
SERVICES: dict[str, type[Service]] = {client.name: client for client in (Lab, Government, SmsGateway)}
# secrets that each lane needs in addition to the engine's password: API keys, and the key that signs links in messages
SECRETS = {
    "patient": ("sms.api_key", "records.secret_key"),
    "lab": ("lab.api_key", "sms.api_key", "records.secret_key"),
    "doctor": ("lab.api_key", "sms.api_key", "records.secret_key"),
    "government": ("government.api_key",),
    "kpi": (),
    "erasure": ("lab.api_key", "government.api_key", "sms.api_key", "records.secret_key"),
}
# lanes that add messages to the outbox
MESSAGING_LANES = {"patient", "lab", "doctor"}


def main(names: list[str]) -> None:
    unknown = set(names) - set(LANES)
    if unknown:
        sys.exit(f"no such lane: {', '.join(sorted(unknown))}; there are {', '.join(LANES)}")
    lanes = names or list(LANES)
    try:
        settings = load_with_secrets(
            "engine.password", *dict.fromkeys(name for lane in lanes for name in SECRETS[lane])
        )
        check_reports(settings)
    except config.SettingsError as error:
        sys.exit(str(error))
    log_to_stderr()
    try:
        run(settings, lanes)
    except (IdentityInUse, PortInUse, SchemaMismatch) as error:
        sys.exit(str(error))


class PortInUse(Exception):
    """The port for /healthz, /readyz and /metrics is in use."""


def run(settings: config.Settings, lanes: list[str]) -> None:
    identity = WorkerIdentity(worker_id(lanes, settings.workers.number), config.ROOT / settings.folder / "workers")
    with require_database("records.database_url"):
        database.open(settings.records.database_url)
    resources = create_resources(settings)
    handlers = [handler for lane in lanes for handler in handlers_of(LANES[lane])]
    client = create_task_client(settings, identity.worker_id)
    runtime = Runtime(
        client,
        handlers,
        resources,
        settings.workers.slots,
        settings.workers.shutdown_timeout_s,
        unavailable_errors=DATABASE_ERRORS,
        catalogue=VARIABLES,
    )
    for metric in METRICS:
        runtime.metrics.registry.register(metric)
    health_server = serve_health(settings, runtime, create_checks(settings, lanes, client))
    stopping = threading.Event()
    tasks, outages = create_periodic_tasks(settings, lanes, resources)
    runtime.metrics.registry.register(OutageMetrics(outages))
    stop_on_signal(runtime, stopping)
    threads = [task.start(stopping) for task in tasks]
    runtime.run()
    stopping.set()
    for thread in threads:
        thread.join(settings.workers.shutdown_timeout_s)
    health_server.close()


def worker_id(lanes: Iterable[str], number: int) -> str:
    """Return the id under which this process locks external tasks."""
    return "-".join([socket.gethostname(), *sorted(lanes), str(number)])


def serve_health(settings: config.Settings, runtime: Runtime, checks: list[Check]) -> Health:
    host, port = settings.workers.host, settings.workers.port
    try:
        return Health(host, port, runtime.metrics.registry, lambda: runtime.is_polling, lambda: find_problems(checks))
    except OSError as error:
        raise PortInUse(
            f"workers.url: port {port} can't be bound ({error.strerror}); set another port for this process"
        ) from None


def create_checks(settings: config.Settings, lanes: list[str], client: TaskClient) -> list[Check]:
    """Create the readiness checks of these lanes: engine, records, and our credentials at services and mail server."""
    checks = [
        Check("engine", lambda: client.check(READINESS_TIMEOUT_S)),
        Check("records", health.check, describe=health.describe),
    ]
    keys = dict.fromkeys(name for lane in lanes for name in SECRETS[lane] if name.endswith(".api_key"))
    for name in (key.removesuffix(".api_key") for key in keys):
        service = create_client(SERVICES[name], settings)
        checks.append(Check(name, partial(service.check, READINESS_TIMEOUT_S), is_required=False))
    if settings.mail.username and MESSAGING_LANES & set(lanes):
        checks.append(Check("mail", create_mail_server(settings).check, is_required=False))
    return checks


def create_resources(settings: config.Settings) -> dict[str, Any]:
    """Create the resources of handlers, by the name of their keyword-only parameter."""
    people, zone = load_people(settings.people), ZoneInfo(settings.webapp.time_zone)
    roster = Roster()
    roster.fill_if_empty(people.doctors)
    return {
        "engine": Engine(
            settings.engine.url,
            **connection_options(*settings.engine_account),
        ),
        "lab": create_client(Lab, settings),
        "government": create_client(Government, settings),
        "authority": create_authority(settings),
        "outbox": Outbox(lease_duration(settings)),
        "roster": roster,
        "doctors_phones": people.doctors_phones,
        "managers": people.managers_addresses,
        "kpis": KpiRows(zone),
        "place": Place(zone, settings.webapp.telephone_region),
    }


def create_periodic_tasks(
    settings: config.Settings, lanes: list[str], resources: dict[str, Any]
) -> tuple[list[PeriodicTask], list[Outage]]:
    """Create the periodic tasks of these lanes: reading the lab's feed and inbox, sending messages, and erasures.

    Returns the tasks, and the state of their targets, for the metrics.
    """
    workers, tasks, outages = settings.workers, [], []
    if "lab" in lanes:
        feed = create_lab_feed(settings, resources)
        tasks.append(PeriodicTask("lab_feed", feed.read, workers.feed_interval_s, describe_error))
        inbox = LabInbox(resources["lab"], resources["engine"])
        tasks.append(PeriodicTask("lab_inbox", inbox.read, workers.feed_interval_s, describe_error))
    if MESSAGING_LANES & set(lanes):
        sender = create_sender(settings, resources)
        outages += sender.outages
        tasks.append(PeriodicTask("outbox", sender.send_waiting, workers.outbox_interval_s, describe_error))
    if "erasure" in lanes:
        eraser = create_eraser(settings, resources)
        outages.append(eraser.outage)
        tasks.append(PeriodicTask("erasures", eraser.erase_waiting, workers.erasure_interval_s, describe_error))
    return tasks, outages


def describe_error(error: BaseException) -> str:
    """Describe an error for the log, without patients' data."""
    return health.describe(error) or describe(error)


def lease_duration(settings: config.Settings) -> timedelta:
    return timedelta(seconds=settings.workers.lease_s)


def create_schedule(retry: config.Retry) -> RetrySchedule:
    return RetrySchedule(**retry.model_dump())


def create_lab_feed(settings: config.Settings, resources: dict[str, Any]) -> LabFeed:
    leases = Leases(lease_duration(settings))
    schedule = create_schedule(settings.retries.lab_feed)
    return LabFeed(resources["lab"], resources["engine"], leases, PostponedItems(), schedule)


def create_task_client(settings: config.Settings, worker_id: str) -> TaskClient:
    return TaskClient(
        worker_id=worker_id,
        engine_url=settings.engine.url,
        username="",
        password="",
        lock_s=settings.workers.lock_s,
        long_poll_s=settings.workers.long_poll_s,
        **connection_options(*settings.engine_account),
    )


def create_sender(settings: config.Settings, resources: dict[str, Any]) -> Sender:
    tasklist = settings.staff_url + TASKLIST
    access = Access(Cipher(settings.records.secret_key.get_secret_value()))
    links = MessageLinks(settings.public_url, tasklist, access)
    phone = settings.policy.contact_phone
    channels: dict[str, Channel] = {
        "email": Mail(create_mail_server(settings), settings.mail.sender, links, phone),
        "sms": Sms(create_client(SmsGateway, settings), links, phone),
        "telephone": Telephone(resources["engine"]),
    }
    schedules = {name: create_schedule(getattr(settings.retries, name)) for name in channels}
    return Sender(resources["outbox"], channels, schedules)


def create_mail_server(settings: config.Settings) -> MailServer:
    mail = settings.mail
    return MailServer(mail.host, mail.port, mail.username, mail.password.get_secret_value(), mail.starttls)


def create_eraser(settings: config.Settings, resources: dict[str, Any]) -> Eraser:
    cipher = Cipher(settings.records.secret_key.get_secret_value())
    stores = LocalStores(
        access=Access(cipher),
        drafts=Drafts(cipher),
        kpis=resources["kpis"],
        outbox=resources["outbox"],
        papers=Register(cipher),
        sessions=Sessions(cipher),
        submissions=Submissions(cipher),
    )
    services = RemoteServices(
        resources["engine"], resources["lab"], resources["government"], create_client(SmsGateway, settings)
    )
    lease = lease_duration(settings)
    erasures = Erasures(lease, ErasedCases(settings.erased_cases))
    return Eraser(erasures, Leases(lease), stores, services, create_schedule(settings.retries.erasures))


def check_reports(settings: config.Settings) -> None:
    """Check that the settings of reports to an authority are complete.

    Raises:
        SettingsError: `government.format` needs settings that are empty.
    """
    format = settings.government.format
    if format != "api" and (missing := settings.reports.find_missing(format)):
        raise config.SettingsError(f"government.format: {format} needs {', '.join(missing)}")


def create_authority(settings: config.Settings) -> Authority | None:
    """Create the authority that gets reports in its own format; None without one."""
    if settings.government.format == "api":
        return None
    reports = settings.reports
    endpoint = Endpoint(reports.url, reports.token.get_secret_value(), reports.ca, reports.certificate, reports.key)
    parties = Parties(
        reports.receiver,
        reports.receiver_oid,
        Organization(**reports.facility.model_dump()),
        Organization(**reports.laboratory.model_dump()),
        reports.test,
        reports.test_name,
        reports.day_format,
    )
    return Authority(FORMATS[settings.government.format], parties, create_transport(endpoint))


def create_client(service: type[S], settings: config.Settings) -> S:
    """Create a client of the lab, the government or the SMS gateway."""
    section = getattr(settings, service.name)
    return service(section.url, section.api_key.get_secret_value())


if __name__ == "__main__":
    main(sys.argv[1:])
