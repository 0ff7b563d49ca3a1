"""The pages of process managers (current state, KPIs, closed cases, incidents) and of laboratory staff (uploads)."""

from webapp.staff import closed, formats, history, incidents, kpis, now, uploads
from webapp.staff.sign_in import pages

__all__ = ["closed", "formats", "history", "incidents", "kpis", "now", "pages", "uploads"]
