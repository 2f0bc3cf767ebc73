"""Spikes as events: packed into bits, found again, and sent to their targets.

A network is mostly silent, so a step should cost what its spikes cost and not what its synapses
would. The spikes of a step are packed into 32-bit words, the set bits are picked out by rank, a few
at a time, and each spike adds its row of targets to a vector of arrivals. However many spikes there
are, none is lost. See DECISIONS.md, 2026-11-23.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from engine.connectivity import Graph

__all__ = [
    "arrivals",
    "bucket",
    "count_up",
    "kind_of_target",
    "needed_width",
    "pack_spikes",
    "pack_words",
    "positions",
    "send_ahead",
    "spread_words",
    "table",
    "unpack_spikes",
]

MOST_UNPACKED = 256
"""Neurons up to which packing their spikes takes longer than moving them as bytes."""

EVENTS_AT_ONCE = 16
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


def spread_words(words: jax.Array, first: int, count: int) -> jax.Array:
    """Return the spikes of neighbouring neurons as ones and zeros, from `pack_words`."""
    bits = words[None, :] >> jnp.arange(32, dtype=jnp.uint32)[:, None] & 1
    return bits.ravel()[first : first + count].astype(jnp.float32)


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


def count_up(words: jax.Array) -> jax.Array:
    """Return the number of spikes in each word and all before it."""
    return jnp.cumsum(jax.lax.population_count(words).astype(jnp.int32))


def arrivals(
    words: jax.Array,
    up_to: jax.Array,
    targets: jax.Array,
    size: int,
    first: int = 0,
    factors: jax.Array | None = None,
    released: jax.Array | None = None,
) -> jax.Array:
    """Count the spikes that arrive at every target, or add up what they give.

    Parameters
    ----------
    words : array of uint32, shape (word,)
        Spikes as `pack_words` gives them; bits without a row of targets are zero.
    up_to : array of int32, shape (word,)
        What `count_up` gives for them; all zero where no spike is to be sent.
    targets : array of int, shape (row, width)
        Rows of targets, made by `table`.
    size : int
        Number of targets.
    first : int
        The neuron of the first row.
    factors : array of float32, shape (row, width), optional
        What a spike gives to each of its targets, instead of one.
    released : array of float32, shape (row,), optional
        What every source gives in this step, instead of one.

    Returns
    -------
    array of float32, shape (size,)
        How many spikes arrive, or the sum of what they give.
    """

    def add(neuron: jax.Array, counts: jax.Array) -> jax.Array:
        row = targets[neuron - first].astype(jnp.int32)
        given = _amount(factors, released, neuron - first)
        return counts.at[row].add(given, mode="promise_in_bounds")

    return _for_each_spike(words, up_to, add, jnp.zeros(size + SPARE, jnp.float32))[:size]


def send_ahead(
    ring: jax.Array,
    words: jax.Array,
    up_to: jax.Array,
    places: jax.Array,
    slot: jax.Array,
    size: int,
    first: int = 0,
    factors: jax.Array | None = None,
    released: jax.Array | None = None,
) -> tuple[jax.Array, jax.Array]:
    """Send spikes whose connections have a delay each; return what arrives now, and the ring.

    The ring holds, for every step to come, what will arrive at every target. Its rows take turns:
    the one that was read in the last step is emptied and becomes the farthest.

    Parameters
    ----------
    ring : array of float32, shape (slot * (size + SPARE),)
        What is on its way, row by row.
    words, up_to, size, first, factors, released
        As for `arrivals`; the spikes are those of the last step.
    places : array of int32, shape (row, width)
        Where in a ring whose first row is that of this step a connection ends, made by `table`.
    slot : array of int32, shape ()
        Row of this step.
    """
    row_size, n_slots = size + SPARE, ring.shape[0] // (size + SPARE)
    here = slot * row_size

    def add(neuron: jax.Array, ring: jax.Array) -> jax.Array:
        at, given = places[neuron - first] + here, _amount(factors, released, neuron - first)
        at = jnp.where(at >= ring.shape[0], at - ring.shape[0], at)
        return ring.at[at].add(given, mode="promise_in_bounds")

    # The row of the last step is emptied now and not when it was read: what is written after a
    # reading makes XLA copy the whole ring in every step, ten times the time of all else.
    before = (slot + n_slots - 1) % n_slots * row_size
    ring = jax.lax.dynamic_update_slice(ring, jnp.zeros(row_size, jnp.float32), (before,))
    ring = _for_each_spike(words, up_to, add, ring)
    return jax.lax.dynamic_slice(ring, (here,), (size,)), ring


def _amount(factors: jax.Array | None, released: jax.Array | None, row: jax.Array) -> Any:
    """Return what the spike of a row gives, to all of its targets or to each."""
    if factors is None:
        return 1.0 if released is None else released[row]
    return factors[row] if released is None else factors[row] * released[row]


def _for_each_spike(
    words: jax.Array,
    up_to: jax.Array,
    add: Callable[[jax.Array, jax.Array], jax.Array],
    into: jax.Array,
) -> jax.Array:
    """Let every spike add to an array, some spikes at a time, however many there are."""
    n_spikes = up_to[-1]

    def some(state: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        into, done = state
        neurons = spiking(words, up_to, done + jnp.arange(EVENTS_AT_ONCE, dtype=jnp.int32))
        left = jnp.minimum(n_spikes - done, EVENTS_AT_ONCE)
        into = jax.lax.fori_loop(0, left, lambda event, x: add(neurons[event], x), into)
        return into, done + EVENTS_AT_ONCE

    found, _ = jax.lax.while_loop(lambda s: s[1] < n_spikes, some, (into, jnp.int32(0)))
    return found


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
    bit = jnp.zeros_like(at)
    for width in (16, 8, 4, 2, 1):  # go on in the half of the word that has the spike
        low = word & jnp.uint32((1 << width) - 1)
        in_low = jax.lax.population_count(low).astype(jnp.int32)
        above = rank >= in_low
        rank = jnp.where(above, rank - in_low, rank)
        word = jnp.where(above, word >> width, low)
        bit += jnp.where(above, width, 0)
    return bit * n_words + at


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


def table(
    parts: list[tuple[Graph, int, int]],
    rows: int,
    width: int,
    size: int,
    places: list[np.ndarray] | None = None,
    steps: list[np.ndarray] | None = None,
) -> np.ndarray:
    """Lay the targets of several projections out in rows of one width.

    Parameters
    ----------
    parts : list of (Graph, int, int)
        Connections, the row of their first source, and what to add to their targets.
    rows, width : int
        Shape of the table.
    size : int
        Number of targets; what fills a row up points behind them.
    places : list of array of int, shape (connection,), optional
        What `positions` gives, where it is known.
    steps : list of array of int, shape (connection,), optional
        Delay of the connections of every part, for the places of `send_ahead`.

    Returns
    -------
    array of uint16 or int32, shape (rows, width)
        Targets; in the shorter type where they fit, as that is half the memory to walk through.
    """
    kind = np.int32 if steps else kind_of_target(size)
    spare = size + (np.arange(rows)[:, None] * 7 + np.arange(width)) % SPARE
    found = spare.astype(kind)
    for number, at in enumerate(places or positions(parts, rows, width)):
        graph, _, offset = parts[number]
        later = (steps[number] - 1) * (size + SPARE) if steps else 0
        found.ravel()[at] = graph.targets + (offset + later)
    return found


def positions(parts: list[tuple[Graph, int, int]], rows: int, width: int) -> list[np.ndarray]:
    """Return where the connections of every part stand in the flat `table`."""
    found, filled = [], np.zeros(rows, np.int64)
    for graph, first, _ in parts:
        source = graph.sources
        column = np.arange(len(source)) - graph.starts[source] + filled[first + source]
        found.append((first + source) * width + column)
        filled[first : first + graph.n_pre] += graph.out_degrees
    return found


def kind_of_target(size: int) -> type:
    """Return the shortest type that holds every target."""
    return np.uint16 if size + SPARE <= 2**16 else np.int32
