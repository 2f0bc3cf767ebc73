"""Spikes as events: packed into bits, found again, and sent to their targets.

A network is mostly silent, so a step should cost what its spikes cost and not what its synapses
would. The spikes of a step are packed into 32-bit words, the set bits are picked out by rank, a few
at a time, and each spike adds its row of targets to a vector of arrivals. However many spikes there
are, none is lost. See DECISIONS.md, 2026-11-23.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np

from engine.connectivity import Graph

__all__ = [
    "arrivals",
    "bucket",
    "kind_of_target",
    "needed_width",
    "pack_spikes",
    "pack_words",
    "table",
    "unpack_spikes",
]

MOST_UNPACKED = 256
"""Neurons up to which packing their spikes takes longer than moving them as bytes."""

EVENTS_AT_ONCE = 32
"""Spikes that are looked up together; a step with more of them goes round again."""

SPARE = 64
"""Arrivals at the end of the vector that take what fills up short rows. They are many because
adding to one and the same place again and again waits for memory each time."""


# -- packing ---------------------------------------------------------------------------------------


def pack_words(spikes: jax.Array) -> jax.Array:
    """Pack booleans into 32-bit words: bit ``j`` of word ``w`` is neuron ``j * n_words + w``.

    The words are put together row by row, because XLA makes vector code of that and not of a sum
    over bits.
    """
    n = spikes.shape[0]
    n_words = -(-n // 32)
    words = jnp.zeros(n_words, jnp.uint32)
    for bit, first in enumerate(range(0, n, n_words)):
        row = spikes[first : first + n_words].astype(jnp.uint32)
        words |= jnp.pad(row, (0, n_words - row.shape[0])) << bit
    return words


def pack_spikes(spikes: jax.Array) -> jax.Array:
    """Pack the spikes of a step to be recorded; a small population is left as it is."""
    packed = spikes.dtype != bool
    return spikes if packed or spikes.shape[0] <= MOST_UNPACKED else pack_words(spikes)


def unpack_spikes(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turn what `pack_spikes` gave for every step into step and neuron of each spike, by time."""
    # Most of the bytes are empty: look at eight at a time, and search booleans, which numpy does
    # ten times faster than searching the same bytes as numbers.
    width = rows.shape[1]
    flat = rows.ravel().view(np.uint8)
    if len(flat) % 8:
        flat = np.append(flat, np.zeros(-len(flat) % 8, np.uint8))
    occupied = np.flatnonzero(flat.view(np.uint64) != 0)
    bytes_ = flat.reshape(-1, 8)[occupied]
    if rows.dtype == bool:
        hit = np.flatnonzero(bytes_.view(bool))
        return np.divmod(occupied[hit >> 3] * 8 + (hit & 7), width)
    bits = np.flatnonzero(np.unpackbits(bytes_, bitorder="little").view(bool))
    step, word = np.divmod(occupied[bits >> 6] * 2 + ((bits >> 5) & 1), width)
    return step, (bits & 31) * width + word


# -- sending ---------------------------------------------------------------------------------------


def arrivals(words: jax.Array, targets: jax.Array, size: int, first: int = 0) -> jax.Array:
    """Count the spikes that arrive at every target.

    Parameters
    ----------
    words : array of uint32, shape (word,)
        Spikes as `pack_words` gives them; bits without a row of targets are zero.
    targets : array of int, shape (row, width)
        Rows of targets, made by `table`.
    size : int
        Number of targets.
    first : int
        The neuron of the first row.

    Returns
    -------
    array of float32, shape (size,)
        How many spikes arrive.
    """
    up_to = jnp.cumsum(jax.lax.population_count(words).astype(jnp.int32))
    n_spikes = up_to[-1]

    def some(state: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        counts, done = state
        neurons = spiking(words, up_to, done + jnp.arange(EVENTS_AT_ONCE, dtype=jnp.int32))

        def one(event: jax.Array, counts: jax.Array) -> jax.Array:
            row = targets[neurons[event] - first].astype(jnp.int32)
            return counts.at[row].add(1.0, mode="promise_in_bounds")

        left = jnp.minimum(n_spikes - done, EVENTS_AT_ONCE)
        return jax.lax.fori_loop(0, left, one, counts), done + EVENTS_AT_ONCE

    start = jnp.zeros(size + SPARE, jnp.float32), jnp.int32(0)
    counts, _ = jax.lax.while_loop(lambda state: state[1] < n_spikes, some, start)
    return counts[:size]


def spiking(words: jax.Array, up_to: jax.Array, ranks: jax.Array) -> jax.Array:
    """Return the neurons whose spikes have the given ranks.

    Parameters
    ----------
    words : array of uint32, shape (word,)
        Spikes as `pack_words` gives them.
    up_to : array of int32, shape (word,)
        Number of spikes in each word and all before it.
    ranks : array of int32, shape (event,)
        0 for the first spike; what there is for a rank beyond the last is not defined.
    """
    n_words = words.shape[0]
    at = jnp.searchsorted(up_to, ranks, side="right", method="scan_unrolled").astype(jnp.int32)
    at = jnp.minimum(at, n_words - 1)
    word = words[at]
    rank = ranks - (up_to[at] - jax.lax.population_count(word).astype(jnp.int32))
    bits = jnp.arange(32, dtype=jnp.uint32)
    below = jax.lax.population_count(word[:, None] & ((jnp.uint32(1) << bits) - 1))
    is_it = (word[:, None] >> bits & 1 == 1) & (below.astype(jnp.int32) == rank[:, None])
    return jnp.sum(jnp.where(is_it, bits.astype(jnp.int32), 0), axis=1) * n_words + at


# -- tables of targets -----------------------------------------------------------------------------


def needed_width(mean: float, variance: float, longest: int) -> int:
    """Return how many targets a row has to hold.

    Parameters
    ----------
    mean, variance : float
        Of the number of targets, as the rule has it: another seed then seldom needs another width.
    longest : int
        The largest number of targets that were drawn.
    """
    usual = math.ceil(mean + 5.0 * math.sqrt(variance) - 1e-9)
    return bucket(max(usual, longest, 1))


def bucket(count: int) -> int:
    """Round up to one of eight lengths in each octave, so that a small change compiles nothing."""
    step = max(1, 2 ** (max(count - 1, 1).bit_length() - 4))
    return -(-count // step) * step


def table(parts: list[tuple[Graph, int, int]], rows: int, width: int, size: int) -> np.ndarray:
    """Lay the targets of several projections out in rows of one width.

    Parameters
    ----------
    parts : list of (Graph, int, int)
        Connections, the row of their first source, and what to add to their targets.
    rows, width : int
        Shape of the table.
    size : int
        Number of targets; what fills a row up points behind them.

    Returns
    -------
    array of uint16 or int32, shape (rows, width)
        Targets; in the shorter type where they fit, as that is half the memory to walk through.
    """
    kind = kind_of_target(size)
    spare = size + (np.arange(rows)[:, None] * 7 + np.arange(width)) % SPARE
    found = spare.astype(kind)
    filled = np.zeros(rows, np.int64)
    for graph, first, offset in parts:
        source = graph.sources
        column = np.arange(len(source)) - graph.starts[source] + filled[first + source]
        found[first + source, column] = graph.targets + offset
        filled[first : first + graph.n_pre] += graph.out_degrees
    return found


def kind_of_target(size: int) -> type:
    """Return the shortest type that holds every target."""
    return np.uint16 if size + SPARE <= 2**16 else np.int32
