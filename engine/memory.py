"""How much memory a run needs, worked out before anything is allocated."""

from __future__ import annotations

import math
import os

from engine.base_experiment import BaseExperiment, BaseStructure
from engine.errors import MemoryBudgetError, ParameterError

__all__ = ["budget", "bytes_of_run", "chunk_steps", "estimate", "require_budget"]

BUDGET_VARIABLE = "SPIKESCOPE_MEMORY_MB"
DEFAULT_BUDGET = 2 * 2**30
CHUNK_BYTES = 32 * 2**20
LONGEST_CHUNK, SHORTEST_CHUNK = 10_240, 64


def budget() -> int:
    """Return the most bytes that a run may take: ``SPIKESCOPE_MEMORY_MB``, by default 2 GB.

    Raises
    ------
    ParameterError
        The variable is no positive number.
    """
    given = os.environ.get(BUDGET_VARIABLE)
    if given is None:
        return DEFAULT_BUDGET
    try:
        megabytes = float(given)
    except ValueError:
        megabytes = math.nan
    if not 0 < megabytes < math.inf:
        raise ParameterError(
            BUDGET_VARIABLE, f"{BUDGET_VARIABLE} must be a positive number, got '{given}'"
        )
    return int(megabytes * 2**20)


def bytes_per_step(structure: BaseStructure) -> int:
    """Return what a step leaves in memory: recorded states, spikes as bits, and random numbers."""
    recorded = structure.n_watched * structure.n_traces * 4
    return recorded + -(-structure.n // 32) * 4 + len(structure.random_slots) * structure.n * 4


def chunk_steps(structure: BaseStructure) -> int:
    """Return the most steps that are computed in one call, so that a call's arrays stay small."""
    # Of n only: noise is drawn by chunks, and a seed must give the same whatever else is chosen.
    fitting = CHUNK_BYTES // (structure.n * 4)
    return max(SHORTEST_CHUNK, min(LONGEST_CHUNK, fitting // SHORTEST_CHUNK * SHORTEST_CHUNK))


def estimate(experiment: BaseExperiment) -> int:
    """Return about how many bytes a run takes."""
    return bytes_of_run(experiment.structure, experiment.n_steps)


def bytes_of_run(structure: BaseStructure, n_steps: int) -> int:
    """Return about how many bytes a run of so many steps takes.

    States and spread parameters are kept for every neuron, recorded states for the watched ones,
    spikes as one bit per neuron and step; random numbers for the chunk that is being computed; and
    the connections of a network as tables.
    """
    per_neuron = 2 * structure.n_states + len(structure.paths)
    chunk = chunk_steps(structure) * bytes_per_step(structure)
    kept = n_steps * (bytes_per_step(structure) - len(structure.random_slots) * structure.n * 4)
    states = structure.n * per_neuron * 4
    return states + 2 * chunk + 2 * kept + structure.circuit.fixed_bytes()


def require_budget(experiment: BaseExperiment) -> None:
    """Raise MemoryBudgetError where a run would not fit."""
    needed, allowed = estimate(experiment), budget()
    if needed > allowed:
        raise MemoryBudgetError(
            "n",
            f"n = {experiment.n:,} neurons over {experiment.n_steps:,} steps need about "
            f"{needed / 2**30:.1f} GB, more than the {allowed / 2**30:.1f} GB allowed; choose "
            f"fewer neurons or a shorter duration, or raise {BUDGET_VARIABLE}",
        )
