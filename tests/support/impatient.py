"""A worker of gunicorn that waits for a second only, so that tests needn't wait for long."""

from config import serving


class Worker(serving.Worker):
    read_within_s = 1.0
