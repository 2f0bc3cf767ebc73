"""What shapes the compiled program of a network, and how its projections travel together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from engine import events
from engine.base_experiment import BaseStructure
from engine.circuits import Circuit
from engine.connectivity import Graph
from engine.network_circuit import NetworkCircuit
from engine.network_places import Populations, Projections, specs_of
from engine.specs import ParameterSpec

__all__ = ["Bundle", "NetworkStructure", "Route", "bundle", "up_to_power_of_two"]


@dataclass(frozen=True, order=True)
class Route:
    """How the spikes of a projection travel; those of the same route can travel together.

    Attributes
    ----------
    delay : int
        Steps after which they arrive; 1 where each connection has a delay of its own.
    ring : int
        Steps that such arrivals are kept ahead, 0 where all have the same delay.
    plastic : str
        The projection, where its short-term plasticity has states that no other shares.
    """

    delay: int
    ring: int = 0
    plastic: str = ""


@dataclass(frozen=True)
class Bundle:
    """Projections whose spikes travel together.

    Attributes
    ----------
    projections : tuple of str
        In the order of their targets in the vector of arrivals.
    first, rows : int
        The neurons from the first to the last that send.
    width : int
        Targets in a row of the table, rounded up; see `engine.events.bucket`.
    ring, plastic
        As of their `Route`. The delay is a number that moves, and not here.
    weighted : bool
        Whether the weights of the connections of any of them differ.
    """

    projections: tuple[str, ...]
    first: int
    rows: int
    width: int
    ring: int = 0
    plastic: str = ""
    weighted: bool = False


@dataclass(frozen=True)
class NetworkStructure(BaseStructure):
    """What shapes the compiled program of a `NetworkExperiment`.

    Parameters
    ----------
    populations, projections : tuple of (str, Population or NetworkProjection)
        What there is, by name.
    sizes : tuple of int
        Number of neurons of every population.
    bundles : tuple of Bundle
        How the projections travel.
    kept_steps : int
        How many steps a spike is remembered, for the longest delay.
    choices, paths, n_watched
        As in every structure.
    """

    populations: Populations
    projections: Projections
    sizes: tuple[int, ...]
    bundles: tuple[Bundle, ...]
    kept_steps: int
    choices: tuple[tuple[str, str], ...]
    paths: tuple[str, ...]
    n_watched: int

    @property
    def n(self) -> int:
        """Number of neurons of all populations."""
        return sum(self.sizes)

    @property
    def firsts(self) -> tuple[int, ...]:
        """Number of the first neuron of every population."""
        return tuple(int(first) for first in np.cumsum((0, *self.sizes[:-1])))

    @property
    def size_of(self) -> dict[str, int]:
        """Number of neurons, by population."""
        return dict(zip((name for name, _ in self.populations), self.sizes, strict=True))

    @property
    def specs(self) -> Mapping[str, ParameterSpec]:
        """Declaration of every number."""
        return specs_of(self.populations, self.projections)

    @property
    def circuit(self) -> Circuit:
        """What is built and stepped inside the trace."""
        return NetworkCircuit(self)

    @property
    def n_states(self) -> int:
        """Number of variables that evolve, for each neuron."""
        return max(
            sum(len(kind.states()) for kind in population.places().values() if kind is not None)
            for _, population in self.populations
        )

    @property
    def n_traces(self) -> int:
        """Number of traces that a watched neuron leaves."""
        return len(self.circuit.units)

    @property
    def random_slots(self) -> tuple[str, ...]:
        """The random numbers of the backgrounds, which are drawn for every neuron and step."""
        drawn = any(population.background for _, population in self.populations)
        return ("background",) if drawn else ()


def bundle(
    projections: Projections,
    graphs: Mapping[str, Graph],
    degrees: Mapping[str, tuple[float, float]],
    routes: Mapping[str, Route],
    weighted: Mapping[str, bool],
    ranges: Mapping[str, range],
) -> tuple[Bundle, ...]:
    """Put projections together that have the same route, and rows of about the same width.

    Parameters
    ----------
    projections : tuple of (str, NetworkProjection)
        By name.
    graphs, degrees, routes, weighted : mapping
        Connections of every projection that were drawn or given, mean and variance of their number
        for a source, how they travel, and whether their weights differ.
    ranges : mapping of str to range
        Neurons of every population.
    """
    longest_ring = max((route.ring for route in routes.values()), default=0)
    sent: dict[tuple[Route, str], list[str]] = {}
    for name, projection in projections:
        route = routes[name]
        if route.ring:
            route = replace(route, ring=longest_ring)  # one ring for all
        sent.setdefault((route, projection.source), []).append(name)
    widths = {}
    for key, names in sent.items():
        mean, variance = (sum(degrees[name][k] for name in names) for k in (0, 1))
        known = [graphs[name].out_degrees for name in names if name in graphs]
        longest = np.sum(known, axis=0).max() if known else 0
        widths[key] = events.needed_width(mean, variance, int(longest))
    groups: list[list[tuple[Route, str]]] = []
    for key in sorted(widths, key=lambda key: (key[0], widths[key])):
        first = groups[-1][0] if groups else None
        if first and first[0] == key[0] and widths[key] <= 2 * widths[first]:
            groups[-1].append(key)
        else:
            groups.append([key])
    found = []
    for keys in groups:
        here = [ranges[source] for _, source in keys]
        first, stop = min(r.start for r in here), max(r.stop for r in here)
        names = tuple(name for name in routes if any(name in sent[key] for key in keys))
        width, route = max(widths[key] for key in keys), keys[0][0]
        differ = any(weighted[name] for name in names)
        found.append(Bundle(names, first, stop - first, width, route.ring, route.plastic, differ))
    return tuple(found)


def up_to_power_of_two(count: int) -> int:
    """Round up to a power of two, so that small changes stay within it."""
    return 1 << (count - 1).bit_length()
