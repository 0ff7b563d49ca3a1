"""Cache of deployed forms, for web applications that start while the engine can't be reached."""

from __future__ import annotations

import json
from typing import Any

import peewee

from records.database import Table, database


class DeployedForm(Table):
    name = peewee.TextField(unique=True)
    schema = peewee.TextField()


class DeployedForms:
    def save(self, name: str, schema: dict[str, Any]) -> None:
        """Insert or replace the schema of a form."""
        text = json.dumps(schema)
        with database.connection_context():
            DeployedForm.insert(name=name, schema=text).on_conflict(
                conflict_target=[DeployedForm.name], update={DeployedForm.schema: text}
            ).execute()

    def find(self, name: str) -> dict[str, Any] | None:
        with database.connection_context():
            row = DeployedForm.get_or_none(DeployedForm.name == name)
        return json.loads(row.schema) if row else None
