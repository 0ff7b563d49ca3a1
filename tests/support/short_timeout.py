"""A gunicorn worker with a read timeout of a second, for tests of that timeout."""

from hosting import gunicorn_worker


class Worker(gunicorn_worker.Worker):
    read_timeout_s = 1.0
