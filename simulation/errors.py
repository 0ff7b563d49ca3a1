"""Errors of the simulation."""

from __future__ import annotations


class ScenarioError(Exception):
    """A scenario or its parameters are invalid; the message names the file and each wrong entry, one a line."""


class SimulationFailed(Exception):
    """The simulation stopped: the engine's process ended, or refused a step of the diagram."""
