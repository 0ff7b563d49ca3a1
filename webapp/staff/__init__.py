"""The pages of process managers: current state, KPIs, closed cases and incidents; and of staff who print papers."""

from webapp.staff import closed, formats, history, incidents, kpis, now, papers
from webapp.staff.managers import pages

__all__ = ["closed", "formats", "history", "incidents", "kpis", "now", "pages", "papers"]
