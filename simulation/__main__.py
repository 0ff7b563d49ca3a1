"""`make simulate SCENARIO=file.yaml`: runs a scenario, prints its results, and writes them as CSV and JSON."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from rich.progress import Progress

from config.settings import SettingsError, load
from simulation import runs
from simulation.errors import ScenarioError, SimulationFailed
from simulation.parameters import LEARNT, load_parameters
from simulation.report import print_results, to_csv, to_json
from simulation.results import Results
from simulation.runner import Runner
from simulation.scenario import read_scenario


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    if options.run:
        return run_in_folder(options.run)
    try:
        settings = load()
        folder = settings.folder / "simulation"
        runner = _create_runner(settings.policy.model_dump(mode="json"), settings.webapp.time_zone, folder)
        scenario = read_scenario(options.scenario)
        with Progress(transient=True, disable=not sys.stderr.isatty()) as bar:
            task = bar.add_task(scenario.name, total=1)
            results = runner.run(scenario, options.fast, lambda share: bar.update(task, completed=share))
    except (ScenarioError, SettingsError, SimulationFailed) as error:
        print(error, file=sys.stderr)
        return 1
    print_results(results, sys.stdout)
    for path in write_files(results, options.out or folder, options.scenario.stem):
        print(path)
    return 0


def run_in_folder(folder: Path) -> int:
    """Run the scenario in a folder of simulation/runs.py; its results or its error are stored there."""
    try:
        request = runs.read_request(folder)
        # the folder of all runs is beside the files that runs use again
        runner = _create_runner(request.policy, request.zone, folder.parent.parent)
        results = runner.run(request.scenario, request.is_fast, partial(runs.report_progress, folder))
        runs.write(folder / runs.TABLE, to_csv(results))
        runs.write(folder / runs.RESULTS, to_json(results))
    except runs.Cancelled:
        shutil.rmtree(folder)
    except (ScenarioError, SimulationFailed) as error:
        runs.write(folder / runs.ERROR, str(error))
        return 1
    return 0


def _create_runner(policy: Mapping[str, Any], zone: str, folder: Path) -> Runner:
    return Runner(load_parameters(folder / LEARNT), policy, zone, folder)


def write_files(results: Results, folder: Path, stem: str) -> list[Path]:
    """Write the results as CSV and JSON; returns the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = {folder / f"{stem}.csv": to_csv(results), folder / f"{stem}.json": to_json(results)}
    for path, content in contents.items():
        path.write_text(content, encoding="utf-8")
    return list(contents)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simulation", description=__doc__)
    parser.add_argument("scenario", type=Path, nargs="?", help="YAML file: docs/reference/scenario-file.md")
    parser.add_argument("--fast", action="store_true", help="answer within seconds, by a queueing network")
    parser.add_argument("--out", type=Path, help="folder of the CSV and JSON files")
    parser.add_argument("--run", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if not options.scenario and not options.run:
        parser.error("SCENARIO=FILE is missing, such as simulation/surge.yaml")
    return options


if __name__ == "__main__":
    sys.exit(main())
