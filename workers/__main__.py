"""`python -m workers` runs all lanes, `python -m workers lab kpi` those that are named."""

from __future__ import annotations

import logging
import signal
import socket
import sys
import threading
from typing import Any

from config import settings as config
from config.people import load_people
from processes.engine import Engine
from records import database
from records.kpis import KpiRows
from records.outbox import Outbox
from records.roster import Roster
from workers import doctor, government, kpi, lab
from workers.client import TaskClient
from workers.lab_feed import LabFeed
from workers.mailer import Mailer
from workers.outside import Service
from workers.runtime import Runtime
from workers.topics import handlers_of

LANES = {"lab": lab, "doctor": doctor, "government": government, "kpi": kpi}


def main(names: list[str]) -> None:
    unknown = set(names) - set(LANES)
    if unknown:
        sys.exit(f"no such lane: {', '.join(sorted(unknown))}; there are {', '.join(LANES)}")
    try:
        settings = config.load()
    except config.SettingsError as error:
        sys.exit(str(error))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    run(settings, names or list(LANES))


def run(settings: config.Settings, lanes: list[str]) -> None:
    database.open(settings.records.database_url)
    resources = resources_of(settings)
    handlers = [handler for lane in lanes for handler in handlers_of(LANES[lane])]
    runtime = Runtime(task_client(settings, lanes), handlers, resources, settings.workers.slots)
    stopping = threading.Event()
    threads = [
        threading.Thread(target=follower.run, args=(stopping,)) for follower in followers(settings, lanes, resources)
    ]
    stop_on_signal(runtime, stopping)
    for thread in threads:
        thread.start()
    runtime.run()
    stopping.set()
    for thread in threads:
        thread.join()


def resources_of(settings: config.Settings) -> dict[str, Any]:
    """What handlers may ask for beside process variables, by parameter name."""
    lab_key, government_key = settings.lab.api_key, settings.government.api_key
    roster = Roster()
    roster.fill_if_empty(load_people(settings.people).doctors)
    return {
        "engine": Engine(settings.engine.url, settings.engine.username, settings.engine.password.get_secret_value()),
        "lab": Service("lab", settings.lab.url, lab_key.get_secret_value()),
        "government": Service("government", settings.government.url, government_key.get_secret_value()),
        "outbox": Outbox(),
        "roster": roster,
        "kpis": KpiRows(),
    }


def followers(settings: config.Settings, lanes: list[str], resources: dict[str, Any]) -> list[LabFeed | Mailer]:
    """What runs beside the tasks: the lab's feed, and the messages of the lanes that write to patients."""
    beside: list[LabFeed | Mailer] = []
    if "lab" in lanes:
        beside.append(LabFeed(resources["lab"], resources["engine"], settings.workers.feed_interval_s))
    if {"lab", "doctor"} & set(lanes):
        beside.append(mailer(settings, resources["outbox"]))
    return beside


def task_client(settings: config.Settings, lanes: list[str]) -> TaskClient:
    return TaskClient(
        worker_id=f"{socket.gethostname()}-{'-'.join(sorted(lanes))}",
        engine_url=settings.engine.url,
        username=settings.engine.username,
        password=settings.engine.password.get_secret_value(),
        lock_s=settings.workers.lock_s,
        poll_s=settings.workers.poll_s,
        slots=settings.workers.slots,
    )


def mailer(settings: config.Settings, outbox: Outbox) -> Mailer:
    return Mailer(
        outbox,
        settings.mail.host,
        settings.mail.port,
        settings.mail.sender,
        settings.webapp.url + "/sign-in",
        settings.workers.outbox_interval_s,
    )


def stop_on_signal(runtime: Runtime, stopping: threading.Event) -> None:
    def stop(*_: object) -> None:
        stopping.set()
        threading.Thread(target=runtime.stop).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


if __name__ == "__main__":
    main(sys.argv[1:])
