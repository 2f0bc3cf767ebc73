"""Groups in a row, each of which connects to the next."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from engine.connectivity.base import Connectivity
from engine.connectivity.graph import Graph
from engine.errors import ParameterError
from engine.specs import Interval, ParameterSpec

__all__ = ["Chain"]


class Chain(Connectivity):
    """Every neuron connects to all of the next group of a row of groups.

    A population connected to itself is divided into groups; those of the last connect to nobody.
    Neurons of another population connect to all of the first group.
    """

    formula: ClassVar[str] = r"C_{ij} = 1 \text{ for } \lfloor j G / N \rfloor = " + (
        r"\lfloor i G / N \rfloor + 1"
    )

    regular: ClassVar[bool] = True  # but for the last group

    groups = ParameterSpec(
        10.0,
        "G",
        "number of groups",
        soft=(1.0, 50.0),
        hard=Interval(1.0, 10_000.0),
        integer=True,
    )

    def check(self, n_pre: int, n_post: int, recurrent: bool, path: str) -> None:
        """Refuse more groups than there are neurons."""
        if self.groups > n_post:
            raise ParameterError(
                f"{path}.groups",
                f"{path}.groups must be at most {n_post}, as there are no more targets, got "
                f"{self.groups:g}",
            )

    def expected(self, n_pre: int, n_post: int) -> float:
        """Return about the number of connections: all neurons to a group."""
        return n_pre * n_post / self.groups

    def out_degree(self, n_pre: int, n_post: int) -> tuple[float, float]:
        """Return the largest number of connections of a source, which no seed changes."""
        return float(-(-n_post // int(self.groups))), 0.0

    def connect(self, n_pre: int, n_post: int, recurrent: bool, rng: Any) -> Graph:
        """Connect group by group; see `Connectivity.connect`."""
        groups = int(self.groups)
        # the first neuron of every group, and the end; a group behind the last is empty
        first = -(-np.arange(groups + 1) * n_post // groups)
        first = np.append(first, n_post)
        to = np.arange(n_pre) * groups // n_pre + 1 if recurrent else np.zeros(n_pre, np.int64)
        degrees = first[to + 1] - first[to]
        starts = np.concatenate([[0], np.cumsum(degrees)])
        within = np.arange(starts[-1]) - np.repeat(starts[:-1], degrees)
        targets = np.repeat(first[to], degrees) + within
        return Graph(starts.astype(np.int64), targets.astype(np.int32), n_post)
