"""The library's external task client made fit: kept connections, typed errors, silence about variables."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import urllib3
from camunda.client.external_task_client import ExternalTaskClient

from camunda7.engine import EngineUnavailable, refuse_errors
from camunda7.http_client import new_pool
from camunda7.variables import ENGINE_TIME
from camunda7.worker.tasks import is_task

# the library logs every variable at INFO: patients' data
logging.getLogger("camunda").setLevel(logging.CRITICAL)

log = logging.getLogger("workers")

CONNECT_S = 5.0
# so many calls at the same time keep their connections
CONNECTIONS = 16
# with all variables of as many tasks as fit into a poll, an answer has a tenth of it
MAX_ANSWER_BYTES = 32_000_000
# topics of nobody: a poll for them ends the one before it and finds nothing
NO_TOPIC = "none"


class TaskClient(ExternalTaskClient):  # type: ignore[misc]  # the library has no types
    """Client of the engine's external task API, for one worker. May be used from several threads.

    Each call raises EngineError unless the engine does what is asked.

    Args:
        worker_id: what the engine knows the worker by.
        engine_url: base URL, without /engine-rest.
        username, password: without them the API is called without authentication.
        lock_s: how long a fetched task is locked, in seconds.
        long_poll_s: how long the engine may hold a poll that finds nothing, in seconds.
    """

    def __init__(
        self,
        worker_id: str,
        engine_url: str,
        username: str,
        password: str,
        lock_s: float,
        long_poll_s: float,
    ):
        config: dict[str, Any] = {
            "lockDuration": int(lock_s * 1000),
            "asyncResponseTimeout": int(long_poll_s * 1000),
        }
        if username:
            config["auth_basic"] = {"username": username, "password": password}
        super().__init__(worker_id, engine_url + "/engine-rest", config)
        self.lock_s = lock_s
        self.long_poll_s = long_poll_s
        self._headers = self._get_headers()
        self._pool = new_pool(CONNECTIONS)

    def _log_with_context(self, msg: str, log_level: str = "info", **kwargs: Any) -> None:
        """The library would log its configuration and, in places, variables."""

    def fetch(self, topics: dict[str, list[str] | None], most: int) -> list[dict[str, Any]]:
        """Wait for tasks and lock them.

        Args:
            topics: the names of the variables to fetch, by topic; None is all, as the library fetches them. Without a
                topic it waits as long, and finds nothing.
            most: how many tasks at the most.
        """
        body = {
            "workerId": self.worker_id,
            "maxTasks": most,
            "usePriority": True,
            "asyncResponseTimeout": self.config["asyncResponseTimeout"],
            "topics": [self._topic(name, variables) for name, variables in (topics or {NO_TOPIC: []}).items()],
        }
        answer = self._call("POST", self.get_fetch_and_lock_url(), body, self.poll_timeout_s)
        if not isinstance(answer, list):
            raise EngineUnavailable("POST /fetchAndLock: not an answer of the engine")
        tasks = [raw for raw in answer if is_task(raw, topics)]
        if answer and not tasks:
            raise EngineUnavailable("POST /fetchAndLock: tasks that weren't asked for")
        if len(tasks) < len(answer):
            log.warning(
                "not tasks, or not asked for: %d of %d that were fetched", len(answer) - len(tasks), len(answer)
            )
        return tasks

    @property
    def poll_timeout_s(self) -> float:
        """After this a poll without an answer is given up, in seconds."""
        delta_ms: int = self.config["timeoutDeltaMillis"]
        return self.long_poll_s + delta_ms / 1000

    def end_poll(self) -> None:
        """Replace this worker's waiting poll by one that ends at once and fetches nothing.

        A poll whose connection is just closed would still lock tasks.
        """
        topic = self._topic(NO_TOPIC, [])
        body = {"workerId": self.worker_id, "maxTasks": 1, "asyncResponseTimeout": 1, "topics": [topic]}
        self._call("POST", self.get_fetch_and_lock_url(), body)

    def held(self) -> list[dict[str, Any]]:
        """The tasks that are locked for this worker, those that wait for their next try among them."""
        return self._list("GET", f"{self.external_task_base_url}?workerId={quote(self.worker_id)}&locked=true")

    def holds(self, task_id: str) -> bool:
        """Whether the engine has this task, and has it for this worker.

        Raises:
            EngineError: it didn't say.
        """
        found = self._list("GET", f"{self.external_task_base_url}?externalTaskId={quote(task_id)}")
        return any(task.get("workerId") == self.worker_id for task in found)

    def error_details(self, task_id: str) -> str:
        """What was reported beside the message of the task's last failure."""
        return self._call("GET", f"{self.external_task_base_url}/{task_id}/errorDetails") or ""

    def next_due(self) -> datetime | None:
        """When the next task becomes free that any worker has locked, or that waits for its next try."""
        query = "locked=true&withRetriesLeft=true&sortBy=lockExpirationTime&sortOrder=asc&maxResults=1"
        first = self._list("GET", f"{self.external_task_base_url}?{query}")
        try:
            return datetime.strptime(first[0]["lockExpirationTime"], ENGINE_TIME) if first else None
        except (KeyError, TypeError, ValueError):
            # no time, or one after the year 9999
            return None

    def check(self, timeout_s: float) -> None:
        """Find out whether the engine works for this worker, now.

        Raises:
            EngineError: it doesn't.
        """
        self._call("GET", self.external_task_base_url + "/count?workerId=" + quote(self.worker_id), timeout_s=timeout_s)

    def complete(self, task_id: str, global_variables: dict[str, Any], local_variables: Any = None) -> None:
        """Complete a task. Variables are typed as the REST API wants them."""
        body = {"workerId": self.worker_id, "variables": global_variables, "localVariables": local_variables or {}}
        self._report(self.get_task_complete_url(task_id), body)

    def failure(
        self, task_id: str, error_message: str, error_details: str | None, retries: int, retry_timeout: int
    ) -> None:
        """Report a failure. `retry_timeout` is in milliseconds; with 0 retries left the engine raises an incident."""
        body = {
            "workerId": self.worker_id,
            "errorMessage": error_message,
            "errorDetails": error_details,
            "retries": retries,
            "retryTimeout": retry_timeout,
        }
        self._report(self.get_task_failure_url(task_id), body)

    def bpmn_failure(self, task_id: str, error_code: str, error_message: str, variables: Any = None) -> None:
        """Report a BPMN error."""
        body = {
            "workerId": self.worker_id,
            "errorCode": error_code,
            "errorMessage": error_message,
            "variables": variables or {},
        }
        self._report(self.get_task_bpmn_error_url(task_id), body)

    def renew_lock(self, task_id: str) -> None:
        """Lock a task for another full duration from now, also one whose lock ran out, unless another worker has it.

        Raises:
            EngineRefused: another worker has it, or it is gone.
        """
        body = {"workerId": self.worker_id, "lockDuration": self.config["lockDuration"]}
        self._report(f"{self.external_task_base_url}/{task_id}/lock", body)

    def unlock(self, task_id: str) -> None:
        """Hand a task back: another worker may take it at once."""
        self._report(f"{self.external_task_base_url}/{task_id}/unlock", None)

    def _report(self, url: str, body: Any) -> None:
        """The engine answers 204; whatever else is no error comes from something in between."""
        call, response, _ = self._send("POST", url, body)
        if response.status != HTTPStatus.NO_CONTENT:
            raise EngineUnavailable(f"{call}: {response.status}")

    def _list(self, method: str, url: str, body: Any = None, timeout_s: float | None = None) -> list[dict[str, Any]]:
        answer = self._call(method, url, body, timeout_s)
        if not isinstance(answer, list) or not all(isinstance(each, dict) for each in answer):
            raise EngineUnavailable(f"{method} /external-task: not an answer of the engine")
        return answer

    def _topic(self, name: str, variables: list[str] | None) -> dict[str, Any]:
        return {
            "topicName": name,
            "lockDuration": self.config["lockDuration"],
            "variables": variables,
            "deserializeValues": variables is None,
            "includeExtensionProperties": True,
        }

    def _call(self, method: str, url: str, body: Any = None, timeout_s: float | None = None) -> Any:
        call, response, content = self._send(method, url, body, timeout_s)
        if not content:
            return None
        is_json = "json" in response.headers.get("Content-Type", "")
        try:
            return json.loads(content) if is_json else content.decode()
        except (ValueError, RecursionError) as error:
            raise EngineUnavailable(f"{call}: {response.status} ({type(error).__name__})") from None

    def _send(
        self, method: str, url: str, body: Any = None, timeout_s: float | None = None
    ) -> tuple[str, urllib3.BaseHTTPResponse, bytes]:
        """Returns what was called, for messages, a good answer (2xx), and its content."""
        call = f"{method} " + url.removeprefix(self.external_task_base_url).partition("?")[0]
        data = None if body is None else json.dumps(body, allow_nan=False)
        timeout = urllib3.Timeout(connect=CONNECT_S, read=timeout_s or self.http_timeout_seconds)
        try:
            response = self._pool.request(
                method,
                url,
                body=data,
                headers=self._headers,
                timeout=timeout,
                redirect=False,
                preload_content=False,
            )
            content = _read(call, response)
        except urllib3.exceptions.HTTPError as error:
            raise EngineUnavailable(f"{call}: no answer from engine.url ({type(error).__name__})") from None
        refuse_errors(call, response.status, content, response.headers.get("Retry-After", ""))
        return call, response, content


def _read(call: str, response: urllib3.BaseHTTPResponse) -> bytes:
    """The content of an answer; a connection that has more is closed."""
    try:
        content = response.read(MAX_ANSWER_BYTES + 1)
    finally:
        response.close()
        response.release_conn()
    if len(content) > MAX_ANSWER_BYTES:
        raise EngineUnavailable(f"{call}: an answer of more than {MAX_ANSWER_BYTES} bytes")
    return content
