"""The pages of process managers (current state, KPIs, closed cases, incidents, what if), of laboratory staff (uploads),
and of staff who print papers.
"""

from webapp.staff import closed, formats, history, incidents, kpis, now, papers, provider_sign_in, uploads, what_if
from webapp.staff.sign_in import pages

__all__ = [
    "closed",
    "formats",
    "history",
    "incidents",
    "kpis",
    "now",
    "pages",
    "papers",
    "provider_sign_in",
    "uploads",
    "what_if",
]
