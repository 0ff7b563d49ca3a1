"""Open cases are brought to the newest version of their diagrams: rehearsed, moved, and looked at again."""

from deployment.migration.hints import HINTS, Hints, MigrationRefused, findings, read_hints
from deployment.migration.migrate import migrate, rehearse_migration

__all__ = ["HINTS", "Hints", "MigrationRefused", "findings", "migrate", "read_hints", "rehearse_migration"]
