"""A worker id is used by one process at a time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from camunda7.worker import IdentityInUse, WorkerIdentity


def test_a_worker_id_in_use_is_refused_until_it_is_released(tmp_path: Path) -> None:
    first = WorkerIdentity("care1-lab-1", tmp_path / "workers")
    with pytest.raises(IdentityInUse) as refused:
        WorkerIdentity("care1-lab-1", tmp_path / "workers")
    assert str(refused.value) == (
        f"worker care1-lab-1 is already running as process {os.getpid()}: "
        "stop it, or set another number (workers.number)"
    )
    WorkerIdentity("care1-lab-2", tmp_path / "workers").release()
    first.release()
    WorkerIdentity("care1-lab-1", tmp_path / "workers").release()
