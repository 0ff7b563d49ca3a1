"""A worker of gunicorn that waits for a second only, so that tests needn't wait for long."""

from hosting import gunicorn_worker


class Worker(gunicorn_worker.Worker):
    read_timeout_s = 1.0
