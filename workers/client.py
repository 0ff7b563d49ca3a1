"""The library's external task client made fit: kept connections, typed errors, silence about variables."""

from __future__ import annotations

import logging
from typing import Any

import requests
from camunda.client.external_task_client import ExternalTaskClient
from requests.adapters import HTTPAdapter

from processes.engine import EngineUnavailable, refuse_errors

# the library logs every variable at INFO: patients' data
logging.getLogger("camunda").setLevel(logging.CRITICAL)


class TaskClient(ExternalTaskClient):
    """Talks to the engine's external task API for one worker. May be used from several threads.

    Args:
        engine_url: base URL, without /engine-rest.
        lock_s: how long a fetched task is locked, in seconds.
        poll_s: how long the engine may hold a poll that finds nothing, in seconds.
    """

    def __init__(
        self,
        worker_id: str,
        engine_url: str,
        username: str,
        password: str,
        lock_s: float,
        poll_s: float,
        slots: int,
    ):
        config = {
            "auth_basic": {"username": username, "password": password},
            "lockDuration": int(lock_s * 1000),
            "asyncResponseTimeout": int(poll_s * 1000),
        }
        super().__init__(worker_id, engine_url + "/engine-rest", config)
        self._session = requests.Session()
        self._session.headers.update(self._get_headers())
        self._session.mount(engine_url, HTTPAdapter(pool_maxsize=slots + 4))

    def _log_with_context(self, msg: str, log_level: str = "info", **kwargs: Any) -> None:
        """The library would log its configuration and, in places, variables."""

    def fetch(self, topics: dict[str, list[str] | None], most: int) -> list[dict[str, Any]]:
        """Wait for tasks and lock them.

        Args:
            topics: the names of the variables to fetch, by topic; None is all, as the library fetches them.
            most: how many tasks at the most.
        """
        body = {
            "workerId": self.worker_id,
            "maxTasks": most,
            "usePriority": True,
            "asyncResponseTimeout": self.config["asyncResponseTimeout"],
            "topics": [self._topic(name, variables) for name, variables in topics.items()],
        }
        timeout_s = (self.config["asyncResponseTimeout"] + self.config["timeoutDeltaMillis"]) / 1000
        answer = self._post(self.get_fetch_and_lock_url(), body, timeout_s)
        return answer if isinstance(answer, list) else []

    def end_poll(self) -> None:
        """Replace this worker's waiting poll by one that ends at once and fetches nothing.

        A poll that is just dropped would still lock tasks, for nobody.
        """
        topic = self._topic("none", [])
        body = {"workerId": self.worker_id, "maxTasks": 1, "asyncResponseTimeout": 1, "topics": [topic]}
        self._post(self.get_fetch_and_lock_url(), body, self.http_timeout_seconds)

    def complete(self, task_id: str, global_variables: dict[str, Any], local_variables: Any = None) -> None:
        """Complete a task. Variables are typed as the REST API wants them."""
        body = {"workerId": self.worker_id, "variables": global_variables, "localVariables": local_variables or {}}
        self._post(self.get_task_complete_url(task_id), body)

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
        self._post(self.get_task_failure_url(task_id), body)

    def bpmn_failure(self, task_id: str, error_code: str, error_message: str, variables: Any = None) -> None:
        """Report a BPMN error."""
        body = {
            "workerId": self.worker_id,
            "errorCode": error_code,
            "errorMessage": error_message,
            "variables": variables or {},
        }
        self._post(self.get_task_bpmn_error_url(task_id), body)

    def extend_lock(self, task_id: str) -> None:
        """Lock a task for another full duration from now.

        Raises:
            EngineRefused: the lock has already been lost.
        """
        body = {"workerId": self.worker_id, "newDuration": self.config["lockDuration"]}
        self._post(f"{self.external_task_base_url}/{task_id}/extendLock", body)

    def unlock(self, task_id: str) -> None:
        """Hand a task back: another worker may take it at once."""
        self._post(f"{self.external_task_base_url}/{task_id}/unlock", None)

    def _topic(self, name: str, variables: list[str] | None) -> dict[str, Any]:
        return {
            "topicName": name,
            "lockDuration": self.config["lockDuration"],
            "variables": variables,
            "deserializeValues": variables is None,
            "includeExtensionProperties": True,
        }

    def _post(self, url: str, body: Any, timeout_s: float | None = None) -> Any:
        call = "POST " + url.removeprefix(self.external_task_base_url)
        try:
            response = self._session.post(url, json=body, timeout=timeout_s or self.http_timeout_seconds)
        except requests.RequestException as error:
            raise EngineUnavailable(f"{call}: {type(error).__name__}") from None
        refuse_errors(call, response)
        return response.json() if response.content else None
