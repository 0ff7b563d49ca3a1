"""The forms as they were deployed: of the start event, and of a user task. Each is read once and kept."""

from __future__ import annotations

import json
import threading

from processes.cases import CORONA_CARE, OpenTask
from processes.engine import Engine
from webapp.camunda_forms import Form


class TaskForms:
    def __init__(self, engine: Engine):
        self._engine = engine
        self._forms: dict[tuple[str, str], Form] = {}
        self._lock = threading.Lock()

    def of_start(self) -> Form:
        """The form pre_screening, of the newest version of the process."""
        definition_id = self._engine.get(f"/process-definition/key/{CORONA_CARE}")["id"]
        return self._form(definition_id, "start", f"/process-definition/{definition_id}/deployed-start-form")

    def of_task(self, task: OpenTask) -> Form:
        return self._form(task.definition_id, task.form, f"/task/{task.id}/deployed-form")

    def _form(self, definition_id: str, name: str, path: str) -> Form:
        key = (definition_id, name)
        with self._lock:
            if key not in self._forms:
                schema = self._engine.get(path)
                self._forms[key] = Form.parse(json.loads(schema) if isinstance(schema, str) else schema)
            return self._forms[key]
