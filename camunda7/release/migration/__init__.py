"""Open cases are brought to the newest version of their diagrams: rehearsed, moved, and looked at again."""

from camunda7.release.migration.migrate import migrate, rehearse_migration
from camunda7.release.migration.moves import MigrationRefused

__all__ = ["MigrationRefused", "migrate", "rehearse_migration"]
