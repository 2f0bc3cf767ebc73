r"""How a neuron spaces its spikes: the distribution of its intervals, their order, and bursts.

Times are quantities or plain numbers in ms, as in `engine.analysis.spike_trains`; where there are
too few spikes to say anything, a measure says how many it needs.

Examples
--------
>>> from engine.analysis import intervals
>>> round(intervals.cv2([0.0, 10.0, 30.0], [0, 0, 0]), 3)
0.667
>>> found = intervals.bursts([0, 5, 10, 15, 100, 105, 110, 115, 200, 205, 210, 215])
>>> found.sizes.tolist(), round(found.share, 2)
([4, 4, 4], 1.0)
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import ndimage

from engine.analysis import spike_trains
from engine.analysis.spike_trains import ROUNDING
from engine.errors import NotEnoughSpikes, ParameterError

__all__ = ["Bursts", "adaptation_index", "bursts", "cv2", "isi_histogram", "lv"]

COARSEST = 40
"""Bins of an interval histogram whose bins are not given: about as many as a small figure shows."""


def isi_histogram(times: Any, ids: Any, bin: float | None = None) -> tuple[np.ndarray, np.ndarray]:
    r"""Count how often intervals of each length occur.

    .. math:: H_j = \#\{i, k : j b \le \Delta_{i,k} < (j + 1) b\}

    Here :math:`\Delta_{i,k}` is the time from a spike of neuron :math:`i` to its next one, and
    :math:`b` the width of a bin.

    Parameters
    ----------
    times : Quantity[ms] or array_like, shape (spike,)
        Spike times, in any order.
    ids : array_like of int, shape (spike,)
        The neuron of each spike.
    bin : float, optional
        Width :math:`b` in ms. By default 1, 2 or 5 times a power of ten, so that at most forty bins
        hold all intervals but the longest half percent.

    Returns
    -------
    edges : numpy.ndarray, shape (bin + 1,)
        Edges of the bins in ms, from 0.
    counts : numpy.ndarray of int, shape (bin,)
        Every interval is in one of the bins.

    Raises
    ------
    NotEnoughSpikes
        No neuron has two spikes.
    ParameterError
        A bin that is not above zero, or spikes that cannot be read.

    References
    ----------
    D. H. Perkel, G. L. Gerstein and G. P. Moore (1967). Neuronal spike trains and stochastic point
    processes: I. The single spike train. Biophysical Journal 7, 391-418.
    doi:10.1016/S0006-3495(67)86596-2
    """
    gaps, _ = spike_trains.isi(times, ids)
    if not gaps.size:
        raise NotEnoughSpikes("the histogram of intervals", "two spikes of one neuron")
    width = _round_width(float(np.quantile(gaps, 0.995)) / COARSEST) if bin is None else bin
    if not width > 0.0:
        raise ParameterError("bin", f"bin must be above 0 ms, got {width:g} ms")
    place = ((gaps + ROUNDING) / width).astype(np.int64)
    counts = np.bincount(place)
    return np.arange(counts.size + 1) * width, counts


def _round_width(least: float) -> float:
    """Return the smallest of 1, 2 and 5 times a power of ten that is not below ``least``."""
    if not least > 0.0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(least) + 1e-9)
    return float(power * next(m for m in (1, 2, 5, 10) if m * power >= least * (1 - 1e-9)))


def cv2(times: Any, ids: Any) -> float:
    r"""Measure how much successive intervals differ: 0 for a clock, 1 for a Poisson process.

    .. math:: \mathrm{CV}_2 = \left\langle
        \frac{2\,|\Delta_{k+1} - \Delta_k|}{\Delta_{k+1} + \Delta_k} \right\rangle

    Only neighbours are compared, so that a rate which changes slowly does not count as
    irregularity, as it does in the CV.

    Parameters
    ----------
    times : Quantity[ms] or array_like, shape (spike,)
        Spike times, in any order.
    ids : array_like of int, shape (spike,)
        The neuron of each spike.

    Returns
    -------
    cv2 : float
        Mean over the neurons with at least three spikes.

    Raises
    ------
    NotEnoughSpikes
        No neuron has three spikes.
    ParameterError
        Spikes that cannot be read.

    References
    ----------
    G. R. Holt, W. R. Softky, C. Koch and R. J. Douglas (1996). Comparison of discharge variability
    in vitro and in vivo in cat visual cortex neurons. Journal of Neurophysiology 75, 1806-1814.
    doi:10.1152/jn.1996.75.5.1806
    """
    return _of_neighbours(times, ids, "CV2", lambda change: 2.0 * np.abs(change))


def lv(times: Any, ids: Any) -> float:
    r"""Measure the local variation of the intervals: 0 for a clock, 1 for a Poisson process.

    .. math:: \mathrm{LV} = 3 \left\langle
        \left( \frac{\Delta_{k+1} - \Delta_k}{\Delta_{k+1} + \Delta_k} \right)^2 \right\rangle

    Like CV2 it compares neighbours only. For a gamma process of order :math:`\kappa` it is
    :math:`3 / (2 \kappa + 1)`, so that it tells how regular a cell is whatever its rate.

    Parameters
    ----------
    times : Quantity[ms] or array_like, shape (spike,)
        Spike times, in any order.
    ids : array_like of int, shape (spike,)
        The neuron of each spike.

    Returns
    -------
    lv : float
        Mean over the neurons with at least three spikes.

    Raises
    ------
    NotEnoughSpikes
        No neuron has three spikes.
    ParameterError
        Spikes that cannot be read.

    References
    ----------
    S. Shinomoto, K. Shima and J. Tanji (2003). Differences in spiking patterns among cortical
    neurons. Neural Computation 15, 2823-2842. doi:10.1162/089976603322518759
    """
    return _of_neighbours(times, ids, "LV", lambda change: 3.0 * change**2)


def adaptation_index(times: Any, ids: Any) -> float:
    r"""Measure whether firing slows down: the mean relative change from interval to interval.

    .. math:: A = \left\langle
        \frac{\Delta_{k+1} - \Delta_k}{\Delta_{k+1} + \Delta_k} \right\rangle

    It is above zero where a neuron adapts, below zero where it accelerates, and between -1 and 1.

    Parameters
    ----------
    times : Quantity[ms] or array_like, shape (spike,)
        Spike times, in any order.
    ids : array_like of int, shape (spike,)
        The neuron of each spike.

    Returns
    -------
    index : float
        Mean over the neurons with at least three spikes.

    Raises
    ------
    NotEnoughSpikes
        No neuron has three spikes.
    ParameterError
        Spikes that cannot be read.

    References
    ----------
    S. Druckmann, Y. Banitt, A. Gidon, F. Schürmann, H. Markram and I. Segev (2007). A novel
    multiple objective optimization framework for constraining conductance-based neuron models by
    experimental data. Frontiers in Neuroscience 1, 7-18. doi:10.3389/neuro.01.1.1.001.2007
    """
    return _of_neighbours(times, ids, "the adaptation index", lambda change: change)


def _of_neighbours(times: Any, ids: Any, name: str, measure: Any) -> float:
    """Average a function of the relative change of neighbours over each neuron, and over those."""
    gaps, owners = spike_trains.isi(times, ids)
    sums = gaps[1:] + gaps[:-1]
    pairs = (owners[1:] == owners[:-1]) & (sums > 0.0)
    if not pairs.any():
        raise NotEnoughSpikes(name, "three spikes of one neuron")
    values = measure(np.diff(gaps)[pairs] / sums[pairs])
    whose = owners[1:][pairs]
    first = np.flatnonzero(np.r_[True, whose[1:] != whose[:-1]])
    number = np.diff(np.r_[first, whose.size])
    return float(np.mean(np.add.reduceat(values, first) / number))


# -- bursts ----------------------------------------------------------------------------------------


FEWEST = 3
"""Spikes that a burst has at least: two alone are a doublet."""
FEWEST_OF_A_KIND = 2
"""Intervals that there are at least on either side of the valley: one alone is an exception."""
VOID = 0.7
"""How empty the valley between short and long intervals has to be, as in the paper."""
DECADE = 100
"""Bins of a tenfold longer interval, in which the valley is searched."""
BLUR = 0.1
"""Width in decades over which the histogram is smoothed: intervals within a factor of 1.3 count as
about the same."""


@dataclass(frozen=True)
class Bursts:
    """The bursts of a neuron.

    Attributes
    ----------
    threshold : float
        Longest interval within a burst in ms; NaN where intervals do not fall into short and long.
    starts, ends : numpy.ndarray, shape (burst,)
        Time of the first and of the last spike of each burst, in ms.
    sizes : numpy.ndarray of int, shape (burst,)
        Spikes of each burst.
    share : float
        Part of all spikes that are in bursts.
    """

    threshold: float
    starts: np.ndarray
    ends: np.ndarray
    sizes: np.ndarray
    share: float


def bursts(times: Any) -> Bursts:
    r"""Find the bursts of one neuron, by the valley between its short and its long intervals.

    .. math:: v = 1 - \frac{h(\Delta_v)}{\sqrt{h(\Delta_1)\, h(\Delta_2)}} > 0.7

    The histogram :math:`h` of the logarithms of the intervals has one peak at :math:`\Delta_1`
    for those within bursts and another at :math:`\Delta_2` for those between. Where the lowest
    point :math:`\Delta_v` between two peaks is this empty, with at least two intervals on either
    side of it, three or more spikes less than :math:`\Delta_v` apart are a burst. A clock and a
    Poisson process have one peak, and no bursts.

    Parameters
    ----------
    times : Quantity[ms] or array_like, shape (spike,)
        Spike times of one neuron, in any order.

    Returns
    -------
    Bursts
        Where they are, and the longest interval that counts as within a burst.

    Raises
    ------
    NotEnoughSpikes
        Fewer than four spikes.
    ParameterError
        Times that are not times.

    Notes
    -----
    Of several valleys it takes the emptiest. The histogram is smoothed by a Gaussian of a tenth of
    a decade, which does for short runs what long recordings need no smoothing for.

    References
    ----------
    V. Pasquale, S. Martinoia and M. Chiappalone (2010). A self-adapting approach for the detection
    of bursts and network bursts in neuronal cultures. Journal of Computational Neuroscience 29,
    213-229. doi:10.1007/s10827-009-0175-1
    """
    when, _ = spike_trains.by_neuron(times, np.zeros(np.size(times), int))
    when = np.unique(when)
    if when.size < FEWEST + 1:
        raise NotEnoughSpikes("telling bursts", f"{FEWEST + 1} spikes of the neuron")
    gaps = np.diff(when)
    threshold = _valley(np.log10(gaps))
    short = np.r_[False, gaps < threshold, False]
    first = np.flatnonzero(short[1:] & ~short[:-1])
    last = np.flatnonzero(~short[1:] & short[:-1])
    fit = last - first + 1 >= FEWEST
    first, last = first[fit], last[fit]
    sizes = last - first + 1
    return Bursts(threshold, when[first], when[last], sizes, float(sizes.sum() / when.size))


def _valley(logs: np.ndarray) -> float:
    """Return the interval at the emptiest valley of a histogram of logarithms; NaN without one."""
    low = logs.min() - 4.0 * BLUR
    place = ((logs - low) * DECADE).astype(np.int64)
    height = np.bincount(place, minlength=place.max() + int(4 * BLUR * DECADE)).astype(float)
    height = ndimage.gaussian_filter1d(height, BLUR * DECADE, mode="constant")
    inner = height[1:-1]
    peaks = np.flatnonzero((inner > height[:-2]) & (inner >= height[2:])) + 1
    best, where = VOID, float("nan")
    for left, right in pairwise(peaks):
        dip = left + int(height[left:right].argmin())
        # the highest peak on either side, as a shoulder of it has a valley of its own
        sides = height[: dip + 1].max() * height[dip:].max()
        void = 1.0 - float(height[dip]) / float(np.sqrt(sides))
        long = np.sum(place > dip)
        if void > best and FEWEST_OF_A_KIND <= long <= place.size - FEWEST_OF_A_KIND:
            best, where = void, float(10.0 ** (low + (dip + 0.5) / DECADE))
    return where
