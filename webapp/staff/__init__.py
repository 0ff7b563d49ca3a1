"""The pages of process managers: the KPIs, and the incidents to retry."""

from webapp.staff import closed, history, incidents, kpis, now, trends
from webapp.staff.managers import pages

__all__ = ["closed", "history", "incidents", "kpis", "now", "pages", "trends"]
