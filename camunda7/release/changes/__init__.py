"""What a deployment changes: which steps, ways, rows and fields, and for how many open cases."""

from camunda7.release.changes import report, running
from camunda7.release.changes.difference import Change, differences

__all__ = ["Change", "differences", "report", "running"]
