"""Names of Camunda 7 that its forks change: Operaton calls the group operaton-admin, and the field operatonFormRef.

Java's are in engine/src/main/java/org/coronacare/engine/support/Names.java.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# members may do everything, and see all data
ADMINISTRATORS = "camunda-admin"
# of the engine's Java classes
PACKAGE = "org.camunda"
# paths of the web applications
APPLICATIONS = "/camunda/app"
TASKLIST = f"{APPLICATIONS}/tasklist/default/"
COCKPIT = f"{APPLICATIONS}/cockpit/default/"
FORM_REFERENCES = ("camundaFormRef", "operatonFormRef")


def form_key(task: Mapping[str, Any]) -> str | None:
    """Return the key of a task's form; None if it has no Camunda Form.

    Args:
        task: as the REST API returns it.
    """
    references = (task.get(name) for name in FORM_REFERENCES)
    return next((reference["key"] for reference in references if reference), None)
