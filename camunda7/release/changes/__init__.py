"""Changes of a deployment: of steps, sequence flows, rows and fields, and the running cases that they concern."""

from camunda7.release.changes import report, running
from camunda7.release.changes.difference import Change, differences

__all__ = ["Change", "differences", "report", "running"]
