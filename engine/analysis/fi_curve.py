r"""How often a neuron fires at which current, how firing sets in, and what its spikes look like.

Examples
--------
>>> import numpy as np, saiunit as u
>>> from engine import LIF
>>> from engine.analysis.fi_curve import fi_curve, onset_type
>>> currents = np.linspace(0.9, 1.5, 25) * u.mA
>>> rates = fi_curve(LIF, currents)
>>> bool(rates[0] == 0.0), bool(np.all(np.diff(rates) >= 0))
(True, True)
>>> onset_type(currents, rates).label
'type I'

References
----------
A. L. Hodgkin (1948). The local electric changes associated with repetitive action in a
non-medullated axon. Journal of Physiology 107, 165-181. doi:10.1113/jphysiol.1948.sp004260
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import brainstate
import jax
import jax.numpy as jnp
import numpy as np
import saiunit as u

from engine import boundary
from engine.dynamics import Neuron
from engine.errors import ParameterError
from engine.experiment import Experiment
from engine.specs import InitialSpec

__all__ = ["Onset", "SpikeShape", "fi_curve", "onset_type", "spike_shape"]


def fi_curve(
    what: Experiment | type[Neuron],
    currents: Any,
    *,
    duration: Any = 1000.0 * u.ms,
    settle: Any = 200.0 * u.ms,
    **values: Any,
) -> np.ndarray:
    r"""Give the rate of sustained firing at each of several constant currents.

    .. math:: \nu(I) = \frac{n - 1}{t_n - t_1}

    with the spikes :math:`t_1 \dots t_n` after the neuron has settled. Every current drives a
    neuron of its own, all in one call of one compiled program: only another model, reset mode or
    number of currents compiles.

    Parameters
    ----------
    what : Experiment or Neuron subclass
        The model with its numbers; stimulus, noise and spreads of an experiment are left out.
    currents : Quantity or array_like, shape (current,)
        In the model's input unit, where they are plain numbers.
    duration : Quantity[ms]
        How long each neuron is looked at.
    settle : Quantity[ms]
        How long before that it is left to its transient.
    **values
        Parameters of the model, ``dt`` and ``spk_reset``, as in `engine.simulate`.

    Returns
    -------
    rates : numpy.ndarray, shape (current,)
        In Hz; zero for a neuron with fewer than two spikes, or that has stopped firing: its last
        spike is more than twice its longest interval before the end.

    Raises
    ------
    ParameterError
        Currents of another dimension or not finite, times that are not above zero (``settle`` may
        be zero), or a parameter that cannot be used.

    Notes
    -----
    A state that would start at random starts in the middle of its declared range. Where rest and
    firing are both stable, the current is switched on from there, as in an experiment.

    References
    ----------
    W. Gerstner, W. M. Kistler, R. Naud and L. Paninski (2014). Neuronal Dynamics. Cambridge
    University Press, chapter 4.4. doi:10.1017/CBO9781107447615
    """
    experiment = what if isinstance(what, Experiment) else Experiment(what)
    experiment = experiment.update({p.replace("__", "."): v for p, v in values.items()})
    experiment = replace(
        experiment, values={p: v for p, v in experiment.values.items() if ".spread" not in p}
    )
    experiment.validate()
    model, dt = experiment.model, experiment["dt"]
    drive = _plain(currents, experiment.structure.input_unit, "currents")
    if not drive.size:
        raise ParameterError("currents", "currents must hold at least one current")
    length, before = _duration(duration, "duration", dt), _duration(settle, "settle", 0.0)
    names = tuple(p for p in model.parameters() if p in experiment.specs)
    choices = tuple((p, experiment[p]) for p in model.choices())
    count, first, last, longest = _program(model, drive.size, names, choices)(
        np.array([experiment[p] for p in names], np.float32),
        drive.astype(np.float32),
        np.float32(dt),
        np.int32(round(before / dt)),
        np.int32(round((before + length) / dt)),
    )
    steps = round((before + length) / dt)
    fires = (count > 1) & (steps - last <= 2 * longest)
    rates = 1000.0 / dt * (count - 1) / np.maximum(last - first, 1)
    return np.where(fires, rates, 0.0)


@lru_cache(maxsize=32)
def _program(
    model: type[Neuron], n: int, names: tuple[str, ...], choices: tuple[tuple[str, str], ...]
) -> Callable[..., list[np.ndarray]]:
    """Compile the run of ``n`` neurons, each under a current of its own."""
    specs = model.parameters()
    assert model.input is not None  # an experiment refuses a model that does not say
    unit = model.input.unit

    def run(numbers: Any, drive: Any, dt: Any, settled: Any, end: Any) -> Any:
        given = settled_start(model)
        given |= {p: specs[p].quantity(numbers[i]) for i, p in enumerate(names)}

        def build() -> Neuron:
            neuron = model(n, **given, **dict(choices))
            neuron.init_state()
            return neuron

        def step(i: Any, carry: Any) -> Any:
            states, seen = carry
            neuron = build()  # brainstate lets a state be written by the trace that made it only
            for name, value in states.items():
                getattr(neuron, name).value = value
            with brainstate.environ.context(i=i, t=i * dt * u.ms):
                spikes = neuron(boundary.attach(drive, unit)) > 0
            states = {name: getattr(neuron, name).value for name in states}
            return states, _note(seen, spikes & (i >= settled), i)

        with brainstate.environ.context(dt=dt * u.ms):
            start = build()
            states = {name: getattr(start, name).value for name in model.states()}
            seen = tuple(jnp.zeros(n, jnp.int32) for _ in range(4))
            return jax.lax.fori_loop(0, end, step, (states, seen))[1]

    compiled = jax.jit(run)
    return lambda *arguments: [np.asarray(found) for found in compiled(*arguments)]


def settled_start(model: type[Neuron]) -> dict[str, Any]:
    """Give a start in the middle of its range where the model would draw it at random."""
    specs = model.parameters().items()
    drawn = {p: s for p, s in specs if isinstance(s, InitialSpec) and callable(s.default)}
    return {p: s.quantity(sum(s.soft) / 2) for p, s in drawn.items()}


def _note(seen: Any, spikes: Any, i: Any) -> Any:
    """Note number, first and last step, and longest interval of the spikes so far."""
    count, first, last, longest = seen
    gap = jnp.where(count > 0, i - last, 0)
    return (
        count + spikes,
        jnp.where(spikes & (count == 0), i, first),
        jnp.where(spikes, i, last),
        jnp.where(spikes, jnp.maximum(longest, gap), longest),
    )


# -- onset -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Onset:
    """How firing sets in.

    Attributes
    ----------
    label : {'type I', 'type II'}
        Whether the rate begins at zero or at a finite value.
    reason : str
        What the label was told from, with numbers.
    current : float
        The least current at which the neuron fires, in the unit that was given.
    rate : float
        The rate there, in Hz.
    """

    label: str
    reason: str
    current: float
    rate: float


MOST_STEPS = 5.0
"""How many steps of current below its onset the curve may seem to reach zero and still be called
continuous: one where the rate grows with a square root, two or three where with a logarithm."""


def onset_type(currents: Any, rates: Any) -> Onset:
    r"""Tell whether firing sets in at any low rate (type I) or at a finite one (type II).

    Where firing begins by a saddle-node bifurcation on a cycle, the rate grows from zero as
    :math:`\nu \propto \sqrt{I - I_c}`. The first two currents :math:`I_1, I_2` with firing
    then tell where the curve reaches zero:

    .. math:: I_c = I_1 - (I_2 - I_1) \frac{\nu_1^2}{\nu_2^2 - \nu_1^2}

    That has to be near :math:`I_1`, because the next lower current is silent already: type I. If it
    lies more than five steps of current below, the curve jumps: type II.

    Parameters
    ----------
    currents : Quantity or array_like, shape (current,)
        From silence to firing, in any order; the finer, the surer.
    rates : array_like, shape (current,)
        In Hz, such as `fi_curve` gives.

    Returns
    -------
    Onset
        The type, its reason, and where firing begins.

    Raises
    ------
    ParameterError
        No silent current below the onset, or fewer than two currents above it.

    References
    ----------
    J. Rinzel and G. B. Ermentrout (1998). Analysis of neural excitability and oscillations. In
    C. Koch and I. Segev (eds.), Methods in Neuronal Modeling, 2nd ed., 251-291. MIT Press.

    E. M. Izhikevich (2007). Dynamical Systems in Neuroscience. MIT Press, chapter 7.1.
    doi:10.7551/mitpress/2526.001.0001
    """
    unit = u.get_unit(currents)
    drive, rate = _plain(currents, unit, "currents"), np.asarray(rates, dtype=float).ravel()
    if drive.size != rate.size:
        raise ParameterError(
            "rates", f"rates must be one per current, got {rate.size} for {drive.size}"
        )
    order = np.argsort(drive)
    drive, rate = drive[order], rate[order]
    firing = np.flatnonzero(rate > 0)
    if not firing.size or firing[0] == 0 or firing[0] + 1 >= rate.size:
        raise ParameterError(
            "currents",
            "currents must begin in silence and hold two that make the neuron fire; widen them",
        )
    k = firing[0]
    where = f"{drive[k]:.4g} {boundary.unit_text(unit)}".rstrip()
    growth = rate[k + 1] ** 2 - rate[k] ** 2
    steps = rate[k] ** 2 / growth if growth > 0 else np.inf
    if steps <= MOST_STEPS:
        label, how = "type I", "and from there the curve leads down to zero"
    else:
        label, how = "type II", "and grows from there too slowly to have begun at zero"
    reason = (
        f"at {where}, the least current that makes it fire, the rate is {rate[k]:.3g} Hz, {how}"
    )
    return Onset(label, reason, float(drive[k]), float(rate[k]))


# -- shape -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SpikeShape:
    """The measures of a spike; potentials in mV, times in ms.

    Attributes
    ----------
    threshold, threshold_time : float
        Potential and time at which the upstroke sets in.
    peak, peak_time : float
        The highest potential, and when.
    amplitude : float
        From threshold to peak.
    half_width : float
        How long the potential is above the middle of the two.
    trough : float
        The lowest potential until the next upstroke.
    afterhyperpolarization : float
        How far the trough lies below the threshold; negative where it does not.
    steepest : float
        The fastest rise, in mV/ms.
    """

    threshold: float
    threshold_time: float
    peak: float
    peak_time: float
    amplitude: float
    half_width: float
    trough: float
    afterhyperpolarization: float
    steepest: float


LEAST_HEIGHT = 20.0
"""What an upstroke gains at least, in mV: a jump that the input makes is no spike."""
MV_PER_MS: Any = u.mV / u.ms


def spike_shape(t: Any, V: Any, which: int = 0, slope: Any = 20.0) -> SpikeShape:
    r"""Measure a spike in a membrane potential.

    The upstroke sets in where :math:`dV/dt` first exceeds ``slope``; the peak is the maximum before
    the potential has fallen back to that threshold; the width is taken half-way between the two.

    Parameters
    ----------
    t : Quantity[ms] or array_like, shape (time,)
        Times, in equal steps.
    V : Quantity[mV] or array_like, shape (time,)
        Membrane potential.
    which : int
        Which spike, by time.
    slope : Quantity[mV/ms] or float
        Rise that counts as an upstroke.

    Returns
    -------
    SpikeShape
        Threshold, peak, width and afterhyperpolarization; between samples by linear interpolation.

    Raises
    ------
    ParameterError
        There is no such spike, or it is not over at the end of the trace.

    Notes
    -----
    A slope of 10 to 20 mV/ms is usual for cells of the brain. A model whose spike is cut off at a
    threshold (`LIF`) has none that could be measured.

    References
    ----------
    B. P. Bean (2007). The action potential in mammalian central neurons. Nature Reviews
    Neuroscience 8, 451-465. doi:10.1038/nrn2148
    """
    time, potential = _plain(t, u.ms, "t"), _plain(V, u.mV, "V")
    least = float(_plain(slope, MV_PER_MS, "slope")[0])
    if time.size != potential.size or time.size < 3:
        raise ParameterError("V", "V must be one potential per time, and three at least")
    rise = np.gradient(potential, time)
    steep = rise > least
    begins: list[int] = (np.flatnonzero(steep[1:] & ~steep[:-1]) + 1).tolist()
    candidates = [(begin, _fall(potential, begin)) for begin in begins]
    spikes = [(b, e) for b, e in candidates if potential[b:e].max() > potential[b] + LEAST_HEIGHT]
    if not -len(spikes) <= which < len(spikes):
        raise ParameterError("which", f"there is no spike {which} among {len(spikes)}")
    begin, end = spikes[which]
    if end == potential.size:
        raise ParameterError("V", f"spike {which} is not over at the end of the trace")
    later = [b for b, _ in spikes if b > begin]
    top = begin + int(potential[begin:end].argmax())
    trough = float(potential[top : later[0] if later else None].min())
    share = float((least - rise[begin - 1]) / (rise[begin] - rise[begin - 1]))
    threshold = _between(potential, begin - 1, share)
    middle = (threshold + float(potential[top])) / 2
    up = begin - 1 + int((potential[begin : top + 1] >= middle).argmax())
    down = top - 1 + int((potential[top:] < middle).argmax())
    width = _crossing(time, potential, down, middle) - _crossing(time, potential, up, middle)
    return SpikeShape(
        threshold=threshold,
        threshold_time=_between(time, begin - 1, share),
        peak=float(potential[top]),
        peak_time=float(time[top]),
        amplitude=float(potential[top]) - threshold,
        half_width=width,
        trough=trough,
        afterhyperpolarization=threshold - trough,
        steepest=float(rise[begin : top + 1].max()),
    )


def _fall(potential: np.ndarray, begin: int) -> int:
    """Find where a potential is back below where it began to rise."""
    below = np.flatnonzero(potential[begin:] < potential[begin])
    return begin + int(below[0]) if below.size else potential.size


def _between(values: np.ndarray, i: int, share: float) -> float:
    return float(values[i] + share * (values[i + 1] - values[i]))


def _crossing(time: np.ndarray, potential: np.ndarray, i: int, level: float) -> float:
    return _between(time, i, float((level - potential[i]) / (potential[i + 1] - potential[i])))


def _plain(values: Any, unit: Any, path: str) -> np.ndarray:
    if isinstance(values, u.Quantity) and u.get_unit(values).dim != unit.dim:
        word, given = boundary.dimension_word(unit), boundary.dimension_word(u.get_unit(values))
        raise ParameterError(path, f"{path} must be {word}, got {given}")
    plain = np.atleast_1d(np.asarray(boundary.strip(values, unit), dtype=float)).ravel()
    if not np.isfinite(plain).all():
        raise ParameterError(path, f"{path} must be finite, got NaN or infinity")
    return plain


def _duration(value: Any, path: str, least: float) -> float:
    number = boundary.to_number(value, u.ms, path)
    boundary.require_finite(number, path)
    if number < least:
        raise ParameterError(path, f"{path} must be at least {least:g} ms, got {number:g} ms")
    return number
