"""The pages of process managers: current state, KPIs, closed cases and incidents."""

from webapp.staff import closed, formats, history, incidents, kpis, now
from webapp.staff.managers import pages

__all__ = ["closed", "formats", "history", "incidents", "kpis", "now", "pages"]
