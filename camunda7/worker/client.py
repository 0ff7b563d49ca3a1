"""Client of the external task API, based on the library's: kept connections, typed errors, and no log of variables."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import urllib3
from camunda.client.external_task_client import ExternalTaskClient

from camunda7.authentication import Credentials, Password
from camunda7.engine import EngineUnavailable, authorize, refuse_errors
from camunda7.http_client import NO_TLS, Tls, new_pool
from camunda7.variables import ENGINE_TIME
from camunda7.worker.tasks import is_task

# the library logs every variable at INFO: patients' data
logging.getLogger("camunda").setLevel(logging.CRITICAL)

log = logging.getLogger("workers")

CONNECT_S = 5.0
# size of the connection pool
CONNECTIONS = 16
# ten times the size of a response with the maximum of tasks, and all their variables
MAX_ANSWER_BYTES = 32_000_000
# a topic without tasks, for a poll that only replaces this worker's previous one
NO_TOPIC = "none"


class TaskClient(ExternalTaskClient):  # type: ignore[misc]  # the library has no types
    """Client of the engine's external task API, for one worker. Thread-safe.

    Each call raises EngineError if it fails.

    Args:
        worker_id: id of the worker in the engine.
        engine_url: base URL, without /engine-rest.
        username, password: without them the API is called without authentication.
        lock_s: lock duration of fetched tasks, in seconds.
        long_poll_s: maximum duration of a long poll (asyncResponseTimeout), in seconds.
        credentials: used instead of username and password, such as ClientCredentials.
        tls: certificates of the connection.
    """

    def __init__(
        self,
        worker_id: str,
        engine_url: str,
        username: str,
        password: str,
        lock_s: float,
        long_poll_s: float,
        credentials: Credentials | None = None,
        tls: Tls = NO_TLS,
    ):
        config: dict[str, Any] = {
            "lockDuration": int(lock_s * 1000),
            "asyncResponseTimeout": int(long_poll_s * 1000),
        }
        super().__init__(worker_id, engine_url + "/engine-rest", config)
        self.lock_s = lock_s
        self.long_poll_s = long_poll_s
        self._headers = self._get_headers()
        self._credentials = credentials or Password(username, password)
        self._pool = new_pool(engine_url, CONNECTIONS, tls)

    def _log_with_context(self, msg: str, log_level: str = "info", **kwargs: Any) -> None:
        """Log nothing: the library would log its configuration and, in some places, variables."""

    def fetch(self, topics: dict[str, list[str] | None], max_tasks: int) -> list[dict[str, Any]]:
        """Fetch and lock tasks, by a long poll.

        Args:
            topics: names of the variables to fetch, by topic; None is all, as the library fetches them. Without topics
                the poll lasts as long, and returns no task.
            max_tasks: maximum number of tasks.
        """
        body = {
            "workerId": self.worker_id,
            "maxTasks": max_tasks,
            "usePriority": True,
            "asyncResponseTimeout": self.config["asyncResponseTimeout"],
            "topics": [self._topic(name, variables) for name, variables in (topics or {NO_TOPIC: []}).items()],
        }
        answer = self._call("POST", self.get_fetch_and_lock_url(), body, self.poll_timeout_s)
        if not isinstance(answer, list):
            raise EngineUnavailable("POST /fetchAndLock: not a response of the engine")
        tasks = [raw for raw in answer if is_task(raw, topics)]
        if answer and not tasks:
            raise EngineUnavailable("POST /fetchAndLock: tasks of other topics")
        if len(tasks) < len(answer):
            log.warning(
                "fetched %d of %d tasks that are malformed or of other topics", len(answer) - len(tasks), len(answer)
            )
        return tasks

    @property
    def poll_timeout_s(self) -> float:
        """Timeout of a poll's request, in seconds."""
        delta_ms: int = self.config["timeoutDeltaMillis"]
        return self.long_poll_s + delta_ms / 1000

    def end_poll(self) -> None:
        """End this worker's long poll, by replacing it by one that returns at once.

        If only its connection were closed, the engine would still lock tasks for it.
        """
        topic = self._topic(NO_TOPIC, [])
        body = {"workerId": self.worker_id, "maxTasks": 1, "asyncResponseTimeout": 1, "topics": [topic]}
        self._call("POST", self.get_fetch_and_lock_url(), body)

    def list_locked_tasks(self) -> list[dict[str, Any]]:
        """Return the tasks that are locked for this worker, including those that wait for a retry."""
        return self._list("GET", f"{self.external_task_base_url}?workerId={quote(self.worker_id)}&locked=true")

    def holds(self, task_id: str) -> bool:
        """Whether the task exists, and this worker was the last to lock it.

        Raises:
            EngineError: the query failed.
        """
        tasks = self._list("GET", f"{self.external_task_base_url}?externalTaskId={quote(task_id)}")
        return any(task.get("workerId") == self.worker_id for task in tasks)

    def error_details(self, task_id: str) -> str:
        """Return the error details of the task's last failure."""
        return self._call("GET", f"{self.external_task_base_url}/{task_id}/errorDetails") or ""

    def next_lock_expiration(self) -> datetime | None:
        """Return the earliest lock expiration of all workers' tasks, including those that wait for a retry."""
        query = "locked=true&withRetriesLeft=true&sortBy=lockExpirationTime&sortOrder=asc&maxResults=1"
        first = self._list("GET", f"{self.external_task_base_url}?{query}")
        try:
            return datetime.strptime(first[0]["lockExpirationTime"], ENGINE_TIME) if first else None
        except (KeyError, TypeError, ValueError):
            # a malformed time, or one after the year 9999
            return None

    def check(self, timeout_s: float) -> None:
        """Check that the engine is available to this worker.

        Raises:
            EngineError: it isn't.
        """
        self._call("GET", self.external_task_base_url + "/count?workerId=" + quote(self.worker_id), timeout_s=timeout_s)

    def complete(self, task_id: str, global_variables: dict[str, Any], local_variables: Any = None) -> None:
        """Complete a task, with typed values of the REST API as variables."""
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
        """Lock a task for another full duration from now, also one whose lock has expired.

        Raises:
            EngineRefused: another worker has locked it, or it was deleted.
        """
        body = {"workerId": self.worker_id, "lockDuration": self.config["lockDuration"]}
        self._report(f"{self.external_task_base_url}/{task_id}/lock", body)

    def unlock(self, task_id: str) -> None:
        """Unlock a task: another worker may fetch it at once."""
        self._report(f"{self.external_task_base_url}/{task_id}/unlock", None)

    def _report(self, url: str, body: Any) -> None:
        """Post a report; raises EngineUnavailable for 2xx other than the engine's 204, which a proxy must have sent."""
        call, response, _ = self._send("POST", url, body)
        if response.status != HTTPStatus.NO_CONTENT:
            raise EngineUnavailable(f"{call}: {response.status}")

    def _list(self, method: str, url: str, body: Any = None, timeout_s: float | None = None) -> list[dict[str, Any]]:
        answer = self._call(method, url, body, timeout_s)
        if not isinstance(answer, list) or not all(isinstance(each, dict) for each in answer):
            raise EngineUnavailable(f"{method} /external-task: not a response of the engine")
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
        """Send a request; returns the call for messages, the successful response (2xx), and its content."""
        call = f"{method} " + url.removeprefix(self.external_task_base_url).partition("?")[0]
        data = None if body is None else json.dumps(body, allow_nan=False)
        timeout = urllib3.Timeout(connect=CONNECT_S, read=timeout_s or self.http_timeout_seconds)
        try:
            response = self._pool.urlopen(
                method,
                urllib3.util.parse_url(url).request_uri,
                body=data,
                headers={**self._headers, **authorize(self._credentials)},
                timeout=timeout,
                redirect=False,
                preload_content=False,
            )
            content = _read(call, response)
        except urllib3.exceptions.HTTPError as error:
            raise EngineUnavailable(f"{call}: no response from engine.url ({type(error).__name__})") from None
        if response.status == HTTPStatus.UNAUTHORIZED:
            self._credentials.invalidate()
        refuse_errors(call, response.status, content, response.headers.get("Retry-After", ""))
        return call, response, content


def _read(call: str, response: urllib3.BaseHTTPResponse) -> bytes:
    """Read the content of a response; closes the connection if it exceeds MAX_ANSWER_BYTES."""
    try:
        content = response.read(MAX_ANSWER_BYTES + 1)
    finally:
        response.close()
        response.release_conn()
    if len(content) > MAX_ANSWER_BYTES:
        raise EngineUnavailable(f"{call}: a response of more than {MAX_ANSWER_BYTES} bytes")
    return content
