"""The forms as they were deployed: of the start event, of a user task, of a message. Each is read once and kept."""

from __future__ import annotations

import json

from processes.cases import CORONA_CARE, OpenTask
from processes.engine import Engine, EngineUnavailable
from webapp.camunda_forms import Form


class TaskForms:
    def __init__(self, engine: Engine):
        self._engine = engine
        self._forms: dict[tuple[str, str], Form] = {}
        self._newest = ""

    def of_start(self) -> Form:
        """The form pre_screening of the newest process; while the engine is gone, the one known last."""
        try:
            self._newest = self._engine.get(f"/process-definition/key/{CORONA_CARE}")["id"]
        except EngineUnavailable:
            if not self._newest:
                raise
        return self._form(self._newest, "start", f"/process-definition/{self._newest}/deployed-start-form")

    def of_task(self, task: OpenTask) -> Form:
        return self._form(task.definition_id, task.form, f"/task/{task.id}/deployed-form")

    def of_message(self, name: str) -> Form:
        """A form whose answers are sent as a message; of the newest process."""
        definition = self._engine.get(f"/process-definition/key/{CORONA_CARE}")
        deployment = f"/deployment/{definition['deploymentId']}/resources"
        resource = next(found for found in self._engine.get(deployment) if found["name"] == f"{name}.form")
        return self._form(definition["id"], name, f"{deployment}/{resource['id']}/data")

    def _form(self, definition_id: str, name: str, path: str) -> Form:
        key = (definition_id, name)
        if key not in self._forms:
            schema = self._engine.get(path)
            self._forms[key] = Form.parse(json.loads(schema) if isinstance(schema, str | bytes) else schema)
        return self._forms[key]
