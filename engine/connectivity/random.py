"""Rules of chance: by probability, by degree, by distance."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from engine.connectivity.base import WithAutapses
from engine.connectivity.graph import Graph, pairs, rows, skip_self
from engine.errors import ParameterError
from engine.specs import POSITIVE, PROBABILITY, ChoiceSpec, Interval, ParameterSpec

__all__ = ["DistanceDependent", "FixedInDegree", "FixedOutDegree", "FixedProbability"]

PAIRS_AT_ONCE = 4_000_000


class FixedProbability(WithAutapses):
    """Each pair is connected with the same probability, independently of all others."""

    formula: ClassVar[str] = r"P_{ij} = p"

    p = ParameterSpec(
        0.1,
        "p",
        "probability that a pair of neurons is connected",
        soft=(0.0, 1.0),
        hard=PROBABILITY,
    )

    def expected(self, n_pre: int, n_post: int) -> float:
        """Return the mean number of connections."""
        return n_pre * n_post * self.p

    def connect(self, n_pre: int, n_post: int, recurrent: bool, rng: np.random.Generator) -> Graph:
        """Walk over all pairs from one connection to the next; see `Connectivity.connect`."""
        others = n_post - 1 if self.leaves_out_self(recurrent) else n_post
        pre, post = np.divmod(_successes(rng, self.p, n_pre * others), max(others, 1))
        return pairs(pre, post + (post >= pre) if others < n_post else post, n_pre, n_post)


class FixedOutDegree(WithAutapses):
    """Every neuron has the same number of targets, different ones, at random."""

    formula: ClassVar[str] = r"\sum_j C_{ij} = K"
    regular: ClassVar[bool] = True

    degree = ParameterSpec(
        10.0,
        "K",
        "number of connections of every neuron",
        soft=(0.0, 200.0),
        hard=Interval(0.0),
        integer=True,
    )

    def check(self, n_pre: int, n_post: int, recurrent: bool, path: str) -> None:
        """Refuse more connections than there are targets."""
        self._check_degree(n_post, recurrent, path, "targets")

    def expected(self, n_pre: int, n_post: int) -> float:
        """Return the number of connections."""
        return n_pre * self.degree

    def connect(self, n_pre: int, n_post: int, recurrent: bool, rng: np.random.Generator) -> Graph:
        """Draw the targets of every source; see `Connectivity.connect`."""
        return rows(self._partners(n_pre, n_post, recurrent, rng), n_post)

    def _partners(self, n: int, n_others: int, recurrent: bool, rng: Any) -> np.ndarray:
        """Draw ``degree`` different partners for each of ``n`` neurons."""
        if self.leaves_out_self(recurrent):
            return skip_self(_distinct(rng, n, int(self.degree), n_others - 1))
        return _distinct(rng, n, int(self.degree), n_others)

    def _check_degree(self, n: int, recurrent: bool, path: str, what: str) -> None:
        most = n - 1 if self.leaves_out_self(recurrent) else n
        if self.degree > most:
            raise ParameterError(
                f"{path}.degree",
                f"{path}.degree must be at most {most}, as there are no more {what}, "
                f"got {self.degree:g}",
            )


class FixedInDegree(FixedOutDegree):
    """Every neuron has the same number of sources, different ones, at random."""

    formula: ClassVar[str] = r"\sum_i C_{ij} = K"

    formula: ClassVar[str] = r"\sum_i C_{ij} = K"
    regular: ClassVar[bool] = False

    degree = FixedOutDegree.degree.but(meaning="number of connections to every neuron")

    def check(self, n_pre: int, n_post: int, recurrent: bool, path: str) -> None:
        """Refuse more connections than there are sources."""
        self._check_degree(n_pre, recurrent, path, "sources")

    def expected(self, n_pre: int, n_post: int) -> float:
        """Return the number of connections."""
        return n_post * self.degree

    def connect(self, n_pre: int, n_post: int, recurrent: bool, rng: np.random.Generator) -> Graph:
        """Draw the sources of every target; see `Connectivity.connect`."""
        sources = self._partners(n_post, n_pre, recurrent, rng)
        post = np.repeat(np.arange(n_post), sources.shape[1])
        return pairs(sources.ravel(), post, n_pre, n_post)


class DistanceDependent(WithAutapses):
    """The probability of a connection falls off with distance, on a ring or on a sheet.

    Both populations are spread evenly over the same ring or square sheet of length one, which
    closes on itself.
    """

    formula: ClassVar[str] = r"P_{ij} = p_{\max}\, e^{-d_{ij}^2 / 2 \sigma^2}"

    p_max = ParameterSpec(
        0.5,
        r"p_{\max}",
        "probability of a connection to a neuron at the same place",
        soft=(0.0, 1.0),
        hard=PROBABILITY,
    )
    width = ParameterSpec(
        0.1,
        r"\sigma",
        "width of the neighbourhood, as a part of the length of the ring or sheet",
        soft=(0.01, 0.5),
        hard=POSITIVE,
    )
    layout = ChoiceSpec("ring", ("ring", "sheet"), "where the neurons stand")

    def expected(self, n_pre: int, n_post: int) -> float:
        """Return about the mean number of connections: the volume under the Gaussian."""
        dimensions = 1 if self.layout == "ring" else 2
        covered = (np.sqrt(2.0 * np.pi) * self.width) ** dimensions
        return n_pre * n_post * self.p_max * min(1.0, float(covered))

    def connect(self, n_pre: int, n_post: int, recurrent: bool, rng: np.random.Generator) -> Graph:
        """Draw pair by pair, some rows at a time; see `Connectivity.connect`."""
        here, there = self.positions(n_pre), self.positions(n_post)
        found: list[np.ndarray] = []
        at_once = max(1, PAIRS_AT_ONCE // n_post)
        for first in range(0, n_pre, at_once):
            away = np.abs(here[first : first + at_once, None] - there)
            distance = np.minimum(away, 1.0 - away)
            p = self.p_max * np.exp(-np.sum(distance**2, axis=-1) / (2.0 * self.width**2))
            hit = rng.random(p.shape) < p
            if self.leaves_out_self(recurrent):
                own = np.arange(len(hit))
                hit[own, first + own] = False
            found.append(np.flatnonzero(hit) + first * n_post)
        return pairs(*np.divmod(np.concatenate(found), n_post), n_pre, n_post)

    def positions(self, n: int) -> np.ndarray:
        """Return where ``n`` neurons stand, shape (neuron, dimension), from 0 to 1."""
        if self.layout == "ring":
            return (np.arange(n) / n)[:, None]
        columns = int(np.ceil(np.sqrt(n)))
        row, column = np.divmod(np.arange(n), columns)
        return np.stack([(row + 0.5) / -(-n // columns), (column + 0.5) / columns], axis=-1)


def _successes(rng: np.random.Generator, p: float, trials: int) -> np.ndarray:
    """Return which of many trials with a small chance succeed, by drawing the gaps between them."""
    if p <= 0.0 or trials == 0:
        return np.zeros(0, np.int64)
    mean = p * trials
    count = int(mean + 6.0 * np.sqrt(mean) + 16)
    found = np.cumsum(rng.geometric(p, count)) - 1
    while found[-1] < trials:
        found = np.concatenate([found, found[-1] + np.cumsum(rng.geometric(p, count))])
    return found[found < trials]


def _distinct(rng: np.random.Generator, n_rows: int, count: int, n: int) -> np.ndarray:
    """Draw ``count`` different numbers below ``n`` for every row, each set as likely as any other.

    Numbers that came twice are drawn again until all differ: the same as drawing one by one. Where
    more than half are wanted, those to leave out are drawn.
    """
    if count > n // 2:
        left_out = _distinct(rng, n_rows, n - count, n)
        kept = np.ones((n_rows, n), bool)
        kept[np.arange(n_rows)[:, None], left_out] = False
        return np.nonzero(kept)[1].reshape(n_rows, count)
    found = np.sort(rng.integers(0, n, (n_rows, count)), axis=1)
    again = np.arange(n_rows)
    while len(again):
        twice = np.zeros((len(again), count), bool)
        twice[:, 1:] = found[again, 1:] == found[again, :-1]
        row, column = np.nonzero(twice)
        found[again[row], column] = rng.integers(0, n, len(row))
        again = again[np.unique(row)]
        found[again] = np.sort(found[again], axis=1)
    return found
