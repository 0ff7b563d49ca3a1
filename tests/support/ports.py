"""Free ports, below those that the system gives to callers: else one may be taken before its part has begun."""

import random
import socket

RANGE = range(15_000, 32_000)

_given: set[int] = set()
# Hypothesis seeds the common one, in each process alike
_random = random.SystemRandom()


def free_port() -> int:
    """One that nobody listens at; each once."""
    port = _random.choice(RANGE)
    while port in _given or not _is_free(port):
        port = _random.choice(RANGE)
    _given.add(port)
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
