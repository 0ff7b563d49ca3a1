"""Free ports below the ephemeral range, from which a client's socket could take one before the server binds it."""

import random
import socket

RANGE = range(15_000, 32_000)

_returned: set[int] = set()
# not the module's functions: Hypothesis seeds their generator, with the same seed in each process
_random = random.SystemRandom()


def free_port() -> int:
    """Return a port without a listener; never the same one twice in a process."""
    port = _random.choice(RANGE)
    while port in _returned or not _is_free(port):
        port = _random.choice(RANGE)
    _returned.add(port)
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
