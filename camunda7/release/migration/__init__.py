"""Migration of running cases to the latest version of their processes, with a rehearsal before."""

from camunda7.release.migration.migrate import migrate, rehearse_migration
from camunda7.release.migration.moves import MigrationRefused

__all__ = ["MigrationRefused", "migrate", "rehearse_migration"]
