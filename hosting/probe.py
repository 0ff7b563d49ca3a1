"""Health check of a container: `python -m hosting.probe URL` succeeds if the URL answers 2xx within 5 s."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request

TIMEOUT_S = 5


def find_problem(url: str) -> str:
    """Return what is wrong, the answer's text if there is one; empty if the URL answers 2xx."""
    # without the proxies of the environment
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=TIMEOUT_S):
            return ""
    except urllib.error.HTTPError as error:
        return error.read(2000).decode(errors="replace").strip() or str(error)
    except OSError as error:
        return f"{url}: {error}"


if __name__ == "__main__":
    sys.exit(find_problem(sys.argv[1]) or 0)
