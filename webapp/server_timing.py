"""How long a page took, and how much of that was the engine's: told to the browser in `Server-Timing`, if asked for."""

from __future__ import annotations

import time

from flask import Flask, Response, g, has_request_context


def engine_answered(seconds: float) -> None:
    """Note the time of a call of the engine's, for the page that is being made."""
    if has_request_context() and "engine_s" in g:
        g.engine_s += seconds


def tell(app: Flask) -> None:
    """Add to each answer its duration, the engine's part of it, and the CPU time, in milliseconds."""

    @app.before_request
    def begin() -> None:
        g.engine_s, g.began_at, g.cpu_at = 0.0, time.perf_counter(), time.thread_time()

    @app.after_request
    def end(response: Response) -> Response:
        if "began_at" in g:
            spent = {
                "total": time.perf_counter() - g.began_at,
                "engine": g.engine_s,
                "cpu": time.thread_time() - g.cpu_at,
            }
            response.headers["Server-Timing"] = ", ".join(f"{name};dur={s * 1000:.2f}" for name, s in spent.items())
        return response
