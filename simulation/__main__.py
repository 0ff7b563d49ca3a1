"""`make simulate SCENARIO=file.yaml`: runs a scenario, prints its results, and writes them as CSV and JSON."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.progress import Progress

from config.settings import SettingsError, load
from simulation.errors import ScenarioError, SimulationFailed
from simulation.parameters import load_parameters
from simulation.report import print_results, to_csv, to_json
from simulation.results import Results
from simulation.runner import run_time_lapse
from simulation.scenario import read_scenario

LEARNT = "parameters.json"


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    try:
        settings = load()
        folder = settings.folder / "simulation"
        scenario = read_scenario(options.scenario)
        learnt = load_parameters(folder / LEARNT)
        with Progress(transient=True, disable=not sys.stderr.isatty()) as bar:
            task = bar.add_task(scenario.name, total=1)
            results = run_time_lapse(
                scenario,
                learnt,
                settings.policy.model_dump(mode="json"),
                settings.webapp.time_zone,
                lambda share: bar.update(task, completed=share),
            )
    except (ScenarioError, SettingsError, SimulationFailed) as error:
        print(error, file=sys.stderr)
        return 1
    print_results(results, sys.stdout)
    for path in write_files(results, options.out or folder, options.scenario.stem):
        print(path)
    return 0


def write_files(results: Results, folder: Path, stem: str) -> list[Path]:
    """Write the results as CSV and JSON; returns the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = {folder / f"{stem}.csv": to_csv(results), folder / f"{stem}.json": to_json(results)}
    for path, content in contents.items():
        path.write_text(content, encoding="utf-8")
    return list(contents)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simulation", description=__doc__)
    parser.add_argument("scenario", type=Path, help="YAML file: docs/reference/scenario-file.md")
    parser.add_argument("--out", type=Path, help="folder of the CSV and JSON files")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
