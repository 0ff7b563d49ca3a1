"""The forms as they were deployed: of the start event, of a user task, of a message. Each is fetched once and kept."""

from __future__ import annotations

import json
from typing import Any

from processes.cases import CORONA_CARE, OpenTask
from processes.engine import Engine, EngineUnavailable
from records.forms import DeployedForms

Schema = dict[str, Any]
START = "start"


class TaskForms:
    def __init__(self, engine: Engine, deployed: DeployedForms):
        self._engine = engine
        self._deployed = deployed
        self._schemas: dict[tuple[str, str], Schema] = {}

    def of_start(self) -> Schema:
        """The form pre_screening of the newest process; while the engine is away, the one that was known last."""
        try:
            newest = self._engine.get(f"/process-definition/key/{CORONA_CARE}")["id"]
            is_new = (newest, START) not in self._schemas
            schema = self._schema(newest, START, f"/process-definition/{newest}/deployed-start-form")
        except EngineUnavailable:
            known = self._deployed.find(START)
            if known is None:
                raise
            return known
        if is_new:
            self._deployed.keep(START, schema)
        return schema

    def of_task(self, task: OpenTask) -> Schema:
        return self._schema(task.definition_id, task.form, f"/task/{task.id}/deployed-form")

    def of_message(self, name: str) -> Schema:
        """A form whose answers are sent as a message; of the newest process."""
        definition = self._engine.get(f"/process-definition/key/{CORONA_CARE}")
        deployment = f"/deployment/{definition['deploymentId']}/resources"
        resource = next(found for found in self._engine.get(deployment) if found["name"] == f"{name}.form")
        return self._schema(definition["id"], name, f"{deployment}/{resource['id']}/data")

    def _schema(self, definition_id: str, name: str, path: str) -> Schema:
        key = (definition_id, name)
        if key not in self._schemas:
            found = self._engine.get(path)
            self._schemas[key] = json.loads(found) if isinstance(found, str | bytes) else found
        return self._schemas[key]
