"""The deployed forms of the start event, of user tasks and of messages, each fetched from the engine once."""

from __future__ import annotations

import json
from typing import Any

from camunda7.engine import EngineRefused, EngineUnavailable
from processes.cases import OpenTask
from processes.elements import Process
from processes.engine import Engine
from records.forms import DeployedForms
from webapp.unusable_forms import UnusableForm, parse_form

Schema = dict[str, Any]
START = "start"


class TaskForms:
    """Fetches and caches forms. Its methods raise UnusableForm for a form that can't be shown; it isn't cached."""

    def __init__(self, engine: Engine, deployed: DeployedForms):
        self._engine = engine
        self._deployed = deployed
        self._schemas: dict[tuple[str, str], Schema] = {}

    def get_start_form(self, name: str) -> Schema:
        """Return the start form of the newest process; while the engine is unavailable, the last one stored."""
        try:
            newest = self._engine.get(f"/process-definition/key/{Process.CORONA_CARE}")["id"]
            is_new = (newest, name) not in self._schemas
            schema = self._fetch(newest, name, f"/process-definition/{newest}/deployed-start-form")
        except EngineRefused as error:
            raise UnusableForm(name, str(error)) from None
        except EngineUnavailable:
            stored = self._deployed.find(START)
            if stored is None:
                raise
            return stored
        if is_new:
            self._deployed.save(START, schema)
        return schema

    def get_task_form(self, task: OpenTask) -> Schema:
        try:
            return self._fetch(task.definition_id, task.form, f"/task/{task.id}/deployed-form")
        except EngineRefused as error:
            if not self._engine.has_task(task.id):
                raise
            raise UnusableForm(task.form, str(error)) from None

    def get_message_form(self, name: str) -> Schema:
        """Return a form of the newest process whose answers are sent as a message."""
        definition = self._engine.get(f"/process-definition/key/{Process.CORONA_CARE}")
        deployment = f"/deployment/{definition['deploymentId']}/resources"
        resource = next((found for found in self._engine.get(deployment) if found["name"] == f"{name}.form"), None)
        if resource is None:
            raise UnusableForm(name, f"there is no {name}.form in the deployment of the newest process")
        return self._fetch(definition["id"], name, f"{deployment}/{resource['id']}/data")

    def _fetch(self, definition_id: str, name: str, path: str) -> Schema:
        key = (definition_id, name)
        if key not in self._schemas:
            self._schemas[key] = _parse(name, self._engine.download(path))
        return self._schemas[key]


def _parse(name: str, content: bytes) -> Schema:
    try:
        schema = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnusableForm(name, f"the file is no JSON ({type(error).__name__})") from None
    parse_form(name, schema)
    return schema
