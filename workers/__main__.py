"""`python -m workers` runs all lanes, `python -m workers lab kpi` those that are named.

Several processes may run the same lanes, on one host with a number of its own each (workers.number).
"""

from __future__ import annotations

import logging
import signal
import socket
import sys
import threading
from collections.abc import Iterable
from typing import Any

from config import settings as config
from config.people import load_people
from config.periodic import METRICS, PeriodicTask
from config.secrets import load_with
from processes.engine import Engine
from records import database
from records.access import Access
from records.claims import Claims
from records.drafts import Drafts
from records.erasures import Erasures
from records.kpis import KpiRows
from records.outbox import Outbox
from records.roster import Roster
from records.schema import SchemaMismatch
from records.seal import Seal
from records.sessions import Sessions
from records.submissions import Submissions
from workers.carriers import Carrier, Mail, Pages, Sms, Telephone
from workers.erasure import Elsewhere, Eraser, Kept
from workers.lab_feed import LabFeed
from workers.lanes import LANES
from workers.outside import Service
from workers.runtime import IdentityTaken, Runtime, TaskClient, WorkerIdentity, handlers_of
from workers.runtime.health import Health
from workers.runtime.logs import KeyValueFormatter
from workers.sender import Sender

# /readyz waits for the engine's answer for so long
ENGINE_WITHIN_S = 2.0
# what each lane needs beside the engine's password: to call a service, to write messages with links
SECRETS = {
    "patient": ("sms.api_key", "records.secret_key"),
    "lab": ("lab.api_key", "sms.api_key", "records.secret_key"),
    "doctor": ("lab.api_key", "sms.api_key", "records.secret_key"),
    "government": ("government.api_key",),
    "kpi": (),
    "erasure": ("lab.api_key", "government.api_key", "sms.api_key", "records.secret_key"),
}


def main(names: list[str]) -> None:
    unknown = set(names) - set(LANES)
    if unknown:
        sys.exit(f"no such lane: {', '.join(sorted(unknown))}; there are {', '.join(LANES)}")
    lanes = names or list(LANES)
    try:
        settings = load_with("engine.password", *dict.fromkeys(name for lane in lanes for name in SECRETS[lane]))
    except config.SettingsError as error:
        sys.exit(str(error))
    handler = logging.StreamHandler()
    handler.setFormatter(KeyValueFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    try:
        run(settings, lanes)
    except (IdentityTaken, PortTaken, SchemaMismatch) as error:
        sys.exit(str(error))


class PortTaken(Exception):
    """Nobody could watch this process."""


def run(settings: config.Settings, lanes: list[str]) -> None:
    identity = WorkerIdentity(worker_id(lanes, settings.workers.number), config.ROOT / settings.folder / "workers")
    database.open(settings.records.database_url)
    resources = resources_of(settings)
    handlers = [handler for lane in lanes for handler in handlers_of(LANES[lane])]
    client = task_client(settings, identity.worker_id)
    runtime = Runtime(
        client, handlers, resources, settings.workers.slots, settings.workers.stop_within_s, outages=database.AWAY
    )
    for metric in METRICS:
        runtime.metrics.registry.register(metric)
    watched = health(settings, runtime, client)
    stopping = threading.Event()
    stop_on_signal(runtime, stopping)
    threads = [task.start(stopping) for task in periodic_tasks(settings, lanes, resources)]
    runtime.run()
    stopping.set()
    for thread in threads:
        thread.join(settings.workers.stop_within_s)
    watched.close()


def worker_id(lanes: Iterable[str], number: int) -> str:
    """What the engine knows a process by."""
    return "-".join([socket.gethostname(), *sorted(lanes), str(number)])


def health(settings: config.Settings, runtime: Runtime, client: TaskClient) -> Health:
    host, port = settings.workers.host, settings.workers.port
    try:
        return Health(
            host, port, runtime.metrics.registry, lambda: runtime.turns, lambda: client.answers(ENGINE_WITHIN_S)
        )
    except OSError as error:
        raise PortTaken(f"workers.url: no port {port} ({error.strerror}); give this process another") from None


def resources_of(settings: config.Settings) -> dict[str, Any]:
    """What handlers may ask for beside process variables, by parameter name."""
    people = load_people(settings.people)
    roster = Roster()
    roster.fill_if_empty(people.doctors)
    return {
        "engine": Engine(settings.engine.url, settings.engine.username, settings.engine.password.get_secret_value()),
        "lab": Service("lab", settings.lab.url, settings.lab.api_key.get_secret_value()),
        "government": Service("government", settings.government.url, settings.government.api_key.get_secret_value()),
        "outbox": Outbox(),
        "roster": roster,
        "doctors_phones": people.doctors_phones,
        "managers": people.managers_addresses,
        "kpis": KpiRows(),
    }


def periodic_tasks(settings: config.Settings, lanes: list[str], resources: dict[str, Any]) -> list[PeriodicTask]:
    """What runs beside the external tasks: the lab's feed, erasures, and the messages of the lanes that write some."""
    workers, beside = settings.workers, []
    if "lab" in lanes:
        feed = LabFeed(resources["lab"], resources["engine"], Claims())
        beside.append(PeriodicTask("lab_feed", feed.read, workers.feed_interval_s))
    if {"patient", "lab", "doctor"} & set(lanes):
        outbox = sender(settings, resources)
        beside.append(PeriodicTask("outbox", outbox.send_waiting, workers.outbox_interval_s))
    if "erasure" in lanes:
        erasures = eraser(settings, resources)
        beside.append(PeriodicTask("erasures", erasures.erase_waiting, workers.erasure_interval_s))
    return beside


def task_client(settings: config.Settings, worker_id: str) -> TaskClient:
    return TaskClient(
        worker_id=worker_id,
        engine_url=settings.engine.url,
        username=settings.engine.username,
        password=settings.engine.password.get_secret_value(),
        lock_s=settings.workers.lock_s,
        poll_s=settings.workers.poll_s,
    )


def sender(settings: config.Settings, resources: dict[str, Any]) -> Sender:
    tasklist = settings.staff_url + "/camunda/app/tasklist/default/"
    access = Access(Seal(settings.records.secret_key.get_secret_value()))
    pages = Pages(settings.public_url, tasklist, access)
    mail = settings.mail
    carriers: dict[str, Carrier] = {
        "email": Mail(mail.host, mail.port, mail.sender, pages),
        "sms": Sms(sms_gateway(settings), pages),
        "telephone": Telephone(resources["engine"]),
    }
    return Sender(resources["outbox"], carriers)


def eraser(settings: config.Settings, resources: dict[str, Any]) -> Eraser:
    seal = Seal(settings.records.secret_key.get_secret_value())
    kept = Kept(Access(seal), Drafts(seal), resources["kpis"], resources["outbox"], Sessions(seal), Submissions(seal))
    elsewhere = Elsewhere(resources["engine"], resources["lab"], resources["government"], sms_gateway(settings))
    return Eraser(Erasures(), Claims(), kept, elsewhere)


def sms_gateway(settings: config.Settings) -> Service:
    return Service("sms", settings.sms.url, settings.sms.api_key.get_secret_value())


def stop_on_signal(runtime: Runtime, stopping: threading.Event) -> None:
    def stop(*_: object) -> None:
        stopping.set()
        threading.Thread(target=runtime.stop, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


if __name__ == "__main__":
    main(sys.argv[1:])
