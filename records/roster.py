"""Duty roster of the doctors."""

from __future__ import annotations

import peewee

from records.database import Table, database, write_transaction


class Duty(Table):
    doctor = peewee.TextField(unique=True)
    email = peewee.TextField(null=True)


class Roster:
    def doctors_on_duty(self) -> list[str]:
        """Return the accounts of the doctors on duty, sorted."""
        with database.connection_context():
            return [duty.doctor for duty in Duty.select().order_by(Duty.doctor)]

    def addresses_on_duty(self) -> list[str]:
        """Return the e-mail addresses of the doctors on duty that have one."""
        with database.connection_context():
            with_address = Duty.select().where(Duty.email.is_null(False)).order_by(Duty.doctor)
            return [duty.email for duty in with_address if duty.email is not None]

    def fill_if_empty(self, doctors: dict[str, str | None]) -> None:
        """Put these doctors on duty if the roster is empty.

        Args:
            doctors: e-mail addresses by account.
        """
        with database.connection_context(), write_transaction():
            if not Duty.select().exists():
                for doctor, email in doctors.items():
                    Duty.insert(doctor=doctor, email=email).on_conflict_ignore().execute()
