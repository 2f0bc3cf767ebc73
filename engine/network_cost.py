"""What a run of a network will take, told from its numbers before anything is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine import memory, network_checks

if TYPE_CHECKING:
    from engine.network_experiment import NetworkExperiment

__all__ = ["NetworkCost", "cost"]


@dataclass(frozen=True)
class NetworkCost:
    """Expected size and work of a run.

    Attributes
    ----------
    n : int
        Number of neurons.
    n_steps : int
        Number of time steps.
    connections : mapping of str to float
        Expected number of connections, by projection.
    rate : float
        The rate in Hz that every neuron was assumed to fire at.
    events : float
        Spikes that arrive somewhere, at that rate.
    graph_bytes, table_bytes, run_bytes : int
        Memory of the connections as they are drawn; of the tables that a run walks through, with
        what travels; and of the run itself: states, recorded traces and spikes.
    """

    n: int
    n_steps: int
    connections: Mapping[str, float]
    rate: float
    events: float
    graph_bytes: int
    table_bytes: int
    run_bytes: int

    @property
    def n_connections(self) -> float:
        """Expected number of connections of all projections."""
        return sum(self.connections.values())

    @property
    def updates(self) -> int:
        """How many times a neuron takes a step."""
        return self.n * self.n_steps

    @property
    def bytes(self) -> int:
        """Memory of everything."""
        return self.graph_bytes + self.table_bytes + self.run_bytes

    def __str__(self) -> str:
        return (
            f"{self.n:,} neurons, about {_short(self.n_connections)} connections, "
            f"{self.bytes / 2**20:,.0f} MB; {_short(self.updates)} steps of a neuron, "
            f"{_short(self.events)} synaptic events at {self.rate:g} Hz"
        )


def cost(network: NetworkExperiment, rate: float = 10.0) -> NetworkCost:
    """Return the expected cost of a run in which every neuron fires at ``rate``, in Hz."""
    connections = network_checks.connections(network)
    structure = network.expected_structure
    fixed = structure.circuit.fixed_bytes()
    events = sum(connections.values()) * rate * network.n_steps * network["dt"] * 1e-3
    return NetworkCost(
        n=network.n,
        n_steps=network.n_steps,
        connections=connections,
        rate=rate,
        events=events,
        graph_bytes=network_checks.graph_bytes(network),
        table_bytes=fixed,
        run_bytes=memory.bytes_of_run(structure, network.n_steps) - fixed,
    )


def _short(count: float) -> str:
    for size, word in ((1e9, "billion"), (1e6, "million")):
        if count >= size:
            return f"{count / size:.3g} {word}"
    return f"{count:,.0f}"
