"""What may be wrong with the numbers of a network taken together, each with its sentence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine import memory
from engine.background import Background
from engine.errors import MemoryBudgetError, ParameterError

if TYPE_CHECKING:
    from engine.network_experiment import NetworkExperiment

__all__ = ["problems", "require_memory"]

BYTES_OF_CONNECTION = 24
"""What a connection takes while it is drawn."""

LONGEST_DELAY = 16_384
"""Time steps for which spikes are remembered at most."""


def problems(network: NetworkExperiment) -> Iterator[ParameterError]:
    """Find delays, connections, backgrounds and sizes that a run could not do."""
    for name, projection in network.projections.items():
        yield from _delay(network, name)
        same = projection.source == projection.target
        try:
            network.rule(name).check(*network.ends(name), same, f"{name}.connectivity")
        except ParameterError as problem:
            yield problem
    for name, population in network.populations.items():
        if population.background is not None:
            yield from _background(network, f"{name}.background.rate")
    try:
        require_memory(network)
    except ParameterError as problem:
        yield problem


def require_memory(network: NetworkExperiment) -> None:
    """Raise MemoryBudgetError where the connections would not fit, before any is drawn."""
    expected = sum(network.rule(name).expected(*network.ends(name)) for name in network.projections)
    needed, allowed = expected * BYTES_OF_CONNECTION, memory.budget()
    if needed > allowed:
        raise MemoryBudgetError(
            next(iter(network.populations)) + ".n",
            f"the network has about {expected:.2g} connections, which need "
            f"{needed / 2**30:.1f} GB, more than the {allowed / 2**30:.1f} GB allowed; choose "
            f"fewer neurons or connections, or raise {memory.BUDGET_VARIABLE}",
        )


def _delay(network: NetworkExperiment, name: str) -> Iterator[ParameterError]:
    path, dt = f"{name}.delay", network["dt"]
    if network[path] < dt * (1.0 - 1e-6):
        yield ParameterError(
            path,
            f"{path} must be at least one time step, dt = {dt:g} ms, got {network[path]:g} ms; "
            "choose a longer delay or a smaller dt",
        )
    elif network.delay_steps(name) > LONGEST_DELAY:
        yield ParameterError(
            path,
            f"{path} must be at most {LONGEST_DELAY:,} time steps, got "
            f"{network.delay_steps(name):,}; choose a shorter delay or a larger dt",
        )


def _background(network: NetworkExperiment, path: str) -> Iterator[ParameterError]:
    most = Background.largest_mean * 1e3 / network["dt"]
    if network[path] > most:
        yield ParameterError(
            path,
            f"{path} must be at most {most:g} Hz, {Background.largest_mean:g} spikes in a step, "
            f"got {network[path]:g} Hz; choose a smaller dt, or fewer spikes of a larger weight",
        )
