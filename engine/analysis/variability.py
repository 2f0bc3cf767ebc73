r"""How variable the number of spikes is, and how much neurons do at the same time.

Times are quantities or plain numbers in ms, as in `engine.analysis.spike_trains`.

Examples
--------
>>> import numpy as np
>>> from engine.analysis import variability
>>> times, ids = np.tile([5.0, 15.0, 35.0], 2), np.repeat([0, 1], 3)
>>> variability.chi(times, ids, n=2, duration=40.0, bin=10.0)  # the two fire as one
1.0
>>> variability.isi_distance(times, ids, 40.0)
0.0
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.analysis import spike_trains
from engine.analysis.correlograms import chosen_neurons
from engine.analysis.spike_trains import ROUNDING
from engine.errors import NotEnoughSpikes, ParameterError

__all__ = ["chi", "fano_factor", "isi_distance"]

MANY = 1_000_000
"""Bins of all neurons up to which there is a table of all of them."""


def fano_factor(times: Any, ids: Any, duration: float, window: float = 100.0) -> float:
    r"""Measure how variable the number of spikes in a window is: 0 for a clock, 1 for Poisson.

    .. math:: F = \left\langle \frac{\operatorname{var}(N_w)}{\langle N_w \rangle} \right\rangle

    Here :math:`N_w` is the number of spikes of a neuron in a window of width :math:`w`. For long
    windows and independent intervals it tends to :math:`\mathrm{CV}^2`; where it grows with the
    window, the rate itself changes.

    Parameters
    ----------
    times : Quantity[ms] or array_like, shape (spike,)
        Spike times, in any order, from 0 to the end of the run.
    ids : array_like of int, shape (spike,)
        The neuron of each spike.
    duration : float
        Length of the run in ms; the part after the last whole window is not looked at.
    window : float
        Width :math:`w` in ms.

    Returns
    -------
    factor : float
        Mean over the neurons that fire in one of the windows.

    Raises
    ------
    NotEnoughSpikes
        There is none in any window.
    ParameterError
        Fewer than two windows, or spikes that cannot be read.

    Notes
    -----
    The variance is the unbiased one, which makes the expected factor of a Poisson process 1 however
    few windows there are.

    References
    ----------
    U. Fano (1947). Ionization yield of radiations. II. The fluctuations of the number of ions.
    Physical Review 72, 26-29. doi:10.1103/PhysRev.72.26

    M. N. Shadlen and W. T. Newsome (1998). The variable discharge of cortical neurons: implications
    for connectivity, computation, and information coding. Journal of Neuroscience 18, 3870-3896.
    doi:10.1523/JNEUROSCI.18-10-03870.1998
    """
    windows = _number_of(duration, window, "window")
    place, owners, count = _filled(times, ids, window, windows)
    if not place.size:
        raise NotEnoughSpikes("the Fano factor", "at least one in a window")
    first = np.flatnonzero(np.r_[True, owners[1:] != owners[:-1]])
    mean = np.add.reduceat(count, first) / windows
    square = np.add.reduceat(count**2, first) / windows
    return float(np.mean((square - mean**2) * windows / (windows - 1) / mean))


def chi(times: Any, ids: Any, n: int, duration: float, bin: float = 5.0) -> float:
    r"""Measure how much neurons do at the same time: 1 where they all fire as one.

    .. math:: \chi^2 = \frac{\operatorname{var}(\langle x_i \rangle_i)}
        {\langle \operatorname{var}(x_i) \rangle_i}

    Here :math:`x_i(t)` is the number of spikes of neuron :math:`i` in a bin, the mean is over
    neurons, and the variance over time. For :math:`n` independent neurons it is
    :math:`1/\sqrt n`.

    Parameters
    ----------
    times : Quantity[ms] or array_like, shape (spike,)
        Spike times, in any order, from 0 to the end of the run.
    ids : array_like of int, shape (spike,)
        The neuron of each spike.
    n : int
        Number of neurons, silent ones included.
    duration : float
        Length of the run in ms.
    bin : float
        Width of the bins in ms: what counts as the same time.

    Returns
    -------
    chi : float
        From 0 to 1.

    Raises
    ------
    NotEnoughSpikes
        There are none, or as many in every bin.
    ParameterError
        Fewer than two neurons or bins, or spikes that cannot be read.

    Notes
    -----
    The measure was defined for membrane potentials; counts of spikes serve as well, are there for
    every neuron, and depend on the bin.

    References
    ----------
    D. Golomb and D. Hansel (2000). The number of synaptic inputs and the synchrony of large, sparse
    neuronal networks. Neural Computation 12, 1095-1139. doi:10.1162/089976600300015529
    """
    if n < 2:
        raise ParameterError("n", f"synchrony is a matter of at least two neurons, got {n}")
    bins = _number_of(duration, bin, "bin")
    place, owners, count = _filled(times, ids, bin, bins)
    mean = np.bincount(owners, count, minlength=n) / bins
    alone = float(np.sum(count**2) / bins - np.sum(mean**2)) / n
    if alone <= 1e-12:
        raise NotEnoughSpikes("synchrony", "neurons that fire in some bins and not in others")
    together = np.bincount(place, count, minlength=bins) / n
    return float(np.sqrt(together.var() / alone))


def isi_distance(times: Any, ids: Any, duration: float, most: int = 100) -> float:
    r"""Measure how different the momentary intervals of neurons are: 0 where all are alike.

    .. math:: D_I = \left\langle \frac{1}{T} \int_0^T
        \frac{|x_i(t) - x_j(t)|}{\max(x_i(t), x_j(t))}\, dt \right\rangle_{i \ne j}

    Here :math:`x_i(t)` is the interval between the spikes of neuron :math:`i` that lie around
    :math:`t`. No window or bin has to be chosen. For independent Poisson processes of the same rate
    it is one half.

    Parameters
    ----------
    times : Quantity[ms] or array_like, shape (spike,)
        Spike times, in any order, from 0 to the end of the run.
    ids : array_like of int, shape (spike,)
        The neuron of each spike.
    duration : float
        Length :math:`T` of the run in ms.
    most : int
        Neurons that are looked at, evenly spread over those that fire; all pairs of them count.

    Returns
    -------
    distance : float
        From 0 to 1, mean over all pairs of neurons with at least two spikes.

    Raises
    ------
    NotEnoughSpikes
        Fewer than two neurons have two spikes.
    ParameterError
        A duration that is not above zero, or spikes that cannot be read.

    Notes
    -----
    Before its first spike a neuron is given its first interval, or the time since the run began if
    that is longer; after its last spike likewise. In the order of their intervals, all pairs of
    neurons cost no more than sorting them.

    References
    ----------
    T. Kreuz, J. S. Haas, A. Morelli, H. D. I. Abarbanel and A. Politi (2007). Measuring spike train
    synchrony. Journal of Neuroscience Methods 165, 151-161. doi:10.1016/j.jneumeth.2007.05.031
    """
    if not duration > 0.0:
        raise ParameterError("duration", f"duration must be above 0 ms, got {duration:g} ms")
    when, owners = spike_trains.by_neuron(times, ids)
    new = np.r_[True, (owners[1:] != owners[:-1]) | (when[1:] != when[:-1])][: when.size]
    when, rows, chosen = chosen_neurons(when[new], owners[new], most)
    if chosen < 2:
        raise NotEnoughSpikes("the distance of intervals", "two neurons with two spikes each")
    edges = np.unique(np.r_[0.0, when, duration])
    middles, lengths = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
    around = np.empty((chosen, middles.size))
    for row, train in enumerate(np.split(when, np.flatnonzero(np.diff(rows)) + 1)):
        gaps = np.diff(train)
        first, last = max(train[0], gaps[0]), max(duration - train[-1], gaps[-1])
        around[row] = np.r_[first, gaps, last][np.searchsorted(train, middles)]
    around.sort(axis=0)
    # in order of length the longer of two intervals is the later one: 1 - x_i / x_j for i < j
    shorter = np.cumsum(around, axis=0) - around
    differences = (np.arange(chosen)[:, None] - shorter / around).sum(axis=0)
    pairs = chosen * (chosen - 1) / 2
    return max(float(np.sum(differences * lengths)) / (pairs * duration), 0.0)


def _number_of(duration: float, width: float, path: str) -> int:
    """Return how many bins of a width there are."""
    number = int((duration + ROUNDING) / width) if width > 0.0 else 0
    if number < 2:
        raise ParameterError(
            path,
            f"{path} must be above 0 ms and fit twice into {duration:g} ms, got {width:g} ms",
        )
    return number


def _filled(
    times: Any, ids: Any, width: float, bins: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return bin, neuron and number of spikes wherever a neuron fires; by neuron."""
    when, owners = spike_trains.events(times, ids)
    place = ((when + ROUNDING) / width).astype(np.int64)
    inside = place < bins
    both = owners[inside].astype(np.int64) * bins + place[inside]
    if both.size and both.max() < MANY + 4 * both.size:  # faster than sorting
        table = np.bincount(both)
        both = np.flatnonzero(table)
        count = table[both]
    else:
        both, count = np.unique(both, return_counts=True)
    return both % bins, both // bins, count.astype(float)
