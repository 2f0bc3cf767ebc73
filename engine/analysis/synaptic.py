r"""How a synapse answers: to one spike, and to a spike after another.

References
----------
R. S. Zucker and W. G. Regehr (2002). Short-term synaptic plasticity. Annual Review of Physiology
64, 355-405. doi:10.1146/annurev.physiol.64.092501.114547
"""

from __future__ import annotations

import numpy as np

__all__ = ["charge", "paired_pulse_ratio", "responses", "time_to_peak"]


def responses(trace: np.ndarray, steps: np.ndarray) -> np.ndarray:
    r"""Give how far a trace moves after each spike, from where the spike found it.

    .. math:: A_k = \sigma \max_{t_k \le t < t_{k+1}} \sigma\,(y(t) - y(t_k^-))

    with the sign :math:`\sigma` of the trace's largest excursion, so that a slow answer which still
    decays when the next spike comes does not count as one in the other direction.

    Parameters
    ----------
    trace : array, shape (time,)
        Conductance, current or potential.
    steps : array of int, shape (spike,)
        Step of each presynaptic spike, increasing.

    Returns
    -------
    array, shape (spike,)
        The largest excursion of each interval, in the unit of the trace.

    Examples
    --------
    >>> responses(np.array([0.0, 2.0, 1.0, 4.0, 3.0]), np.array([1, 3]))
    array([2., 3.])
    """
    y = np.asarray(trace, float)
    moved = y - y[:1]
    sign = -1.0 if len(y) and -moved.min() > moved.max() else 1.0
    ends = [*steps[1:], len(y)][: len(steps)]
    return np.array(
        [
            sign * (sign * y[start:end]).max() - y[max(start - 1, 0)]
            for start, end in zip(steps, ends, strict=True)
        ]
    )


def paired_pulse_ratio(amplitudes: np.ndarray) -> float:
    r"""Give the second response over the first: above 1 facilitation, below 1 depression.

    .. math:: \mathrm{PPR} = A_2 / A_1

    Parameters
    ----------
    amplitudes : array, shape (spike,)
        From `responses`.

    Returns
    -------
    float
        NaN with fewer than two spikes, or without a first response.

    Examples
    --------
    >>> paired_pulse_ratio(np.array([2.0, 3.0]))
    1.5
    """
    if len(amplitudes) < 2 or amplitudes[0] == 0:
        return float("nan")
    return float(amplitudes[1] / amplitudes[0])


def time_to_peak(trace: np.ndarray, steps: np.ndarray, dt: float) -> float:
    """Give how long after the first spike its response is largest, in the unit of ``dt``.

    Parameters
    ----------
    trace : array, shape (time,)
        Conductance, current or potential.
    steps : array of int, shape (spike,)
        Step of each presynaptic spike, increasing.
    dt : float
        Time step.

    Returns
    -------
    float
        NaN without a spike.
    """
    if not len(steps):
        return float("nan")
    first, end = steps[0], steps[1] if len(steps) > 1 else len(trace)
    before = trace[first - 1] if first > 0 else trace[0]
    moved = np.abs(np.asarray(trace[first:end], float) - float(before))
    return float(moved.argmax() * dt) if len(moved) else float("nan")


def charge(current: np.ndarray, dt: float) -> float:
    r"""Give the charge that a current carries over the whole run.

    .. math:: Q = \int I\,dt

    Parameters
    ----------
    current : array, shape (time,)
        For example in pA.
    dt : float
        Time step, for example in ms: the charge is then in fC.

    Examples
    --------
    >>> charge(np.array([1.0, 2.0]), 0.5)
    1.5
    """
    return float(np.sum(current, dtype=float) * dt)
