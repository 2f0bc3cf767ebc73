r"""Statistics of spike trains.

Spikes come as events: an array of times and an array with the neuron of each. Times are quantities
or plain numbers in ms; results are plain NumPy numbers in the unit that the docstring names, which
keeps them fast enough to follow a slider.

Examples
--------
>>> import numpy as np
>>> from engine.analysis import spike_trains
>>> times, ids = np.array([1.0, 2.0, 11.0, 21.0]), np.array([0, 1, 0, 0])
>>> spike_trains.spike_count(ids, n=2).tolist()
[3, 1]
>>> spike_trains.isi(times, ids)[0].tolist()
[10.0, 10.0]
"""

from __future__ import annotations

from typing import Any

import numpy as np
import saiunit as u

from engine import boundary
from engine.errors import ParameterError

__all__ = ["by_neuron", "cv", "events", "isi", "mean_rate", "population_rate", "spike_count"]

ROUNDING = 1e-4
"""Milliseconds by which a time may fall short of an edge and still open the bin: spikes lie on the
grid of the step, a rounding error to one side or the other."""


def spike_count(ids: Any, n: int) -> np.ndarray:
    r"""Count the spikes of each neuron.

    .. math:: N_i = \sum_k \delta_{i, i_k}

    Parameters
    ----------
    ids : array_like of int, shape (spike,)
        The neuron of each spike.
    n : int
        Number of neurons.

    Returns
    -------
    count : numpy.ndarray of int, shape (n,)
        Zero for a silent neuron.

    Raises
    ------
    ParameterError
        ``n`` is not a positive count, or a spike belongs to a neuron that does not exist.

    References
    ----------
    Gerstner, W., Kistler, W. M., Naud, R. and Paninski, L. (2014). Neuronal Dynamics, section 7.2.
    Cambridge University Press. doi:10.1017/CBO9781107447615
    """
    n = _positive_count(n)
    owners = _owners(ids)
    if owners.size and (owners.min() < 0 or owners.max() >= n):
        raise ParameterError(
            "ids", f"ids must be between 0 and {n - 1}, got {owners.min()} to {owners.max()}"
        )
    return np.bincount(owners, minlength=n)


def mean_rate(ids: Any, n: int, duration: Any) -> float:
    r"""Average the firing rate over neurons and time.

    .. math:: \nu = \frac{1}{n T} \sum_i N_i

    Parameters
    ----------
    ids : array_like of int, shape (spike,)
        The neuron of each spike.
    n : int
        Number of neurons, silent ones included.
    duration : Quantity[ms] or float
        :math:`T`.

    Returns
    -------
    rate : float
        In Hz.

    Raises
    ------
    ParameterError
        ``n`` or ``duration`` is not positive.

    References
    ----------
    Gerstner, W., Kistler, W. M., Naud, R. and Paninski, L. (2014). Neuronal Dynamics, section 7.2.
    Cambridge University Press. doi:10.1017/CBO9781107447615
    """
    return 1000.0 * np.size(ids) / (_positive_count(n) * _positive_time(duration, "duration"))


def events(times: Any, ids: Any) -> tuple[np.ndarray, np.ndarray]:
    """Read spikes as plain arrays, in the order in which they are given.

    Parameters
    ----------
    times : Quantity[ms] or array_like, shape (spike,)
        Spike times.
    ids : array_like of int, shape (spike,)
        The neuron of each spike.

    Returns
    -------
    times : numpy.ndarray, shape (spike,)
        In ms.
    owners : numpy.ndarray of int, shape (spike,)
        The neuron of each spike.

    Raises
    ------
    ParameterError
        Times and neurons differ in number, or times are not times.
    """
    when, owners = _milliseconds(times), _owners(ids)
    if when.size != owners.size:
        raise ParameterError(
            "ids", f"ids must name one neuron per spike, got {owners.size} for {when.size} times"
        )
    return when, owners


def by_neuron(times: Any, ids: Any) -> tuple[np.ndarray, np.ndarray]:
    """Sort spikes by neuron, and in time within a neuron.

    Parameters
    ----------
    times : Quantity[ms] or array_like, shape (spike,)
        Spike times, in any order.
    ids : array_like of int, shape (spike,)
        The neuron of each spike.

    Returns
    -------
    times : numpy.ndarray, shape (spike,)
        In ms.
    owners : numpy.ndarray of int, shape (spike,)
        The neuron of each spike.

    Raises
    ------
    ParameterError
        Times and neurons differ in number, or times are not times.
    """
    when, owners = events(times, ids)
    if when.size and np.any(when[1:] < when[:-1]):
        order = np.argsort(when, kind="stable")
        when, owners = when[order], owners[order]
    # a stable sort of 16-bit integers is a radix sort: ten times faster, and most populations fit
    small = owners.size and owners.min() >= 0 and owners.max() < 2**16
    order = np.argsort(owners.astype(np.uint16) if small else owners, kind="stable")
    when, owners = when[order], owners[order]
    return when, owners


def isi(times: Any, ids: Any) -> tuple[np.ndarray, np.ndarray]:
    r"""Give the intervals between successive spikes of the same neuron.

    .. math:: \Delta_{i,k} = t_{i,k+1} - t_{i,k}

    Parameters
    ----------
    times : Quantity[ms] or array_like, shape (spike,)
        Spike times, in any order.
    ids : array_like of int, shape (spike,)
        The neuron of each spike.

    Returns
    -------
    intervals : numpy.ndarray, shape (interval,)
        In ms; by neuron, and in time within a neuron.
    owners : numpy.ndarray of int, shape (interval,)
        The neuron of each interval. A neuron with fewer than two spikes has none.

    Raises
    ------
    ParameterError
        Times and neurons differ in number, or times are not times.

    References
    ----------
    Gerstner, W., Kistler, W. M., Naud, R. and Paninski, L. (2014). Neuronal Dynamics, section 7.3.
    Cambridge University Press. doi:10.1017/CBO9781107447615
    """
    when, owners = by_neuron(times, ids)
    same = owners[1:] == owners[:-1]
    return (when[1:] - when[:-1])[same], owners[1:][same]


def cv(times: Any, ids: Any) -> float:
    r"""Measure how irregularly neurons fire: the coefficient of variation of their intervals.

    .. math::

        \mathrm{CV} = \left\langle \frac{\sigma_i}{\mu_i} \right\rangle_i \quad
        \mu_i = \langle \Delta_{i,k} \rangle_k \quad
        \sigma_i^2 = \langle (\Delta_{i,k} - \mu_i)^2 \rangle_k

    It is 0 for a clock and 1 for a Poisson process.

    Parameters
    ----------
    times : Quantity[ms] or array_like, shape (spike,)
        Spike times, in any order.
    ids : array_like of int, shape (spike,)
        The neuron of each spike.

    Returns
    -------
    cv : float
        Mean over the neurons with at least three spikes; NaN when there is none.

    Raises
    ------
    ParameterError
        Times and neurons differ in number, or times are not times.

    References
    ----------
    Softky, W. R. and Koch, C. (1993). The highly irregular firing of cortical cells is inconsistent
    with temporal integration of random EPSPs. Journal of Neuroscience 13(1), 334-350.
    doi:10.1523/JNEUROSCI.13-01-00334.1993
    """
    intervals, owners = isi(times, ids)
    if not intervals.size:
        return float("nan")
    first = np.flatnonzero(np.r_[True, owners[1:] != owners[:-1]])
    number = np.diff(np.r_[first, owners.size])
    mean = np.add.reduceat(intervals, first) / number
    deviation = intervals - np.repeat(mean, number)
    spread = np.sqrt(np.add.reduceat(deviation**2, first) / number)
    fit = (number >= 2) & (mean > 0)
    return float(np.mean(spread[fit] / mean[fit])) if fit.any() else float("nan")


def population_rate(
    times: Any, n: int, duration: Any, bin: Any = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    r"""Give the activity of a population over time.

    .. math:: A(t) = \frac{1}{n\, \Delta t}\, N(t;\, t + \Delta t)

    Parameters
    ----------
    times : Quantity[ms] or array_like, shape (spike,)
        Spike times of all neurons, in any order.
    n : int
        Number of neurons, silent ones included.
    duration : Quantity[ms] or float
        Length of the run, which starts at 0.
    bin : Quantity[ms] or float
        :math:`\Delta t`. The last bin is shorter where the duration is no multiple of it.

    Returns
    -------
    centres : numpy.ndarray, shape (bin,)
        Middle of each bin, in ms.
    rate : numpy.ndarray, shape (bin,)
        In Hz per neuron. Spikes outside of the run are not counted.

    Raises
    ------
    ParameterError
        ``n``, ``duration`` or ``bin`` is not positive, or times are not times.

    Notes
    -----
    Simulated spikes lie on the grid of the step in ``float32``, a rounding error to one side or the
    other of a bin's edge; they are counted in the bin that they would start exactly.

    References
    ----------
    Gerstner, W., Kistler, W. M., Naud, R. and Paninski, L. (2014). Neuronal Dynamics, section 7.2.
    Cambridge University Press. doi:10.1017/CBO9781107447615
    """
    n, width = _positive_count(n), _positive_time(bin, "bin")
    length = _positive_time(duration, "duration")
    rounding = 4.0 * float(np.finfo(np.float32).eps)
    bins = max(int(np.ceil(length / width * (1.0 - rounding))), 1)
    late = _milliseconds(times) * (1.0 + rounding)
    late = late[(late >= 0.0) & (late < length)]
    count = np.bincount((late / width).astype(np.int64), minlength=bins)
    edges = np.minimum(np.arange(bins + 1) * width, length)
    return (edges[1:] + edges[:-1]) / 2, 1000.0 * count / (n * np.diff(edges))


def _milliseconds(times: Any) -> np.ndarray:
    if isinstance(times, u.Quantity) and u.get_unit(times).dim != u.ms.dim:
        word = boundary.dimension_word(u.get_unit(times))
        raise ParameterError("times", f"times must be times, got {word}")
    return np.asarray(boundary.strip(times, u.ms), dtype=float).ravel()


def _owners(ids: Any) -> np.ndarray:
    owners = np.asarray(ids).ravel()
    if owners.size == 0:
        return owners.astype(np.int64)
    if owners.dtype.kind not in "iu":
        raise ParameterError("ids", f"ids must be integers, got {owners.dtype}")
    return owners


def _positive_count(n: Any) -> int:
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise ParameterError("n", f"n must be a count of at least 1, got {n!r}")
    return int(n)


def _positive_time(value: Any, path: str) -> float:
    plain = not isinstance(value, u.Quantity)
    number = boundary.to_number(value * u.ms if plain else value, u.ms, path)
    if not (np.isfinite(number) and number > 0):
        raise ParameterError(path, f"{path} must be above 0 ms, got {number:g} ms")
    return number
