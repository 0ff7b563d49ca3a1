"""Invented watches at home in time lapse, while workers are killed: nothing is lost or done twice."""

from __future__ import annotations

import itertools
import os
import random
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager

import pytest

from config.settings import environment_name
from kpi.rows import CaseRow
from processes.engine import Engine
from records import database
from records.outbox import Message
from tests.faults.fleet import Fleet
from tests.faults.run import scaled
from tests.faults.system import SystemUnderTest
from tests.faults.watches import Plan, Watch, invent_plans
from tests.support.case import eventually
from tests.support.mail import mailboxes
from workers.messages import TEXTS

pytestmark = [pytest.mark.engine, pytest.mark.verify]

WATCHES = scaled(40, 200)
AT_ONCE = 8
INTERVAL_S = 2.0
SEED = 31


@contextmanager
def open_records() -> Iterator[None]:
    database.open(os.environ[environment_name("records", "database_url")])
    with database.database.connection_context():
        yield
    database.database.close()


def find_doubled(watches: list[Watch]) -> list[str]:
    """What happened more than once, or not at all, of what must happen once; by the records."""
    found = []
    for watch in watches:
        rows = Message.select().where(Message.key.startswith(f"{watch.reference}/"))
        expected = {"released": 1, "daily_report_wanted": int(watch.plan.silent is not None)}
        for template, times in expected.items():
            if (count := rows.where(Message.template == template).count()) != times:
                found.append(f"{watch.reference}: {count} messages {template}")
        recorded = [(row.watch_outcome,) for row in CaseRow.select().where(CaseRow.case_reference == watch.reference)]
        if recorded != [("released",)]:
            found.append(f"{watch.reference}: recorded {recorded}")
    return found


def find_repeated_mails(system: SystemUnderTest, watches: list[Watch]) -> list[str]:
    """Patients who got a message under two Message-IDs; one may come twice, as SMTP has no idempotency keys."""
    subjects = [TEXTS[template]["en"][0] for template in ("released", "daily_report_wanted")]
    boxes = mailboxes(system.state)
    return [
        f"{watch.reference}: {subject}"
        for watch in watches
        for subject in subjects
        if len({mail["Message-ID"] for mail in boxes[watch.email] if mail["Subject"] == subject}) > 1
    ]


def test_each_watch_ends_on_the_policy_s_day_while_workers_are_killed(system: SystemUnderTest) -> None:
    admin = system.state["accounts"]["admin"]
    engine = Engine(system.state["engine"], admin["username"], admin["password"])
    plans = invent_plans(WATCHES, random.Random(SEED))
    watches = [Watch(engine, plan) for plan in plans]
    kills, began = 0, time.monotonic()
    with Fleet(system.parts["workers"], 4, system.logs) as fleet, ThreadPoolExecutor(AT_ONCE) as pool:
        lived = [pool.submit(watch.run) for watch in watches]
        for number in itertools.cycle(fleet.numbers):
            if not wait(lived, timeout=INTERVAL_S).not_done:
                break
            fleet.signal(number, signal.SIGKILL)
            kills += 1
        for each in lived:
            each.result()
        for watch in watches:
            watch.wait_for_end()
        with open_records():
            eventually(lambda: not find_doubled(watches), lambda: str(find_doubled(watches)))
    took_s = time.monotonic() - began
    days = sum(watch.days for watch in watches)
    silent, red = (sum(getattr(plan, name) is not None for plan in plans) for name in ("silent", "red"))
    print(f"{WATCHES} watches, {days} days in {took_s:.0f} s, {silent} silent, {red} red; {kills} workers killed")
    assert kills > 0
    # each red patient has a doctor's call, each silent one the calls of the policy, and each is released once
    assert [(watch.plan, watch.count_steps()) for watch in watches if watch.count_steps() != watch.expected_steps] == []
    assert [(watch.plan, watch.days) for watch in watches if watch.days != watch.expected_days] == []
    assert [watch.plan for watch in watches if len(watch.read("diary")) != watch.days] == []
    assert find_repeated_mails(system, watches) == []


def test_the_plans_are_as_announced() -> None:
    plans = invent_plans(200, random.Random(SEED))
    assert sum(plan.silent is not None for plan in plans) == 20
    assert sum(plan.red is not None for plan in plans) == 10
    policy = {"isolation_days": 10, "fever_free_days": 3}
    assert [Plan(onset).find_release(policy) for onset in (5, 10, 12)] == [6, 1, 0]
    assert Plan(10, fever=(0, 1)).find_release(policy) == 5
    assert Plan(9, red=2).find_release(policy) == 3
