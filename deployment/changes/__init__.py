"""What a deployment changes: which steps, ways, rows and fields, and for how many open cases."""

from deployment.changes import running, told
from deployment.changes.difference import Change, differences

__all__ = ["Change", "differences", "running", "told"]
