"""The duty roster: which doctors are on duty."""

from __future__ import annotations

import peewee

from records.database import Table, database, writing


class Duty(Table):
    doctor = peewee.TextField(unique=True)
    email = peewee.TextField(null=True)


class Roster:
    def doctors_on_duty(self) -> list[str]:
        """Accounts of the doctors on duty, in the order of their names."""
        with database.connection_context():
            return [duty.doctor for duty in Duty.select().order_by(Duty.doctor)]

    def addresses_on_duty(self) -> list[str]:
        """E-mail addresses of the doctors on duty, of those that have one."""
        with database.connection_context():
            with_one = Duty.select().where(Duty.email.is_null(False)).order_by(Duty.doctor)
            return [duty.email for duty in with_one if duty.email is not None]

    def fill_if_empty(self, doctors: dict[str, str | None]) -> None:
        """Put these doctors (their addresses by account) on duty, unless somebody has written the roster before."""
        with database.connection_context(), writing():
            if not Duty.select().exists():
                for doctor, email in doctors.items():
                    Duty.insert(doctor=doctor, email=email).on_conflict_ignore().execute()
