"""/readyz of the web application: whether the services that it needs answer and accept its credentials."""

from __future__ import annotations

from flask import Flask, Response

from hosting.clients.government import Government
from hosting.clients.lab import Lab
from hosting.readiness import Check, find_problems
from processes.elements import Process
from processes.engine import Engine
from records import health

# timeout of each check, in seconds
CHECK_TIMEOUT_S = 2.0
PATHWAY = f"/process-definition/key/{Process.CORONA_CARE}"


def add_readiness(app: Flask, engine: Engine, government: Government, lab: Lab) -> None:
    checks = [
        Check("engine", lambda: engine.check(PATHWAY, CHECK_TIMEOUT_S)),
        Check("records", health.check, describe=health.describe),
        Check("lab", lab.stock, is_required=False),
        Check("government", lambda: government.exposure("none"), is_required=False),
    ]

    @app.get("/readyz")
    def readyz() -> Response:
        problems = find_problems(checks)
        text = "\n".join(problems or ["ok"]) + "\n"
        return Response(text, 503 if problems else 200, mimetype="text/plain")
