"""What may be wrong with the numbers of a network taken together, each with its sentence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine import memory, network_draws
from engine.background import Background
from engine.errors import MemoryBudgetError, ParameterError

if TYPE_CHECKING:
    from engine.network_experiment import NetworkExperiment

__all__ = ["connections", "graph_bytes", "problems", "require_memory"]

BYTES_OF_TARGET = 4
"""What a connection takes in its graph."""

BYTES_OF_DIFFERENCE = 16
"""What it takes besides where connections differ: random number, what is made of it, its place."""

BYTES_OF_DRAWING = 40
"""What it takes while it is drawn and laid out."""

MOST_ON_THEIR_WAY = 2**31
"""Places of a ring of arrivals that can be counted."""

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
    for name, projection in network.projections.items():
        if projection.plasticity and network.populations[projection.source].model.binary:
            yield ParameterError(
                f"{name}.plasticity",
                f"{name}.plasticity follows spikes, but the cells of {projection.source} send "
                f"whether they are on; choose no plasticity, or another model for "
                f"{projection.source}",
            )
    try:
        require_memory(network)
    except ParameterError as problem:
        yield problem


def require_memory(network: NetworkExperiment) -> None:
    """Raise MemoryBudgetError where the network would not fit, before anything is drawn."""
    allowed, expected = memory.budget(), sum(connections(network).values())
    structure = network.expected_structure
    bundles = structure.bundles
    needed = graph_bytes(network) + structure.circuit.fixed_bytes()
    path = next(iter(network.populations)) + ".n"
    way_out = f"raise {memory.BUDGET_VARIABLE}"
    if needed > allowed:
        raise MemoryBudgetError(
            path,
            f"the network has about {expected:.2g} connections, which need "
            f"{needed / 2**30:.1f} GB, more than the {allowed / 2**30:.1f} GB allowed; choose "
            f"fewer neurons or connections, or {way_out}",
        )
    if any(b.ring * structure.n * len(b.projections) >= MOST_ON_THEIR_WAY for b in bundles):
        raise MemoryBudgetError(
            path,
            "the delays that differ are too long for so many neurons; choose fewer neurons, "
            "shorter delays or a smaller spread of them",
        )
    needed = graph_bytes(network) + memory.bytes_of_run(structure, network.n_steps)
    if needed > allowed:
        raise MemoryBudgetError(
            path,
            f"the network of {network.n:,} neurons over {network.n_steps:,} steps needs about "
            f"{needed / 2**30:.1f} GB, more than the {allowed / 2**30:.1f} GB allowed; choose "
            f"fewer neurons, a shorter duration or fewer watched neurons, or {way_out}",
        )


def connections(network: NetworkExperiment) -> dict[str, float]:
    """Return the expected number of connections of every projection."""
    return {n: network.rule(n).expected(*network.ends(n)) for n in network.projections}


def graph_bytes(network: NetworkExperiment) -> int:
    """Return about how many bytes the connections take, and the drawing of the last of them."""
    found, largest = 0.0, 0.0
    for name, expected in connections(network).items():
        spreads = sum(f"{name}.{what}.spread" in network.values for what in ("weight", "delay"))
        differs = BYTES_OF_DIFFERENCE * (spreads or network.differs_in_weight(name))
        found += expected * (BYTES_OF_TARGET + differs) + 8 * network.ends(name)[0]
        largest = max(largest, expected)
    return int(found + largest * BYTES_OF_DRAWING)


def _delay(network: NetworkExperiment, name: str) -> Iterator[ParameterError]:
    path, dt = f"{name}.delay", network["dt"]
    if network[path] < dt * (1.0 - 1e-6):
        yield ParameterError(
            path,
            f"{path} must be at least one time step, dt = {dt:g} ms, got {network[path]:g} ms; "
            "choose a longer delay or a smaller dt",
        )
        return
    longest = network_draws.longest_delay(network, name)
    if longest <= LONGEST_DELAY:
        return
    spreads = network.delay_steps(name) <= LONGEST_DELAY
    yield ParameterError(
        f"{path}.spread" if spreads else path,
        f"{path} must be at most {LONGEST_DELAY:,} time steps, got {longest:,}"
        f"{' for the longest of its connections' if spreads else ''}; choose a shorter delay"
        f"{', a smaller spread' if spreads else ''} or a larger dt",
    )


def _background(network: NetworkExperiment, path: str) -> Iterator[ParameterError]:
    most = Background.largest_mean * 1e3 / network["dt"]
    if network[path] > most:
        yield ParameterError(
            path,
            f"{path} must be at most {most:g} Hz, {Background.largest_mean:g} spikes in a step, "
            f"got {network[path]:g} Hz; choose a smaller dt, or fewer spikes of a larger weight",
        )
