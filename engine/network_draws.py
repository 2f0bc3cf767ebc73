"""What differs between the connections of a projection: their weights and their delays.

Both are log-normal, as a coefficient of variation around what the projection says: the sign of a
weight stays, no delay is below zero, and the mean is that of the projection. The random numbers
hang on the seed and on the name of the projection only, so that a spread that moves stretches the
same draw.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from engine.connectivity import Graph

if TYPE_CHECKING:
    from engine.network_experiment import NetworkExperiment

__all__ = ["Drawn", "factors", "longest_delay", "seed_of", "steps"]

FARTHEST = 4.0
"""Standard deviations after which the draw of a delay is cut, so that the longest is known before.

One draw in sixteen thousand is beyond.
"""


def seed_of(network: NetworkExperiment, what: str) -> int:
    """Return a seed of its own for everything that is drawn under a name."""
    return zlib.crc32(f"{int(network['seed'])} {what}".encode())


@dataclass(frozen=True, eq=False)
class Drawn:
    """A number for every connection, in the order of the targets; kept as long as it is in use."""

    values: np.ndarray


def factors(network: NetworkExperiment, name: str) -> Drawn | None:
    """Return the weights of a projection's connections, as multiples of that of the projection.

    None where all are the same.
    """
    graph, path = network.graphs[name], f"{name}.weight.spread"
    if path in network.values:
        return _factors(graph, seed_of(network, path), network[path])
    return None if graph.factors is None else _factors(graph, 0, None)


def steps(network: NetworkExperiment, name: str) -> Drawn | None:
    """Return the delays of a projection's connections in whole steps, one at least.

    None where all are the same.
    """
    path = f"{name}.delay.spread"
    if path not in network.values:
        return None
    mean = network[f"{name}.delay"] / network["dt"]
    return _steps(network.graphs[name], seed_of(network, path), network[path], mean)


def longest_delay(network: NetworkExperiment, name: str) -> int:
    """Return the most steps that a delay of a projection can have."""
    path = f"{name}.delay.spread"
    if path not in network.values:
        return network.delay_steps(name)
    factor = _log_normal(np.array([-FARTHEST, 0.0, FARTHEST]), network[path]).max()
    return int(_whole(factor * (network[f"{name}.delay"] / network["dt"])))


@lru_cache(maxsize=8)
def _factors(graph: Graph, seed: int, variation: float | None) -> Drawn:
    drawn = 1.0 if graph.factors is None else graph.factors
    if variation is not None:
        drawn = drawn * _log_normal(_normal(seed, len(graph.targets)), variation)
    return Drawn(np.asarray(drawn, np.float32))


@lru_cache(maxsize=8)
def _steps(graph: Graph, seed: int, variation: float, mean: float) -> Drawn:
    normal = np.clip(_normal(seed, len(graph.targets)), -FARTHEST, FARTHEST)
    return Drawn(_whole(_log_normal(normal, variation) * mean))


@lru_cache(maxsize=8)
def _normal(seed: int, n: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(n, np.float32)


def _log_normal(normal: np.ndarray, variation: float) -> np.ndarray:
    """Stretch standard-normal numbers to a mean of one and this coefficient of variation."""
    width = math.sqrt(math.log1p(variation**2))
    return np.exp(width * normal - width**2 / 2.0)


def _whole(delays: np.ndarray) -> np.ndarray:
    return np.maximum(1, np.rint(delays)).astype(np.int32)
