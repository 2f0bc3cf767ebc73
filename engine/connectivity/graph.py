"""Connections as they were drawn: the targets of every source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

__all__ = ["Graph", "pairs", "rows", "skip_self"]


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
    factors : array of float, shape (connection,), optional
        Weight of every connection as a multiple of that of the projection, where they differ.
    """

    starts: np.ndarray
    targets: np.ndarray
    n_post: int
    factors: np.ndarray | None = None

    @classmethod
    def of(cls, matrix: Any) -> Graph:
        """Read the connections of a sparse matrix, shape (n_pre, n_post); its entries count."""
        given = sparse.csr_array(matrix)
        given.sort_indices()
        targets = np.repeat(given.indices, given.data.astype(np.int64)).astype(np.int32)
        before = np.concatenate([[0], np.cumsum(given.data, dtype=np.int64)])
        return cls(before[given.indptr], targets, int(matrix.shape[1]))

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


def rows(targets: np.ndarray, n_post: int) -> Graph:
    """Connect every source to a row of as many targets."""
    n_pre, degree = targets.shape
    ordered = np.sort(targets, axis=1).astype(np.int32).ravel()
    return Graph(np.arange(n_pre + 1, dtype=np.int64) * degree, ordered, n_post)


def pairs(pre: np.ndarray, post: np.ndarray, n_pre: int, n_post: int) -> Graph:
    """Connect the pairs of two lists."""
    ones = np.ones(len(pre), np.int32)
    return Graph.of(sparse.coo_array((ones, (pre, post)), shape=(n_pre, n_post)))


def skip_self(partners: np.ndarray) -> np.ndarray:
    """Let partners, counted without the neuron of the row itself, count with it."""
    return partners + (partners >= np.arange(len(partners))[:, None])
