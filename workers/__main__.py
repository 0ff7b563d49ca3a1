"""`python -m workers` runs all lanes, `python -m workers lab kpi` those that are named.

Several processes may run the same lanes, on one host with a number of its own each (workers.number).
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
from hosting.periodic import METRICS, PeriodicTask
from hosting.readiness import Check, find_problems
from hosting.schema import SchemaMismatch
from hosting.startup import require_database
from kpi.rows import KpiRows
from processes.engine import Engine
from processes.variables import VARIABLES
from records import database, health
from records.access import Access
from records.cipher import Cipher
from records.drafts import Drafts
from records.erasures import Erasures
from records.feed_items import FeedItems
from records.leases import Leases
from records.outbox import Outbox
from records.retries import RetrySchedule
from records.roster import Roster
from records.sessions import Sessions
from records.submissions import Submissions
from workers.channels import Channel, Mail, Pages, Sms, Telephone
from workers.erasure import Eraser, LocalStores, RemoteServices
from workers.lab_feed import LabFeed
from workers.lanes import LANES
from workers.sender import Sender

S = TypeVar("S", bound=Service)
# /readyz waits for each answer for so long
CHECKED_WITHIN_S = 2.0
SERVICES: dict[str, type[Service]] = {client.name: client for client in (Lab, Government, SmsGateway)}
# what each lane needs beside the engine's password: to call a service, to write messages with links
SECRETS = {
    "patient": ("sms.api_key", "records.secret_key"),
    "lab": ("lab.api_key", "sms.api_key", "records.secret_key"),
    "doctor": ("lab.api_key", "sms.api_key", "records.secret_key"),
    "government": ("government.api_key",),
    "kpi": (),
    "erasure": ("lab.api_key", "government.api_key", "sms.api_key", "records.secret_key"),
}
# the lanes that write messages
WRITING = {"patient", "lab", "doctor"}


def main(names: list[str]) -> None:
    unknown = set(names) - set(LANES)
    if unknown:
        sys.exit(f"no such lane: {', '.join(sorted(unknown))}; there are {', '.join(LANES)}")
    lanes = names or list(LANES)
    try:
        settings = load_with_secrets(
            "engine.password", *dict.fromkeys(name for lane in lanes for name in SECRETS[lane])
        )
    except config.SettingsError as error:
        sys.exit(str(error))
    log_to_stderr()
    try:
        run(settings, lanes)
    except (IdentityInUse, PortTaken, SchemaMismatch) as error:
        sys.exit(str(error))


class PortTaken(Exception):
    """Nobody could watch this process."""


def run(settings: config.Settings, lanes: list[str]) -> None:
    identity = WorkerIdentity(worker_id(lanes, settings.workers.number), config.ROOT / settings.folder / "workers")
    with require_database("records.database_url"):
        database.open(settings.records.database_url)
    resources = resources_of(settings)
    handlers = [handler for lane in lanes for handler in handlers_of(LANES[lane])]
    client = task_client(settings, identity.worker_id)
    runtime = Runtime(
        client,
        handlers,
        resources,
        settings.workers.slots,
        settings.workers.shutdown_timeout_s,
        DATABASE_ERRORS,
        VARIABLES,
    )
    for metric in METRICS:
        runtime.metrics.registry.register(metric)
    watched = serve_health(settings, runtime, checks_of(settings, lanes, client))
    stopping = threading.Event()
    tasks, beside = periodic_tasks(settings, lanes, resources)
    runtime.metrics.registry.register(OutageMetrics(beside))
    stop_on_signal(runtime, stopping)
    threads = [task.start(stopping) for task in tasks]
    runtime.run()
    stopping.set()
    for thread in threads:
        thread.join(settings.workers.shutdown_timeout_s)
    watched.close()


def worker_id(lanes: Iterable[str], number: int) -> str:
    """What the engine knows a process by."""
    return "-".join([socket.gethostname(), *sorted(lanes), str(number)])


def serve_health(settings: config.Settings, runtime: Runtime, checks: list[Check]) -> Health:
    host, port = settings.workers.host, settings.workers.port
    try:
        return Health(host, port, runtime.metrics.registry, lambda: runtime.is_polling, lambda: find_problems(checks))
    except OSError as error:
        raise PortTaken(f"workers.url: no port {port} ({error.strerror}); give this process another") from None


def checks_of(settings: config.Settings, lanes: list[str], client: TaskClient) -> list[Check]:
    """What these lanes need: the engine and the records, and that the services and the mail server know us."""
    checks = [
        Check("engine", lambda: client.check(CHECKED_WITHIN_S)),
        Check("records", health.check, describe=health.describe),
    ]
    keys = dict.fromkeys(name for lane in lanes for name in SECRETS[lane] if name.endswith(".api_key"))
    for name in (key.removesuffix(".api_key") for key in keys):
        service = client_of(SERVICES[name], settings)
        checks.append(Check(name, partial(service.check, CHECKED_WITHIN_S), is_required=False))
    if settings.mail.username and WRITING & set(lanes):
        checks.append(Check("mail", mail_server(settings).check, is_required=False))
    return checks


def resources_of(settings: config.Settings) -> dict[str, Any]:
    """What handlers may ask for beside process variables, by parameter name."""
    people = load_people(settings.people)
    roster = Roster()
    roster.fill_if_empty(people.doctors)
    return {
        "engine": Engine(settings.engine.url, settings.engine.username, settings.engine.password.get_secret_value()),
        "lab": client_of(Lab, settings),
        "government": client_of(Government, settings),
        "outbox": Outbox(claim_of(settings)),
        "roster": roster,
        "doctors_phones": people.doctors_phones,
        "managers": people.managers_addresses,
        "kpis": KpiRows(),
        "place": Place(ZoneInfo(settings.webapp.time_zone), settings.webapp.telephone_region),
    }


def periodic_tasks(
    settings: config.Settings, lanes: list[str], resources: dict[str, Any]
) -> tuple[list[PeriodicTask], list[Outage]]:
    """What runs beside the external tasks: the lab's feed, erasures, and the messages of the lanes that write some; and
    the outages that these may have.
    """
    workers, tasks, beside = settings.workers, [], []
    if "lab" in lanes:
        feed = lab_feed(settings, resources)
        tasks.append(PeriodicTask("lab_feed", feed.read, workers.feed_interval_s, in_words))
    if WRITING & set(lanes):
        outbox = sender(settings, resources)
        beside += outbox.outages
        tasks.append(PeriodicTask("outbox", outbox.send_waiting, workers.outbox_interval_s, in_words))
    if "erasure" in lanes:
        erasures = eraser(settings, resources)
        beside.append(erasures.outage)
        tasks.append(PeriodicTask("erasures", erasures.erase_waiting, workers.erasure_interval_s, in_words))
    return tasks, beside


def in_words(error: BaseException) -> str:
    """An error for the log, without a patient's data."""
    return health.describe(error) or describe(error)


def claim_of(settings: config.Settings) -> timedelta:
    return timedelta(seconds=settings.workers.lease_s)


def schedule(retry: config.Retry) -> RetrySchedule:
    return RetrySchedule(**retry.model_dump())


def lab_feed(settings: config.Settings, resources: dict[str, Any]) -> LabFeed:
    claims = Leases(claim_of(settings))
    return LabFeed(resources["lab"], resources["engine"], claims, FeedItems(), schedule(settings.retries.lab_feed))


def task_client(settings: config.Settings, worker_id: str) -> TaskClient:
    return TaskClient(
        worker_id=worker_id,
        engine_url=settings.engine.url,
        username=settings.engine.username,
        password=settings.engine.password.get_secret_value(),
        lock_s=settings.workers.lock_s,
        long_poll_s=settings.workers.long_poll_s,
    )


def sender(settings: config.Settings, resources: dict[str, Any]) -> Sender:
    tasklist = settings.staff_url + "/camunda/app/tasklist/default/"
    access = Access(Cipher(settings.records.secret_key.get_secret_value()))
    pages = Pages(settings.public_url, tasklist, access)
    mail = settings.mail
    carriers: dict[str, Channel] = {
        "email": Mail(mail_server(settings), mail.sender, pages),
        "sms": Sms(client_of(SmsGateway, settings), pages),
        "telephone": Telephone(resources["engine"]),
    }
    schedules = {channel: schedule(getattr(settings.retries, channel)) for channel in carriers}
    return Sender(resources["outbox"], carriers, schedules)


def mail_server(settings: config.Settings) -> MailServer:
    mail = settings.mail
    return MailServer(mail.host, mail.port, mail.username, mail.password.get_secret_value(), mail.starttls)


def eraser(settings: config.Settings, resources: dict[str, Any]) -> Eraser:
    cipher = Cipher(settings.records.secret_key.get_secret_value())
    stores = LocalStores(
        Access(cipher), Drafts(cipher), resources["kpis"], resources["outbox"], Sessions(cipher), Submissions(cipher)
    )
    services = RemoteServices(
        resources["engine"], resources["lab"], resources["government"], client_of(SmsGateway, settings)
    )
    claim = claim_of(settings)
    return Eraser(Erasures(claim), Leases(claim), stores, services, schedule(settings.retries.erasures))


def client_of(service: type[S], settings: config.Settings) -> S:
    """A client of the lab, the government or the SMS gateway."""
    section = getattr(settings, service.name)
    return service(section.url, section.api_key.get_secret_value())


if __name__ == "__main__":
    main(sys.argv[1:])
