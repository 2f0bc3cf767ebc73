"""Populations divided into the areas of a cortex, connected as these are."""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

import numpy as np

from engine.connectivity.base import Connectivity
from engine.connectivity.graph import Graph, pairs
from engine.connectivity.macaque import AREAS, FRACTIONS, HIERARCHY, distance
from engine.specs import NON_NEGATIVE, PROBABILITY, ParameterSpec

__all__ = ["MacaqueCortex"]


class MacaqueCortex(Connectivity):
    r"""Both populations are divided into 29 areas of the macaque cortex, connected as they are.

    A weight is that of the projection times the published fraction of neurons between two areas, or
    one within an area, and grows with the place of the target in the hierarchy. The areas stand in
    the order of that hierarchy, from V1 to 24c; of fewer than 29 neurons some have none.

    References
    ----------
    N. T. Markov and others (2014). A weighted and directed interareal connectivity matrix for
    macaque cerebral cortex. Cerebral Cortex 24, 17-36. doi:10.1093/cercor/bhs270
    """

    formula: ClassVar[str] = r"P_{ij} = p, \quad w_{ij} = w\,(1 + \alpha h_i)\,\mathrm{FLN}_{ij}"
    weighted: ClassVar[bool] = True

    p = ParameterSpec(
        0.1,
        "p",
        "probability that two neurons of connected areas are connected",
        soft=(0.0, 1.0),
        hard=PROBABILITY,
    )
    gradient = ParameterSpec(
        4.0,
        r"\alpha",
        "how much stronger connections are at the top of the hierarchy than at its bottom",
        soft=(0.0, 5.0),
        hard=NON_NEGATIVE,
    )
    nearest = ParameterSpec(
        0.0,
        r"d_{\min}",
        "least distance in mm of areas that are connected; an area has none from itself",
        soft=(0.0, 60.0),
        hard=NON_NEGATIVE,
    )
    farthest = ParameterSpec(
        60.0,
        r"d_{\max}",
        "distance in mm of areas from which on they are not connected",
        soft=(0.0, 60.0),
        hard=NON_NEGATIVE,
    )

    least = ParameterSpec(
        0.0005,
        r"\mathrm{FLN}_{\min}",
        "least published fraction of a connection between areas that is drawn",
        soft=(0.0, 0.1),
        hard=PROBABILITY,
    )

    def expected(self, n_pre: int, n_post: int) -> float:
        """Return about the number of connections."""
        return n_pre * n_post * self.p * np.count_nonzero(self._factors()) / len(AREAS) ** 2

    def out_degree(self, n_pre: int, n_post: int) -> tuple[float, float]:
        """Return mean and variance for a source of the area that projects to the most others."""
        most = np.count_nonzero(self._factors(), axis=0).max() * n_post / len(AREAS)
        return most * self.p, most * self.p * (1.0 - self.p)

    def connect(self, n_pre: int, n_post: int, recurrent: bool, rng: np.random.Generator) -> Graph:
        """Draw area by area; see `Connectivity.connect`."""
        here, there = (np.arange(n) * len(AREAS) // n for n in (n_pre, n_post))
        factors = self._factors()
        pre, post = [], []
        for area in range(len(AREAS)):
            sources = np.flatnonzero(here == area)
            targets = np.flatnonzero(factors[there, area])
            for some in np.array_split(sources, len(sources) // 64 + 1):
                row, column = np.nonzero(rng.random((len(some), len(targets))) < self.p)
                pre.append(some[row])
                post.append(targets[column])
        graph = pairs(np.concatenate(pre), np.concatenate(post), n_pre, n_post)
        each = factors[there[graph.targets], here[graph.sources]].astype(np.float32)
        return Graph(graph.starts, graph.targets, n_post, each)

    def _factors(self) -> np.ndarray:
        """Return what multiplies a weight, shape (target area, source area)."""
        fractions, distances, places = _table()
        chosen = (distances >= self.nearest) & (distances < self.farthest)
        chosen &= fractions >= self.least
        return np.where(chosen, fractions * (1.0 + self.gradient * places[:, None]), 0.0)


@lru_cache(maxsize=1)
def _table() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return fractions and distances, shape (target area, source area), and the hierarchy."""
    fractions, distances = np.eye(len(AREAS)), np.zeros((len(AREAS), len(AREAS)))
    for row, target in enumerate(AREAS):
        for column, source in enumerate(AREAS):
            if row != column:
                fractions[row, column] = FRACTIONS[target].get(source, 0.0)
                distances[row, column] = distance(target, source)
    return fractions, distances, np.array([*HIERARCHY.values()])
