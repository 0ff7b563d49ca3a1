"""The duty roster: which doctors are on duty."""

from __future__ import annotations

import peewee

from records.database import Table, database


class Duty(Table):
    doctor = peewee.TextField(unique=True)


class Roster:
    def doctors_on_duty(self) -> list[str]:
        """Accounts of the doctors on duty, in the order of their names."""
        with database.connection_context():
            return [duty.doctor for duty in Duty.select().order_by(Duty.doctor)]

    def fill_if_empty(self, doctors: list[str]) -> None:
        """Put these doctors on duty, unless somebody has written the roster before."""
        with database.connection_context(), database.atomic():
            if not Duty.select().exists():
                for doctor in doctors:
                    Duty.insert(doctor=doctor).on_conflict_ignore().execute()
