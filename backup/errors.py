"""Errors that the commands print."""


class BackupError(Exception):
    """A backup or a restore can't be done, or failed; the message says what to do."""
