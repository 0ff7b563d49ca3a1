"""A platform with a front, pinned to one CPU core; the load generator runs on another."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from config.settings import environment_name
from stack.platform import Platform
from tests.support.platform import running_platform, without_settings
from tests.support.ports import free_port


@pytest.fixture(scope="package")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    cores = sorted(os.sched_getaffinity(0))
    assert len(cores) > 1, "load generator and platform need a core each"
    folder = tmp_path_factory.mktemp("load")
    with pytest.MonkeyPatch.context() as patch:
        url = f"http://127.0.0.1:{free_port()}"
        front = {
            environment_name("front", "url"): url,
            environment_name("front", "max_concurrent_pages"): "1",
            environment_name("front", "metrics_url"): f"http://127.0.0.1:{free_port()}",
        }
        patch.setattr(os, "environ", {**without_settings(os.environ), **front})
        with _on(cores[0]), running_platform(folder) as platform, _on(cores[1]):
            yield platform


@contextmanager
def _on(core: int) -> Iterator[None]:
    """Pin processes that are started within the context to this core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
