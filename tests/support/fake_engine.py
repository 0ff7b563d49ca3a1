"""A fake of the external task API of Camunda 7.24, for tests of the runtime that take milliseconds.

tests/workers/ tests the same behaviour on the real engine.
"""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from camunda7.variables import engine_time
from tests.support.http_server import Call, Raw, Reply, http_server

Answer = tuple[int, Any]
OPTIMISTIC_LOCKING: Answer = (500, {"type": "OptimisticLockingException", "message": "m", "code": 1})
BROKEN_BEHIND: Answer = (500, {"type": "RestException", "message": "Unknown property used in expression", "code": 0})
UNAVAILABLE: Answer = (503, {})
CUT = Reply(0)


class FakeEngine:
    """External tasks, their locks and their outcomes.

    Attributes:
        calls: method and path of each request, in order.
        ended: by task id, the last segment of the request's path that finished it (as "complete"), and its body.
        failures: by task id, the bodies of its failure reports.
        fault: called with the path and body of each request; its answer, if any, replaces the engine's. CUT closes the
            connection.
    """

    def __init__(self) -> None:
        self.tasks: dict[str, dict[str, Any]] = {}
        self.ended: dict[str, tuple[str, dict[str, Any]]] = {}
        self.failures: dict[str, list[dict[str, Any]]] = {}
        self.calls: list[str] = []
        self.fault: Callable[[str, Any], Answer | Reply | Raw | None] = lambda path, body: None
        self._polls: dict[str, int] = {}
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()

    def add(self, topic: str = "lab.order_test", **fields: Any) -> str:
        """Create a task, as a process instance does at a service task; returns its id."""
        with self._changed:
            variables = {
                name: {"type": "Integer" if isinstance(value, int) else "String", "value": value}
                for name, value in fields.pop("variables", {}).items()
            }
            task = {
                "id": f"t{next(self._numbers)}",
                "topicName": topic,
                "businessKey": "C-1",
                "retries": None,
                "priority": 0,
                "errorMessage": None,
                "errorDetails": None,
                "extensionProperties": {},
                "workerId": None,
                "lockedUntil": 0.0,
                **fields,
                "variables": variables,
            }
            self.tasks[task["id"]] = task
            self._changed.notify_all()
            return task["id"]

    def locked_task_ids(self) -> list[str]:
        return [task["id"] for task in self.tasks.values() if task["lockedUntil"] > time.time()]

    def answer(self, method: str, url: str, body: Any) -> Answer | Reply | Raw:
        path = urlsplit(url).path.removeprefix("/engine-rest/external-task")
        self.calls.append(f"{method} {path}")
        replaced = self.fault(path, body)
        if replaced:
            return replaced
        if path == "/fetchAndLock":
            return self._fetch(body)
        with self._changed:
            if method == "GET":
                return self._get(path, parse_qs(urlsplit(url).query))
            _, task_id, what = path.split("/")
            answer = self._end_or_lock(task_id, what, body or {})
            self._changed.notify_all()
            return answer

    def _fetch(self, body: dict[str, Any]) -> Answer:
        worker = body["workerId"]
        deadline = time.monotonic() + body["asyncResponseTimeout"] / 1000
        with self._changed:
            poll = self._polls[worker] = next(self._numbers)
            self._changed.notify_all()
            while not (found := self._free(body)):
                left = deadline - time.monotonic()
                if left <= 0:
                    return 200, []
                # as in the engine, an expired lock or a due retry doesn't wake a waiting poll
                self._changed.wait(left)
                if self._polls[worker] != poll:
                    return UNAVAILABLE
            for task in found:
                task["workerId"] = worker
                task["lockedUntil"] = time.time() + body["topics"][0]["lockDuration"] / 1000
            return 200, [{**task, "lockExpirationTime": None} for task in found]

    def _free(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        topics = {topic["topicName"] for topic in body["topics"]}
        free = [
            task
            for task in self.tasks.values()
            if task["topicName"] in topics and task["retries"] != 0 and task["lockedUntil"] <= time.time()
        ]
        return sorted(free, key=lambda task: -task["priority"])[: body["maxTasks"]]

    def _get(self, path: str, query: dict[str, list[str]]) -> Answer:
        if path.endswith("/errorDetails"):
            return 200, self.tasks[path.split("/")[1]]["errorDetails"]
        if "externalTaskId" in query:
            return 200, [task for task in self.tasks.values() if task["id"] in query["externalTaskId"]]
        worker = query.get("workerId", [None])[0]
        found = [
            {**task, "lockExpirationTime": engine_time(datetime.fromtimestamp(task["lockedUntil"], UTC))}
            for task in self.tasks.values()
            if task["lockedUntil"] > time.time() and worker in (None, task["workerId"])
        ]
        return 200, sorted(found, key=lambda task: task["lockedUntil"]) if path == "" else {"count": len(found)}

    def _end_or_lock(self, task_id: str, what: str, body: dict[str, Any]) -> Answer:
        task = self.tasks.get(task_id)
        if task is None:
            return 404, {"type": "RestException", "message": f"External task with id {task_id} does not exist"}
        if what == "unlock":
            task["lockedUntil"], task["workerId"] = 0.0, None
            return 204, None
        free = what == "lock" and task["lockedUntil"] <= time.time()
        if body["workerId"] != task["workerId"] and not free:
            return 400, {"type": "RestException", "message": "It is locked by another worker"}
        if what == "lock":
            task["workerId"], task["lockedUntil"] = body["workerId"], time.time() + body["lockDuration"] / 1000
        elif what == "failure":
            self.failures.setdefault(task_id, []).append(body)
            task["errorMessage"], task["errorDetails"] = body["errorMessage"], body["errorDetails"]
            task["retries"], task["lockedUntil"] = body["retries"], time.time() + body["retryTimeout"] / 1000
        else:
            self.ended[task_id] = (what, body)
            del self.tasks[task_id]
        return 204, None


@contextmanager
def fake_engine() -> Iterator[tuple[FakeEngine, str]]:
    """A FakeEngine behind an HTTP server, and its base URL."""
    engine = FakeEngine()

    def reply(call: Call) -> Reply | Raw | None:
        answered = engine.answer(call.method, call.path, json.loads(call.body) if call.body else None)
        if isinstance(answered, Reply | Raw):
            return None if answered is CUT else answered
        status, answer = answered
        if answer is None:
            return Reply(status)
        if isinstance(answer, str):
            return Reply(status, answer.encode(), "text/plain")
        return Reply(status, json.dumps(answer).encode())

    with http_server(reply) as url:
        yield engine, url
