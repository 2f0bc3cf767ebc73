"""Rules without chance: all to all, one to one, neighbours on a ring."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from engine.connectivity.base import Connectivity, WithAutapses
from engine.connectivity.graph import Graph, rows, skip_self
from engine.errors import ParameterError
from engine.specs import Interval, ParameterSpec

__all__ = ["AllToAll", "OneToOne", "Ring"]


class AllToAll(WithAutapses):
    """Every neuron connects to every other."""

    formula: ClassVar[str] = r"P_{ij} = 1"
    regular: ClassVar[bool] = True

    def connect(self, n_pre: int, n_post: int, recurrent: bool, rng: Any) -> Graph:
        """Connect all; see `Connectivity.connect`."""
        if self.leaves_out_self(recurrent):
            return rows(skip_self(np.tile(np.arange(n_post - 1), (n_pre, 1))), n_post)
        return rows(np.tile(np.arange(n_post), (n_pre, 1)), n_post)


class OneToOne(Connectivity):
    """Every neuron connects to the one that stands at its place in the other population."""

    formula: ClassVar[str] = r"P_{ij} = \delta_{ij}"
    regular: ClassVar[bool] = True

    def check(self, n_pre: int, n_post: int, recurrent: bool, path: str) -> None:
        """Refuse populations of different sizes."""
        if n_pre != n_post:
            raise ParameterError(
                path,
                f"{path} connects one to one, so both populations must have the same size, got "
                f"{n_pre} and {n_post}; change a size or choose another connectivity",
            )

    def expected(self, n_pre: int, n_post: int) -> float:
        """Return the number of connections."""
        return float(n_pre)

    def connect(self, n_pre: int, n_post: int, recurrent: bool, rng: Any) -> Graph:
        """Connect pairs; see `Connectivity.connect`."""
        return rows(np.arange(n_pre)[:, None], n_post)


class Ring(Connectivity):
    """Every neuron connects to its nearest neighbours on both sides of a closed ring."""

    formula: ClassVar[str] = r"C_{ij} = 1 \text{ for } 0 < |i - j| \le K"
    regular: ClassVar[bool] = True

    neighbours = ParameterSpec(
        1.0,
        "K",
        "number of neighbours on each side",
        soft=(1.0, 20.0),
        hard=Interval(1.0),
        integer=True,
    )

    def check(self, n_pre: int, n_post: int, recurrent: bool, path: str) -> None:
        """Refuse populations of different sizes, and more neighbours than there are."""
        OneToOne().check(n_pre, n_post, recurrent, path)
        if 2 * self.neighbours >= n_pre:
            raise ParameterError(
                f"{path}.neighbours",
                f"{path}.neighbours must be at most {(n_pre - 1) // 2} in a ring of {n_pre}, "
                f"got {self.neighbours:g}",
            )

    def expected(self, n_pre: int, n_post: int) -> float:
        """Return the number of connections."""
        return 2.0 * n_pre * self.neighbours

    def connect(self, n_pre: int, n_post: int, recurrent: bool, rng: Any) -> Graph:
        """Connect neighbours; see `Connectivity.connect`."""
        steps = np.arange(1, int(self.neighbours) + 1)
        steps = np.concatenate([-steps, steps])
        return rows((np.arange(n_pre)[:, None] + steps) % n_post, n_post)
