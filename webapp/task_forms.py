"""The forms as they were deployed: of the start event, of a user task, of a message. Each is fetched once and kept,
unless it can't be shown.
"""

from __future__ import annotations

import json
from typing import Any

from camunda7.engine import EngineRefused, EngineUnavailable
from processes.cases import OpenTask
from processes.elements import Process
from processes.engine import Engine
from records.forms import DeployedForms
from webapp.unusable_forms import UnusableForm, usable_form

Schema = dict[str, Any]
START = "start"


class TaskForms:
    """
    Each method raises UnusableForm for a form that can't be shown.
    """

    def __init__(self, engine: Engine, deployed: DeployedForms):
        self._engine = engine
        self._deployed = deployed
        self._schemas: dict[tuple[str, str], Schema] = {}

    def of_start(self, name: str) -> Schema:
        """The form of the newest process; while the engine is away, the one that was known last."""
        try:
            newest = self._engine.get(f"/process-definition/key/{Process.CORONA_CARE}")["id"]
            is_new = (newest, name) not in self._schemas
            schema = self._schema(newest, name, f"/process-definition/{newest}/deployed-start-form")
        except EngineRefused as error:
            raise UnusableForm(name, str(error)) from None
        except EngineUnavailable:
            known = self._deployed.find(START)
            if known is None:
                raise
            return known
        if is_new:
            self._deployed.save(START, schema)
        return schema

    def of_task(self, task: OpenTask) -> Schema:
        try:
            return self._schema(task.definition_id, task.form, f"/task/{task.id}/deployed-form")
        except EngineRefused as error:
            if not self._engine.has_task(task.id):
                raise
            raise UnusableForm(task.form, str(error)) from None

    def of_message(self, name: str) -> Schema:
        """A form whose answers are sent as a message; of the newest process."""
        definition = self._engine.get(f"/process-definition/key/{Process.CORONA_CARE}")
        deployment = f"/deployment/{definition['deploymentId']}/resources"
        resource = next((found for found in self._engine.get(deployment) if found["name"] == f"{name}.form"), None)
        if resource is None:
            raise UnusableForm(name, f"there is no {name}.form in the deployment of the newest process")
        return self._schema(definition["id"], name, f"{deployment}/{resource['id']}/data")

    def _schema(self, definition_id: str, name: str, path: str) -> Schema:
        key = (definition_id, name)
        if key not in self._schemas:
            self._schemas[key] = _read(name, self._engine.download(path))
        return self._schemas[key]


def _read(name: str, content: bytes) -> Schema:
    try:
        schema = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnusableForm(name, f"the file is no JSON ({type(error).__name__})") from None
    usable_form(name, schema)
    return schema
