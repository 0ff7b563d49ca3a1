"""Forms as they were deployed last: what a web application shows that begins while the engine is away."""

from __future__ import annotations

import json
from typing import Any

import peewee

from records.database import Table, database


class DeployedForm(Table):
    name = peewee.TextField(unique=True)
    schema = peewee.TextField()


class DeployedForms:
    def keep(self, name: str, schema: dict[str, Any]) -> None:
        """Keep a form, in place of what was deployed before."""
        text = json.dumps(schema)
        with database.connection_context():
            DeployedForm.insert(name=name, schema=text).on_conflict(
                conflict_target=[DeployedForm.name], update={DeployedForm.schema: text}
            ).execute()

    def find(self, name: str) -> dict[str, Any] | None:
        with database.connection_context():
            row = DeployedForm.get_or_none(DeployedForm.name == name)
        return json.loads(row.schema) if row else None
