"""The pages of process managers: the KPIs, and the incidents to retry."""

from webapp.staff import incidents, kpis
from webapp.staff.managers import pages

__all__ = ["incidents", "kpis", "pages"]
