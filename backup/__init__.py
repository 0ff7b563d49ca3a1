"""Backups of all databases at one point in time, encrypted, and their restore: docs/how-to/back-up.md."""
