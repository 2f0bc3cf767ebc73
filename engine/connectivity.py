r"""Who connects to whom: kinds of random and regular connectivity, drawn on the host.

A kind is declared like a model. An instance draws the connections between two populations; the same
seed gives the same ones.

Examples
--------
>>> from engine.connectivity import FixedOutDegree
>>> graph = FixedOutDegree(degree=3).draw(5, 100, seed=1)
>>> graph.out_degrees.tolist()
[3, 3, 3, 3, 3]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from scipy import sparse

from engine.errors import ParameterError
from engine.specs import (
    POSITIVE,
    PROBABILITY,
    ChoiceSpec,
    Component,
    Interval,
    ParameterSpec,
    subclasses,
)

__all__ = [
    "AllToAll",
    "Connectivity",
    "DistanceDependent",
    "FixedInDegree",
    "FixedOutDegree",
    "FixedProbability",
    "FromMatrix",
    "Graph",
    "OneToOne",
    "Ring",
    "catalogue",
    "drawn",
]


@dataclass(frozen=True, eq=False)
class Graph:
    """The connections from one population to another, by source.

    Attributes
    ----------
    starts : array of int, shape (n_pre + 1,)
        Where the targets of every source begin in `targets`.
    targets : array of int32, shape (connection,)
        Targets of the first source in increasing order, then of the second, and so on.
    n_post : int
        Number of neurons that could be a target.
    """

    starts: np.ndarray
    targets: np.ndarray
    n_post: int

    @classmethod
    def of(cls, matrix: Any) -> Graph:
        """Read the connections of a sparse matrix, shape (n_pre, n_post); its entries count."""
        rows = sparse.csr_array(matrix)
        rows.sort_indices()
        targets = np.repeat(rows.indices, rows.data.astype(np.int64)).astype(np.int32)
        before = np.concatenate([[0], np.cumsum(rows.data, dtype=np.int64)])
        return cls(before[rows.indptr], targets, rows.shape[1])

    @property
    def n_pre(self) -> int:
        """Number of sources."""
        return len(self.starts) - 1

    @property
    def out_degrees(self) -> np.ndarray:
        """Number of connections of every source."""
        return np.diff(self.starts)

    @property
    def in_degrees(self) -> np.ndarray:
        """Number of connections to every target."""
        return np.bincount(self.targets, minlength=self.n_post)

    @property
    def sources(self) -> np.ndarray:
        """Source of every connection, beside its target."""
        return np.repeat(np.arange(self.n_pre), self.out_degrees)

    def dense(self) -> np.ndarray:
        """Return the number of connections of every pair, shape (n_pre, n_post)."""
        counts = np.zeros((self.n_pre, self.n_post), np.int64)
        np.add.at(counts, (self.sources, self.targets), 1)
        return counts


class Connectivity(Component):
    """A rule that says who connects to whom: derive from it, declare, and write `connect`.

    Attributes
    ----------
    formula : str
        LaTeX of the rule: the probability or the number of connections.
    """

    formula: ClassVar[str] = ""
    regular: ClassVar[bool] = False
    """Whether all sources have the same number of connections."""

    def _construct(self) -> None:
        """Do nothing: subclasses get a generated constructor."""

    def draw(
        self, n_pre: int, n_post: int, seed: int = 0, *, recurrent: bool = False, path: str = ""
    ) -> Graph:
        """Draw the connections between two populations.

        Parameters
        ----------
        n_pre, n_post : int
            Number of sources and of targets.
        seed : int
            Start of the random numbers.
        recurrent : bool
            Whether sources and targets are the same neurons.
        path : str
            Where the rule stands in an experiment, for the text of an error.

        Raises
        ------
        ParameterError
            An empty population, or a rule that these populations cannot follow.
        """
        path = path or type(self).__name__
        for name, n in (("presynaptic", n_pre), ("postsynaptic", n_post)):
            if n < 1:
                raise ParameterError(
                    path, f"{path} needs a {name} population of at least one neuron, got {n}"
                )
        self.check(n_pre, n_post, recurrent, path)
        return self.connect(n_pre, n_post, recurrent, np.random.default_rng(seed))

    def check(self, n_pre: int, n_post: int, recurrent: bool, path: str) -> None:
        """Raise ParameterError where populations of these sizes cannot be connected so."""

    def expected(self, n_pre: int, n_post: int) -> float:
        """Return about how many connections there will be, to know the memory beforehand."""
        return float(n_pre) * n_post

    def out_degree(self, n_pre: int, n_post: int) -> tuple[float, float]:
        """Return mean and variance of the number of connections of a source, whatever the seed."""
        mean = self.expected(n_pre, n_post) / n_pre
        return mean, 0.0 if self.regular else mean * max(0.0, 1.0 - mean / n_post)

    def connect(self, n_pre: int, n_post: int, recurrent: bool, rng: np.random.Generator) -> Graph:
        """Draw the connections, of populations that were checked.

        Raises
        ------
        NotImplementedError
            The class does not say who connects.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define connect()")


class RandomConnectivity(Connectivity):
    """A rule that may leave a neuron's connection to itself out."""

    autapses = ChoiceSpec(
        "no",
        ("no", "yes"),
        "whether a neuron of a population connected to itself may be its own target",
    )

    def leaves_out_self(self, recurrent: bool) -> bool:
        """Whether a neuron's connection to itself has to be left out."""
        return recurrent and self.autapses == "no"


class AllToAll(RandomConnectivity):
    """Every neuron connects to every other."""

    formula: ClassVar[str] = r"P_{ij} = 1"
    regular: ClassVar[bool] = True

    def connect(self, n_pre: int, n_post: int, recurrent: bool, rng: Any) -> Graph:
        """Connect all; see `Connectivity.connect`."""
        if self.leaves_out_self(recurrent):
            return _rows(_skip_self(np.tile(np.arange(n_post - 1), (n_pre, 1))), n_post)
        return _rows(np.tile(np.arange(n_post), (n_pre, 1)), n_post)


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
        return _rows(np.arange(n_pre)[:, None], n_post)


class FixedProbability(RandomConnectivity):
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
        return _pairs(pre, post + (post >= pre) if others < n_post else post, n_pre, n_post)


class FixedOutDegree(RandomConnectivity):
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
        return _rows(self._partners(n_pre, n_post, recurrent, rng), n_post)

    def _partners(self, n: int, n_others: int, recurrent: bool, rng: Any) -> np.ndarray:
        """Draw ``degree`` different partners for each of ``n`` neurons."""
        if self.leaves_out_self(recurrent):
            return _skip_self(_distinct(rng, n, int(self.degree), n_others - 1))
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
        return _pairs(sources.ravel(), post, n_pre, n_post)


class DistanceDependent(RandomConnectivity):
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
        rows = max(1, PAIRS_AT_ONCE // n_post)
        for first in range(0, n_pre, rows):
            away = np.abs(here[first : first + rows, None] - there)
            distance = np.minimum(away, 1.0 - away)
            p = self.p_max * np.exp(-np.sum(distance**2, axis=-1) / (2.0 * self.width**2))
            hit = rng.random(p.shape) < p
            if self.leaves_out_self(recurrent):
                own = np.arange(len(hit))
                hit[own, first + own] = False
            found.append(np.flatnonzero(hit) + first * n_post)
        return _pairs(*np.divmod(np.concatenate(found), n_post), n_pre, n_post)

    def positions(self, n: int) -> np.ndarray:
        """Return where ``n`` neurons stand, shape (neuron, dimension), from 0 to 1."""
        if self.layout == "ring":
            return (np.arange(n) / n)[:, None]
        columns = int(np.ceil(np.sqrt(n)))
        row, column = np.divmod(np.arange(n), columns)
        return np.stack([(row + 0.5) / -(-n // columns), (column + 0.5) / columns], axis=-1)


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
        return _rows((np.arange(n_pre)[:, None] + steps) % n_post, n_post)


class FromMatrix:
    """Connections that are given: an entry says how many there are of a source to a target.

    Parameters
    ----------
    matrix : array or sparse matrix, shape (n_pre, n_post)
        Whole numbers that are not negative; how strong a connection is, its projection says.
    """

    def __init__(self, matrix: Any) -> None:
        given = sparse.csr_array(matrix)
        if not (np.isfinite(given.data).all() and (given.data >= 0).all()):
            raise ParameterError(
                "FromMatrix.matrix", "FromMatrix.matrix must not hold negative numbers or NaN"
            )
        if (given.data != np.round(given.data)).any():
            raise ParameterError(
                "FromMatrix.matrix",
                "FromMatrix.matrix must hold whole numbers of connections; give the strength of a "
                "connection as the weight of its projection",
            )
        self.graph = Graph.of(given)

    def draw(self, n_pre: int, n_post: int, seed: int = 0, **_: Any) -> Graph:
        """Return the given connections; ParameterError where the sizes do not fit."""
        shape = self.graph.n_pre, self.graph.n_post
        if shape != (n_pre, n_post):
            raise ParameterError(
                "FromMatrix.matrix",
                f"FromMatrix.matrix must be of shape ({n_pre}, {n_post}), got {shape}",
            )
        return self.graph


@lru_cache(maxsize=32)
def drawn(
    kind: type[Connectivity],
    numbers: tuple[tuple[str, Any], ...],
    n_pre: int,
    n_post: int,
    seed: int,
    recurrent: bool,
    path: str,
) -> Graph:
    """Draw connections, or give those that were drawn from the same numbers before."""
    return kind(**dict(numbers)).draw(n_pre, n_post, seed, recurrent=recurrent, path=path)


def catalogue() -> Mapping[str, type[Connectivity]]:
    """Return every kind of connectivity that is declared, by name."""
    return {c.__name__: c for c in subclasses(Connectivity) if c.formula}


PAIRS_AT_ONCE = 4_000_000


def _rows(targets: np.ndarray, n_post: int) -> Graph:
    """Connect every source to a row of as many targets."""
    n_pre, degree = targets.shape
    ordered = np.sort(targets, axis=1).astype(np.int32).ravel()
    return Graph(np.arange(n_pre + 1, dtype=np.int64) * degree, ordered, n_post)


def _pairs(pre: np.ndarray, post: np.ndarray, n_pre: int, n_post: int) -> Graph:
    ones = np.ones(len(pre), np.int32)
    return Graph.of(sparse.coo_array((ones, (pre, post)), shape=(n_pre, n_post)))


def _skip_self(partners: np.ndarray) -> np.ndarray:
    """Let partners, counted without the neuron of the row itself, count with it."""
    return partners + (partners >= np.arange(len(partners))[:, None])


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


def _distinct(rng: np.random.Generator, rows: int, count: int, n: int) -> np.ndarray:
    """Draw ``count`` different numbers below ``n`` for every row, each set as likely as any other.

    Numbers that came twice are drawn again until all differ: the same as drawing one by one. Where
    more than half are wanted, those to leave out are drawn.
    """
    if count > n // 2:
        left_out = _distinct(rng, rows, n - count, n)
        kept = np.ones((rows, n), bool)
        kept[np.arange(rows)[:, None], left_out] = False
        return np.nonzero(kept)[1].reshape(rows, count)
    found = np.sort(rng.integers(0, n, (rows, count)), axis=1)
    again = np.arange(rows)
    while len(again):
        twice = np.zeros((len(again), count), bool)
        twice[:, 1:] = found[again, 1:] == found[again, :-1]
        row, column = np.nonzero(twice)
        found[again[row], column] = rng.integers(0, n, len(row))
        again = again[np.unique(row)]
        found[again] = np.sort(found[again], axis=1)
    return found
