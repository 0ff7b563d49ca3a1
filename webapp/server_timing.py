"""The header Server-Timing: duration of a page, the engine's share of it, and CPU time (W3C Server Timing)."""

from __future__ import annotations

import time

from flask import Flask, Response, g, has_request_context


def add_engine_time(seconds: float) -> None:
    """Add the duration of a call of the engine to the current request's."""
    if has_request_context() and "engine_s" in g:
        g.engine_s += seconds


def init_app(app: Flask) -> None:
    """Add Server-Timing to each response, in milliseconds."""

    @app.before_request
    def begin() -> None:
        g.engine_s, g.started_at, g.cpu_started_at = 0.0, time.perf_counter(), time.thread_time()

    @app.after_request
    def end(response: Response) -> Response:
        if "started_at" in g:
            durations_s = {
                "total": time.perf_counter() - g.started_at,
                "engine": g.engine_s,
                "cpu": time.thread_time() - g.cpu_started_at,
            }
            timings = (f"{name};dur={seconds * 1000:.2f}" for name, seconds in durations_s.items())
            response.headers["Server-Timing"] = ", ".join(timings)
        return response
