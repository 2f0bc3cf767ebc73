r"""What spikes do around other spikes, around events of the input, and at each frequency.

Times are quantities or plain numbers in ms, as in `engine.analysis.spike_trains`.

Examples
--------
>>> import numpy as np
>>> from engine.analysis import correlograms
>>> clock = np.arange(0.0, 1000.0, 10.0)
>>> lags, rate = correlograms.autocorrelogram(clock, np.zeros(100, int), 1000.0, reach=25.0)
>>> [int(lag) for lag in lags[rate > 50.0]]
[-20, -10, 10, 20]
>>> round(correlograms.vector_strength(clock, 10.0), 6)
1.0
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import signal

from engine.analysis import spike_trains
from engine.analysis.spike_trains import ROUNDING
from engine.errors import NotEnoughSpikes, ParameterError

__all__ = [
    "autocorrelogram",
    "chosen_neurons",
    "cross_correlogram",
    "power_spectrum",
    "psth",
    "vector_strength",
]


def autocorrelogram(
    times: Any, ids: Any, duration: float, bin: float = 1.0, reach: float = 100.0
) -> tuple[np.ndarray, np.ndarray]:
    r"""Give the rate of a neuron before and after each of its own spikes.

    .. math:: C(\tau) = \frac{M(\tau)}{N b\,(1 - |\tau| / T)}

    Here :math:`M` counts how often two of the :math:`N` spikes belong to the same neuron and are
    :math:`\tau \pm b/2` apart; the spike itself is left out. Behind a dip at zero, which is
    refractoriness, there are peaks where a neuron fires rhythmically; for a Poisson process it is
    the rate everywhere. The bracket makes up for spikes beyond the ends of a run of length
    :math:`T`.

    Parameters
    ----------
    times : Quantity[ms] or array_like, shape (spike,)
        Spike times, in any order.
    ids : array_like of int, shape (spike,)
        The neuron of each spike.
    duration : float
        Length :math:`T` of the run in ms.
    bin, reach : float
        Width :math:`b` of the bins and largest lag, in ms.

    Returns
    -------
    lags : numpy.ndarray, shape (bin,)
        Middle of each bin in ms, from negative to positive.
    rate : numpy.ndarray, shape (bin,)
        In Hz; symmetric.

    Raises
    ------
    NotEnoughSpikes
        No neuron has two spikes.
    ParameterError
        A bin or a reach that does not fit, or spikes that cannot be read.

    References
    ----------
    D. H. Perkel, G. L. Gerstein and G. P. Moore (1967). Neuronal spike trains and stochastic point
    processes: I. The single spike train. Biophysical Journal 7, 391-418.
    doi:10.1016/S0006-3495(67)86596-2
    """
    number = _lags(duration, bin, reach)
    when, owners = spike_trains.by_neuron(times, ids)
    if not np.any(owners[1:] == owners[:-1]):
        raise NotEnoughSpikes("the autocorrelogram", "two spikes of one neuron")
    counts = _own_lags(when, owners, lambda lags: (lags + ROUNDING) / bin + 0.5, number)
    counts[0] *= 2.0  # half of the middle bin lies to either side of zero
    return _both_sides(counts / (when.size * bin), duration, bin)


def cross_correlogram(
    times: Any, ids: Any, n: int, duration: float, bin: float = 1.0, reach: float = 100.0
) -> tuple[np.ndarray, np.ndarray]:
    r"""Give the rate of the other neurons before and after each spike, averaged over all pairs.

    .. math:: C(\tau) = \frac{M(\tau)}{N (n - 1)\, b\,(1 - |\tau| / T)}

    Here :math:`M` counts how often two of the :math:`N` spikes belong to different ones of the
    :math:`n` neurons and are :math:`\tau \pm b/2` apart, in a run of length :math:`T`. Where
    neurons are independent it is their mean rate everywhere. A peak at zero is synchrony, peaks
    beside it are a rhythm that they share.

    Parameters
    ----------
    times : Quantity[ms] or array_like, shape (spike,)
        Spike times, in any order.
    ids : array_like of int, shape (spike,)
        The neuron of each spike.
    n : int
        Number of neurons, silent ones included.
    duration : float
        Length :math:`T` of the run in ms; spikes lie between 0 and there.
    bin, reach : float
        Width :math:`b` of the bins and largest lag, in ms.

    Returns
    -------
    lags : numpy.ndarray, shape (bin,)
        Middle of each bin in ms, from negative to positive.
    rate : numpy.ndarray, shape (bin,)
        In Hz per neuron; symmetric, as every pair counts both ways.

    Raises
    ------
    NotEnoughSpikes
        Fewer than two neurons fire.
    ParameterError
        A bin or a reach that does not fit, or spikes that cannot be read.

    Notes
    -----
    The pairs of all spikes are counted in bins by a Fourier transform, and those of a neuron with
    itself are taken away: the effort does not grow with the number of pairs.

    References
    ----------
    D. H. Perkel, G. L. Gerstein and G. P. Moore (1967). Neuronal spike trains and stochastic point
    processes: II. Simultaneous spike trains. Biophysical Journal 7, 419-440.
    doi:10.1016/S0006-3495(67)86597-4
    """
    number = _lags(duration, bin, reach)
    when, owners = spike_trains.by_neuron(times, ids)
    if np.unique(owners).size < 2:
        raise NotEnoughSpikes("the correlation between neurons", "two neurons that fire")
    place = ((when + ROUNDING) / bin).astype(np.int64)
    counts = np.bincount(place, minlength=int(np.ceil(duration / bin))).astype(float)
    pairs = signal.correlate(counts, counts, method="fft")[counts.size - 1 :]
    pairs = np.round(np.pad(pairs, (0, number))[:number])
    own = _own_lags(place, owners, lambda lags: lags, number)
    own[0] = 2.0 * own[0] + when.size
    return _both_sides((pairs - own) / ((n - 1) * when.size * bin), duration, bin)


def _lags(duration: float, bin: float, reach: float) -> int:
    """Return the number of lags from zero on."""
    if not 0.0 < bin <= reach:
        raise ParameterError("bin", f"bin must be above 0 ms and within reach, got {bin:g} ms")
    if not reach < duration:
        raise ParameterError(
            "reach", f"reach must be shorter than the run of {duration:g} ms, got {reach:g} ms"
        )
    return int((reach + ROUNDING) / bin) + 1


def _own_lags(when: np.ndarray, owners: np.ndarray, bins: Any, number: int) -> np.ndarray:
    """Count the lags from each spike to all later ones of the same neuron."""
    counts = np.zeros(number)
    for order in range(1, when.size):  # to the next spike, to the one after it, ...
        lags = (when[order:] - when[:-order])[owners[order:] == owners[:-order]]
        places = bins(lags).astype(np.int64)
        near = places[places < number]
        if not near.size:  # the next order has longer lags only
            break
        counts += np.bincount(near, minlength=number)
    return counts


def _both_sides(half: np.ndarray, duration: float, bin: float) -> tuple[np.ndarray, np.ndarray]:
    """Correct for the ends of the run, mirror at zero, and give Hz."""
    lags = np.arange(half.size) * bin
    half = 1000.0 * half * duration / (duration - lags)
    return np.r_[-lags[:0:-1], lags], np.r_[half[:0:-1], half]


# -- around events ---------------------------------------------------------------------------------


def psth(
    times: Any, n: int, events: Any, start: float, stop: float, bin: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    r"""Give the rate around an event of the input, averaged over events and neurons.

    .. math:: \nu(\tau) = \frac{1}{n K b} \sum_{k=1}^{K} N_k(\tau)

    Here :math:`N_k` counts the spikes of all :math:`n` neurons in a bin of width :math:`b` that
    begins a time :math:`\tau` after event :math:`k` of :math:`K`. Each neuron and each event is a
    trial.

    Parameters
    ----------
    times : Quantity[ms] or array_like, shape (spike,)
        Spike times of all neurons, in any order.
    n : int
        Number of neurons, silent ones included.
    events : array_like, shape (event,)
        Times of the events in ms.
    start, stop : float
        From when to when around an event, in ms.
    bin : float
        Width :math:`b` in ms.

    Returns
    -------
    edges : numpy.ndarray, shape (bin + 1,)
        Edges of the bins in ms, counted from the event.
    rate : numpy.ndarray, shape (bin,)
        In Hz per neuron.

    Raises
    ------
    NotEnoughSpikes
        There is none.
    ParameterError
        No event, a stretch that ends before it begins, or a bin that does not fit.

    References
    ----------
    G. L. Gerstein and N. Y.-S. Kiang (1960). An approach to the quantitative analysis of
    electrophysiological data from single neurons. Biophysical Journal 1, 15-28.
    doi:10.1016/S0006-3495(60)86872-5
    """
    begins = np.asarray(events, float).ravel()
    if not begins.size:
        raise ParameterError("events", "events must hold at least one time")
    if not 0.0 < bin <= stop - start:
        raise ParameterError(
            "bin", f"bin must be above 0 ms and within start and stop, got {bin:g} ms"
        )
    when, _ = spike_trains.by_neuron(times, np.zeros(np.size(times), int))
    if not when.size:
        raise NotEnoughSpikes("the rate around an event", "at least one")
    edges = start + np.arange(int((stop - start + ROUNDING) / bin) + 1) * bin
    before = np.searchsorted(when, begins[:, None] + edges - ROUNDING)
    counts = np.diff(before, axis=1).sum(axis=0)
    return edges, 1000.0 * counts / (n * begins.size * bin)


def vector_strength(times: Any, period: float) -> float:
    r"""Measure how well spikes keep to one phase of a cycle: 0 not at all, 1 perfectly.

    .. math:: r = \frac{1}{N} \left| \sum_k e^{2 \pi i\, t_k / P} \right|

    Parameters
    ----------
    times : Quantity[ms] or array_like, shape (spike,)
        Spike times, in any order.
    period : float
        Length :math:`P` of a cycle in ms.

    Returns
    -------
    strength : float
        About :math:`1/\sqrt N` for spikes that know nothing of the cycle.

    Raises
    ------
    NotEnoughSpikes
        There are fewer than two.
    ParameterError
        A period that is not above zero, or times that are not times.

    References
    ----------
    J. M. Goldberg and P. B. Brown (1969). Response of binaural neurons of dog superior olivary
    complex to dichotic tonal stimuli: some physiological mechanisms of sound localization. Journal
    of Neurophysiology 32, 613-636. doi:10.1152/jn.1969.32.4.613
    """
    if not period > 0.0:
        raise ParameterError("period", f"period must be above 0 ms, got {period:g} ms")
    when, _ = spike_trains.by_neuron(times, np.zeros(np.size(times), int))
    if when.size < 2:
        raise NotEnoughSpikes("the vector strength", "two spikes")
    return float(np.abs(np.exp(2j * np.pi * when / period).mean()))


# -- at each frequency -----------------------------------------------------------------------------


def power_spectrum(
    times: Any, ids: Any, duration: float, bin: float = 0.5, most: int = 200
) -> tuple[np.ndarray, np.ndarray]:
    r"""Give the power spectrum of the spike train of a neuron.

    .. math:: S(f) = \frac{1}{T} \left\langle \left|
        \int_0^T (x(t) - \langle x \rangle)\, e^{-2 \pi i f t} dt \right|^2 \right\rangle

    Here :math:`x(t) = \sum_k \delta(t - t_k)` is the train of a neuron. The mean is over neurons
    and over overlapping windows of length :math:`T`, by Welch's method. A Poisson process of rate
    :math:`\nu` has :math:`S = \nu` at all frequencies. A rhythm is a peak, and refractoriness
    a dip at low frequencies. At high ones the spectrum is the rate.

    Parameters
    ----------
    times : Quantity[ms] or array_like, shape (spike,)
        Spike times, in any order, from 0 to the end of the run.
    ids : array_like of int, shape (spike,)
        The neuron of each spike.
    duration : float
        Length of the run in ms.
    bin : float
        Length in ms of the bins in which spikes are counted; the spectrum ends at half of its
        inverse, and is true up to about a quarter of that.
    most : int
        Neurons that are looked at, evenly spread over those that fire.

    Returns
    -------
    frequencies : numpy.ndarray, shape (frequency,)
        In Hz, from the first above zero.
    power : numpy.ndarray, shape (frequency,)
        Two-sided, in Hz, mean over the neurons that fire twice.

    Raises
    ------
    NotEnoughSpikes
        No neuron has two spikes.
    ParameterError
        A run of less than sixteen bins, or spikes that cannot be read.

    References
    ----------
    W. Bair, C. Koch, W. Newsome and K. Britten (1994). Power spectrum analysis of bursting cells in
    area MT in the behaving monkey. Journal of Neuroscience 14, 2870-2892.
    doi:10.1523/JNEUROSCI.14-05-02870.1994

    P. D. Welch (1967). The use of fast Fourier transform for the estimation of power spectra: a
    method based on time averaging over short, modified periodograms. IEEE Transactions on Audio and
    Electroacoustics 15, 70-73. doi:10.1109/TAU.1967.1161901
    """
    bins = int((duration + ROUNDING) / bin)
    if bins < 16:
        raise ParameterError("duration", f"duration must be at least {16 * bin:g} ms")
    when, owners = spike_trains.by_neuron(times, ids)
    when, rows, chosen = chosen_neurons(when, owners, most)
    if not chosen:
        raise NotEnoughSpikes("the power spectrum", "two spikes of one neuron")
    place = ((when + ROUNDING) / bin).astype(np.int64)
    inside = place < bins
    counts = np.bincount(rows[inside] * bins + place[inside], minlength=chosen * bins)
    window = max(int(min(512.0 / bin, bins / 2.5)), 16)
    frequencies, power = signal.welch(
        counts.reshape(chosen, bins) / (bin * 1e-3), fs=1e3 / bin, nperseg=min(window, bins)
    )
    return frequencies[1:], power.mean(axis=0)[1:] / 2.0


def chosen_neurons(
    when: np.ndarray, owners: np.ndarray, most: int
) -> tuple[np.ndarray, np.ndarray, int]:
    """Choose some of the neurons with at least two spikes, evenly spread.

    Parameters
    ----------
    when, owners : numpy.ndarray, shape (spike,)
        Times and neurons, sorted by neuron as `spike_trains.by_neuron` does.
    most : int
        How many neurons at most.

    Returns
    -------
    when, rows : numpy.ndarray, shape (spike,)
        The spikes of the neurons that are chosen, and the place of each neuron among those.
    chosen : int
        How many neurons there are.
    """
    names, number = np.unique(owners, return_counts=True)
    names = names[number >= 2]
    if names.size > most:
        names = names[np.linspace(0, names.size - 1, most).astype(int)]
    if not names.size:
        return when[:0], owners[:0].astype(np.int64), 0
    rows = np.minimum(np.searchsorted(names, owners), names.size - 1)
    fit = names[rows] == owners
    return when[fit], rows[fit], names.size
