r"""What the spikes of a network say: rates, rhythm, synchrony, balance, and its state.

All functions are pure, take a recording of a `NetworkExperiment`, and are fast enough to follow a
slider.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import brainstate
import jax
import numpy as np
import saiunit as u
from scipy import ndimage, signal

from engine import boundary, network_draws
from engine.analysis import spike_trains
from engine.errors import ParameterError
from engine.network_build import build_plasticity, values_of
from engine.neurons.base import Crossing
from engine.synouts import CUBA

if TYPE_CHECKING:
    from engine.network_experiment import NetworkExperiment
    from engine.network_structure import NetworkStructure
    from engine.populations import ReceptorSite
    from engine.recording import Recording

__all__ = [
    "Balance",
    "State",
    "balance",
    "connectivity_image",
    "correlation",
    "in_degrees",
    "irregularity",
    "local_irregularity",
    "modulation",
    "power_spectrum",
    "rates",
    "sign_of",
    "spikes_of",
    "state_of",
    "synchrony",
]

IRREGULAR = 0.3
"""Variation of the intervals from which on a network fires irregularly. The asynchronous irregular
state of Brunel's figure 8 has 0.45, neurons that only tick 0."""

SYNCHRONOUS = 2.0 / 3.0
"""Modulation of the population rate from which on a network is synchronous. A rate that follows a
sine and reaches zero has 0.71; the asynchronous state of Brunel's figure 8 has 0.55 because it is
finite, and a fifth of it 0.6."""

CERTAIN = 5.0
"""Standard errors by which the Fano factor has to exceed that of independent neurons."""

QUIET_RATE = 0.1
"""Mean rate in Hz up to which a network counts as silent."""

FINEST_BIN, COARSEST_BIN = 0.5, 20.0
"""Length in ms of the bins in which a state looks at the population rate."""

FEWEST_BINS = 50

AT_ONCE = 1024
"""Steps for which spikes are laid out to be followed through short-term plasticity."""

MOST_SPIKES = 100_000
"""About as many spikes decide on the regularity; of more of them, every so many-th neuron's."""

SMOOTHING = 5.0
"""Milliseconds over which arriving spikes are averaged, about as long as a synapse would."""

ONSET = -40.0
"""Potential in mV that tells excitation from inhibition in neurons whose channels make the spike,
as their `V_th` only says where a spike is counted."""


def spikes_of(recording: Recording, population: str) -> tuple[np.ndarray, np.ndarray]:
    """Return times in ms and neurons, counted from 0, of the spikes of a population."""
    own = _network(recording).ranges[population]
    inside = (recording.spike_neurons >= own.start) & (recording.spike_neurons < own.stop)
    return recording.spike_times[inside], recording.spike_neurons[inside] - own.start


def rates(recording: Recording, after: float = 0.0) -> dict[str, float]:
    """Return the mean rate of a neuron in Hz, by population.

    Parameters
    ----------
    recording : Recording
        Of a network.
    after : float
        Time in ms before which spikes are not counted, so that the start does not matter.
    """
    span = recording.n_steps * recording.dt - after
    return {
        name: np.sum(spikes_of(recording, name)[0] >= after) / size / span * 1e3
        for name, size in _network(recording).sizes.items()
    }


# -- regularity ------------------------------------------------------------------------------------


def irregularity(recording: Recording, after: float = 0.0) -> float:
    """Return the mean coefficient of variation of the intervals: 0 a clock, 1 a Poisson process."""
    late = recording.spike_times >= after
    return spike_trains.cv(recording.spike_times[late], recording.spike_neurons[late])


def local_irregularity(recording: Recording, after: float = 0.0) -> float:
    r"""Return how much successive intervals differ: 0 for a clock, 1 for a Poisson process.

    .. math::
        \mathrm{CV}_2 = \Bigl\langle
        \frac{2\,|\Delta_{k+1} - \Delta_k|}{\Delta_{k+1} + \Delta_k} \Bigr\rangle

    Unlike the coefficient of variation it has no bias for neurons with few spikes, and does not
    take a slow change of the rate for irregular firing.

    Parameters
    ----------
    recording : Recording
        Of a network.
    after : float
        Time in ms before which spikes are not counted.

    Returns
    -------
    cv2 : float
        Mean over all pairs of successive intervals; NaN where no neuron fires three times.

    References
    ----------
    G. R. Holt, W. R. Softky, C. Koch and R. J. Douglas (1996). Comparison of discharge variability
    in vitro and in vivo in cat visual cortex neurons. Journal of Neurophysiology 75, 1806-1814.
    doi:10.1152/jn.1996.75.5.1806
    """
    times, neurons, _ = _late(recording, None, after)
    return _local_irregularity(*spike_trains.isi(times, neurons))


def _local_irregularity(intervals: np.ndarray, owners: np.ndarray) -> float:
    sums = intervals[1:] + intervals[:-1]
    pairs = (owners[1:] == owners[:-1]) & (sums > 0.0)
    if not pairs.any():
        return float("nan")
    return float(np.mean(2.0 * np.abs(np.diff(intervals))[pairs] / sums[pairs]))


# -- rhythm and synchrony --------------------------------------------------------------------------


def power_spectrum(
    recording: Recording,
    population: str | None = None,
    after: float = 0.0,
    bin: float = 0.5,
) -> tuple[np.ndarray, np.ndarray]:
    r"""Return the power spectrum of the population rate.

    .. math:: S(f) = \frac{1}{T} \Bigl\langle \Bigl| \int_0^T (A(t) - \langle A \rangle)\,
        e^{-2 \pi i f t}\, dt \Bigr|^2 \Bigr\rangle

    averaged over overlapping windows (Welch's method). Independent Poisson neurons of rate
    :math:`\nu` give a flat spectrum at :math:`2 \nu / N`.

    Parameters
    ----------
    recording : Recording
        Of a network.
    population : str, optional
        By default all neurons.
    after : float
        Time in ms before which spikes are not counted.
    bin : float
        Length in ms of the bins of the rate; the spectrum ends at half of its inverse.

    Returns
    -------
    frequencies : numpy.ndarray, shape (frequency,)
        In Hz, from the first above zero; empty for a run of less than eight bins.
    power : numpy.ndarray, shape (frequency,)
        One-sided, in Hz squared per Hz.

    References
    ----------
    P. D. Welch (1967). The use of fast Fourier transform for the estimation of power spectra: a
    method based on time averaging over short, modified periodograms. IEEE Transactions on Audio and
    Electroacoustics 15, 70-73. doi:10.1109/TAU.1967.1161901
    """
    counts, n = _counts(recording, population, after, bin)
    if len(counts) < 8:
        return np.zeros(0), np.zeros(0)
    rate = counts / (n * bin * 1e-3)
    # windows of half a second tell 2 Hz apart; four of them that overlap calm a short run
    window = int(min(512.0 / bin, len(counts) / 2.5))
    frequencies, power = signal.welch(rate, fs=1e3 / bin, nperseg=max(window, 8))
    return frequencies[1:], power[1:]


def synchrony(recording: Recording, after: float = 0.0, bin: float = 1.0) -> float:
    r"""Return how much more the activity of the network varies than that of independent neurons.

    .. math:: F = \frac{\operatorname{var}(N_b)}{\langle N_b \rangle}

    Parameters
    ----------
    recording : Recording
        Of a network.
    after : float
        Time in ms before which spikes are not counted.
    bin : float
        Length in ms of the bins :math:`b` in which the spikes :math:`N_b` of all are counted.

    Returns
    -------
    factor : float
        The Fano factor: 1 for independent Poisson neurons, about the number of neurons that fire
        together otherwise; NaN for a silent network.
    """
    counts, _ = _counts(recording, None, after, bin)
    return float(counts.var() / counts.mean()) if counts.any() else float("nan")


def modulation(
    recording: Recording, population: str | None = None, after: float = 0.0, bin: float = 1.0
) -> float:
    r"""Return how far the population rate swings, freed of what a finite number of neurons adds.

    .. math::
        m = \frac{\sqrt{\operatorname{var}(N_b) - \langle N_b \rangle}}{\langle N_b \rangle}

    The spikes :math:`N_b` in a bin of independent Poisson neurons, whatever their number, vary by
    their mean, which is taken away. What is left is the coefficient of variation of the rate that
    all share: :math:`1/\sqrt 2` for a sine that reaches zero.

    Parameters
    ----------
    recording : Recording
        Of a network.
    population : str, optional
        By default all neurons.
    after : float
        Time in ms before which spikes are not counted.
    bin : float
        Length of the bins in ms.

    Returns
    -------
    m : float
        0 for independent neurons; NaN for silent ones.

    References
    ----------
    N. Brunel (2000). Dynamics of sparsely connected networks of excitatory and inhibitory spiking
    neurons. Journal of Computational Neuroscience 8, 183-208. doi:10.1023/A:1008925309027
    """
    counts, _ = _counts(recording, population, after, bin)
    if not counts.any():
        return float("nan")
    return float(np.sqrt(max(counts.var() - counts.mean(), 0.0)) / counts.mean())


def correlation(
    recording: Recording,
    population: str | None = None,
    after: float = 0.0,
    bin: float = 5.0,
    most: int = 200,
) -> float:
    r"""Return the mean correlation between the spike counts of two neurons.

    .. math:: c = \Bigl\langle
        \frac{\operatorname{cov}(n_i, n_j)}{\sqrt{\operatorname{var}(n_i) \operatorname{var}(n_j)}}
        \Bigr\rangle_{i \ne j}

    Parameters
    ----------
    recording : Recording
        Of a network.
    population : str, optional
        By default all neurons.
    after : float
        Time in ms before which spikes are not counted.
    bin : float
        Length in ms of the bins in which the spikes :math:`n_i` of a neuron are counted.
    most : int
        Neurons that are looked at, evenly spread over those that fire; all pairs of them count.

    Returns
    -------
    c : float
        0 for independent neurons, 1 for copies of each other; NaN where fewer than two fire.

    References
    ----------
    M. R. Cohen and A. Kohn (2011). Measuring and interpreting neuronal correlations. Nature
    Neuroscience 14, 811-819. doi:10.1038/nn.2842
    """
    times, neurons, _ = _late(recording, population, after)
    bins = _n_bins(recording, after, bin)
    inside = times < bins * bin
    times, neurons = times[inside], neurons[inside]
    firing = np.unique(neurons)
    if len(firing) > most:
        firing = firing[np.linspace(0, len(firing) - 1, most).astype(int)]
    if len(firing) < 2 or bins < 2:
        return float("nan")
    row = np.minimum(np.searchsorted(firing, neurons), len(firing) - 1)
    chosen = firing[row] == neurons
    place = row[chosen] * bins + _bin_of(times[chosen], bin)
    counts = np.bincount(place, minlength=len(firing) * bins).reshape(-1, bins).astype(float)
    counts -= counts.mean(axis=1, keepdims=True)
    spread = np.sqrt((counts**2).sum(axis=1))
    z = counts[spread > 0.0] / spread[spread > 0.0, None]
    if len(z) < 2:
        return float("nan")
    # all pairs at once: the square of the sum, without the squares of the terms
    return float((np.sum(z.sum(axis=0) ** 2) - len(z)) / (len(z) * (len(z) - 1)))


# -- the state -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class State:
    """In which state a network is, and why.

    Attributes
    ----------
    label : str
        ``"SR"``, ``"SI"``, ``"AR"``, ``"AI"``: synchronous or asynchronous, regular or irregular;
        ``"quiet"`` or ``"exploded"`` otherwise.
    name : str
        The label in words.
    reason : str
        A sentence with the numbers that decide.
    irregularity, modulation : float
        The two numbers: the larger of `irregularity` and `local_irregularity`, and `modulation`;
        NaN where they do not matter.
    """

    label: str
    name: str
    reason: str
    irregularity: float = float("nan")
    modulation: float = float("nan")


def state_of(recording: Recording, after: float = 0.0) -> State:
    """Name the state of a network as Brunel does, by regularity and synchrony.

    Parameters
    ----------
    recording : Recording
        Of a network.
    after : float
        Time in ms before which spikes are not counted.

    Returns
    -------
    state : State
        Synchronous where the population rate swings by `SYNCHRONOUS` of its mean or more, beyond
        what as many independent Poisson neurons would do and by more than chance; irregular where
        the intervals vary by `IRREGULAR` or more, overall or from one to the next. Neurons that
        fire too rarely to have two intervals count as irregular.

    Notes
    -----
    The rate is counted in bins of half a millisecond, in which even the fastest rhythms show, or so
    long that a spike falls into each on average. In a small network in which everybody shares much
    of their input the rate swings although that of a large one of the same kind would not: the
    state is that of the network at hand.

    References
    ----------
    N. Brunel (2000). Dynamics of sparsely connected networks of excitatory and inhibitory spiking
    neurons. Journal of Computational Neuroscience 8, 183-208. doi:10.1023/A:1008925309027
    """
    if recording.problem:
        return State("exploded", "exploded", f"It was stopped: {recording.problem}.")
    span = recording.n_steps * recording.dt - after
    times, neurons, n = _late(recording, None, after)
    rate = len(times) / n / max(span, recording.dt) * 1e3
    if rate <= QUIET_RATE:
        return State("quiet", "quiet", f"The neurons hardly fire, at {rate:.2g} Hz.")
    per_ms = len(times) / span
    longest = min(COARSEST_BIN, max(span / FEWEST_BINS, FINEST_BIN))
    width = float(np.clip(1.0 / per_ms, FINEST_BIN, longest))
    bins = _n_bins(recording, after, width)
    counts = np.bincount(_bin_of(times, width), minlength=bins)[:bins]
    mean, var = counts.mean(), counts.var()
    swing = float(np.sqrt(max(var - mean, 0.0)) / mean)
    certain = var / mean - 1.0 > CERTAIN * np.sqrt(2.0 / len(counts))
    some = neurons % (1 + len(times) // MOST_SPIKES) == 0
    # bursts differ little within, and few spikes have little spread: each number sees what the
    # other one misses
    local = _local_irregularity(*spike_trains.isi(times[some], neurons[some]))
    variation = float(np.fmax(local, spike_trains.cv(times[some], neurons[some])))
    synchronous, irregular = bool(certain) and swing >= SYNCHRONOUS, not variation < IRREGULAR
    together = (
        "no more than that of independent neurons"
        if not certain
        else f"by {100.0 * swing:.0f} % of its mean"
        + (", in step" if synchronous else ", too little for a common rhythm")
    )
    alone = (
        "neurons fire too rarely to tick"
        if np.isnan(variation)
        else f"the intervals of a neuron vary by {variation:.2f} (a clock 0, Poisson 1)"
    )
    return State(
        "AS"[synchronous] + "RI"[irregular],
        ("" if synchronous else "a") + "synchronous " + ("irregular" if irregular else "regular"),
        f"The rate of all swings {together}, and {alone}.",
        variation,
        swing,
    )


# -- balance ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Balance:
    """The excitatory and the inhibitory input of the watched neurons.

    Attributes
    ----------
    times : numpy.ndarray, shape (time,)
        In ms.
    excitatory, inhibitory : numpy.ndarray, shape (time,)
        Mean over the watched neurons; what excites is positive, what inhibits negative.
    unit : str
        Unit of both: that of a current, or mV/ms where spikes jump the potential.
    ratio : float
        Mean inhibitory over mean excitatory current, without sign: 1 where they cancel.
    correlation : float
        Between the two over time, mean of the neurons: 1 where inhibition follows excitation.
    """

    times: np.ndarray
    excitatory: np.ndarray
    inhibitory: np.ndarray
    unit: str
    ratio: float
    correlation: float


def balance(recording: Recording, after: float = 0.0) -> Balance:
    r"""Return the excitatory and inhibitory currents through the receptors of the watched neurons.

    .. math:: I_{\mathrm{E}} = \sum_{r:\, \langle I_r \rangle > 0} I_r(g_r, V), \qquad
        I_{\mathrm{I}} = \sum_{r:\, \langle I_r \rangle < 0} I_r(g_r, V)

    A receptor counts as excitatory where the current that it gave to a neuron was positive on
    average. Where spikes jump the potential, what counts is the weights that arrive in a
    millisecond, smoothed by `SMOOTHING`, and the mean of the background: each connection with its
    own weight and delay, and with what short-term plasticity released. The stimulus counts for
    binary cells only, whose potential is the sum of all that they get.

    Parameters
    ----------
    recording : Recording
        Of a network.
    after : float
        Time in ms from which on the currents are averaged; all of them are returned.

    Raises
    ------
    ParameterError
        Nothing is connected to the watched neurons, or they differ in the unit of what arrives.

    References
    ----------
    M. Okun and I. Lampl (2008). Instantaneous correlation of excitation and inhibition during
    ongoing and sensory-evoked activities. Nature Neuroscience 11, 535-537. doi:10.1038/nn.2105
    """
    first, unit, sums, correlations = int(after / recording.dt + 1e-6), "", [], []
    for column, neuron in enumerate(recording.experiment.watched):
        currents = []
        for receptor, current, word in _currents(recording, column, neuron):
            if unit and word != unit:
                raise ParameterError(
                    "watched",
                    f"{receptor} gives a current in {word}, others in {unit}: watch neurons whose "
                    "currents have the same unit",
                )
            unit = word
            currents.append(current)
        if not currents:
            continue
        positive = [current[first:].mean() > 0.0 for current in currents]
        zero = np.zeros(recording.n_steps)
        parts = [
            sum((c for c, p in zip(currents, positive, strict=True) if p == sign), zero)
            for sign in (True, False)
        ]
        sums.append(parts)
        e, i = parts[0][first:], -parts[1][first:]
        if e.std() > 0.0 and i.std() > 0.0:
            correlations.append(np.corrcoef(e, i)[0, 1])
    if not sums:
        raise ParameterError(
            "watched",
            "nothing is connected to the watched neurons: watch neurons that a projection ends at",
        )
    excitatory, inhibitory = np.mean(sums, axis=0)
    total = excitatory[first:].mean()
    return Balance(
        recording.times,
        excitatory,
        inhibitory,
        unit,
        float(-inhibitory[first:].mean() / total) if total > 0.0 else float("nan"),
        float(np.mean(correlations)) if correlations else float("nan"),
    )


def _currents(
    recording: Recording, column: int, neuron: int
) -> Iterator[tuple[str, np.ndarray, str]]:
    """Give path, current and its unit of every receptor of a watched neuron."""
    network = _network(recording)
    name = next(n for n, own in network.ranges.items() if neuron in own)
    population = network.populations[name]

    def trace(which: str) -> Any:
        own = f"{name}.{which}"
        key = own if own in recording.traces else which
        return recording.traces[key][:, column] * recording.units[key]

    assert population.model.input is not None
    unit = population.model.input.unit
    word, total = boundary.unit_text(unit), 0.0
    for receptor, site in population.receptors:
        path = f"{name}.{receptor}"
        if site.synapse is None and not population.model.binary:
            yield from _jumps(recording, name, receptor, neuron - network.ranges[name].start)
            continue
        current = trace(receptor)  # what arrives at a binary cell is held for the step
        if site.synapse is not None:
            current = _output(network, path, site).update(current, trace("V"))
        found = np.asarray(boundary.strip(current, unit), float)
        total = total + found
        yield path, found, word
    if population.model.binary:
        yield f"{name}.stimulus", boundary.strip(trace("V"), unit) - total, word


def _jumps(
    recording: Recording, population: str, receptor: str, neuron: int
) -> Iterator[tuple[str, np.ndarray, str]]:
    """Give what arrives at a receptor without a synapse, by projection, per millisecond."""
    network, dt = _network(recording), recording.dt
    kind = network.populations[population]
    unit = f"{boundary.unit_text(kind.model.states()['V'].unit)}/ms"
    smooth = max(round(SMOOTHING / dt), 1)
    for name, projection in network.projections.items():
        if (projection.target, projection.receptor) != (population, receptor):
            continue
        if network.populations[projection.source].model.binary:
            raise ParameterError(
                "watched",
                f"what {name} gives cannot be told from a recording, which has no marks of the "
                f"cells of {projection.source} that are switched off; watch a neuron of another "
                "population",
            )
        yield name, ndimage.uniform_filter1d(_arriving(recording, name, neuron) / dt, smooth), unit
    if kind.background is not None and receptor == kind.receptors[0][0]:
        at = f"{population}.background"
        mean = network[f"{at}.rate"] * 1e-3 * network[f"{at}.weight"]
        yield at, np.full(recording.n_steps, mean), unit


def _arriving(recording: Recording, name: str, neuron: int) -> np.ndarray:
    """Return the weights that arrive through a projection at one of its targets, by step."""
    network = _network(recording)
    graph, own = network.graphs[name], network.ranges[network.projections[name].source]
    places = np.flatnonzero(graph.targets == neuron)
    sources = np.searchsorted(graph.starts, places, side="right") - 1
    factors, delays = network_draws.factors(network, name), network_draws.steps(network, name)
    late = network.delay_steps(name) if delays is None else delays.values[places]
    late, weight = np.broadcast_to(late, len(places)), network[f"{name}.weight"]
    weights = weight * (np.ones(len(places)) if factors is None else factors.values[places])

    mine = np.flatnonzero(
        (recording.spike_neurons >= own.start) & (recording.spike_neurons < own.stop)
    )
    fired, steps = recording.spike_neurons[mine] - own.start, recording.spike_steps[mine]
    delay = 1 if delays is not None else network.delay_steps(name)
    given = _released(network, name, steps + delay, fired, recording.n_steps)
    order = np.argsort(fired, kind="stable")
    firsts = np.searchsorted(fired[order], np.arange(len(own) + 1))
    # every connection beside every spike of its source
    counts = firsts[sources + 1] - firsts[sources]
    connection = np.repeat(np.arange(len(places)), counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    spike = order[firsts[sources[connection]] + within]
    at, amount = steps[spike] + late[connection], weights[connection] * given[spike]
    inside = at < recording.n_steps
    return np.bincount(at[inside], amount[inside], minlength=recording.n_steps)


def _released(
    network: NetworkExperiment, name: str, steps: np.ndarray, neurons: np.ndarray, n_steps: int
) -> np.ndarray:
    """Return what every spike of a projection's sources gives, that reaches it in these steps."""
    given = np.ones(len(steps))
    if network.projections[name].plasticity is None:
        return given
    structure, size = network.structure, len(network.ranges[network.projections[name].source])
    first, run = _short_term(structure, name)
    numbers = np.array([network[path] for path in structure.paths], np.float32)
    states = first(numbers)
    for start in range(0, n_steps, AT_ONCE):
        here = (steps >= start) & (steps < start + AT_ONCE)
        spikes = np.zeros((AT_ONCE, size), np.float32)
        spikes[steps[here] - start, neurons[here]] = 1.0
        states, released = run(numbers, states, spikes)
        given[here] = np.asarray(released)[steps[here] - start, neurons[here]]
    return given


@lru_cache(maxsize=8)
def _short_term(structure: NetworkStructure, name: str) -> tuple[Any, Any]:
    """Compile the short-term plasticity of a projection: its start, and a number of its steps."""

    def first(numbers: Any) -> Any:
        parameters = dict(zip(structure.paths, numbers, strict=True))
        return values_of(build_plasticity(structure, name, parameters))

    def run(numbers: Any, states: Any, spikes: Any) -> Any:
        parameters = dict(zip(structure.paths, numbers, strict=True))

        def step(states: Any, now: Any) -> Any:
            plasticity = build_plasticity(structure, name, parameters, states)
            with brainstate.environ.context(dt=parameters["dt"] * u.ms):
                released = plasticity.update(now)
            return values_of(plasticity), boundary.strip(released, u.UNITLESS)

        return jax.lax.scan(step, states, spikes)

    return jax.jit(first), jax.jit(run)


def _output(network: NetworkExperiment, path: str, site: ReceptorSite) -> Any:
    if site.output is CUBA:
        return CUBA(scale=1.0)
    numbers = site.output.parameters()
    return site.output(**{n: network.quantity(f"{path}.output.{n}") for n in numbers})


# -- connections -----------------------------------------------------------------------------------


def in_degrees(experiment: NetworkExperiment, population: str) -> dict[str, np.ndarray]:
    """Return how many connections every neuron of a population has, by projection onto it."""
    return {
        name: experiment.graphs[name].in_degrees
        for name, projection in experiment.projections.items()
        if projection.target == population
    }


def connectivity_image(experiment: NetworkExperiment, cells: int = 64) -> np.ndarray:
    """Count the connections between groups of neurons, excitatory ones positive.

    Parameters
    ----------
    experiment : NetworkExperiment
        The network.
    cells : int
        Into how many groups, of neurons that follow each other, the network is divided at most.

    Returns
    -------
    image : numpy.ndarray of int, shape (source group, target group)
        Connections less inhibitory connections: those with a weight below zero, or onto a receptor
        that draws the potential below the threshold.
    """
    n, ranges = experiment.n, experiment.ranges
    cells = min(cells, n)
    image = np.zeros((cells, cells), np.int64)
    for name, projection in experiment.projections.items():
        graph = experiment.graphs[name]
        here, there = ranges[projection.source].start, ranges[projection.target].start
        row = (np.arange(graph.n_pre, dtype=np.int64) + here) * cells // n
        column = (np.arange(graph.n_post, dtype=np.int64) + there) * cells // n
        place = np.repeat(row * cells, graph.out_degrees) + column[graph.targets]
        counts = np.bincount(place, minlength=cells * cells).reshape(cells, cells)
        image += sign_of(experiment, name) * counts
    return image


def sign_of(experiment: NetworkExperiment, name: str) -> int:
    """Return 1 for a projection that excites, -1 for one that inhibits, 0 for neither."""
    projection = experiment.projections[name]
    target, receptor = projection.target, projection.receptor
    sign = int(np.sign(experiment[f"{name}.weight"]))
    reversal = f"{target}.{receptor}.output.E"
    if reversal not in experiment.specs:
        return sign
    fires = not issubclass(experiment.populations[target].model, Crossing)
    level = experiment[f"{target}.V_th"] if fires else ONSET
    return sign if experiment[reversal] > level else -sign


# -- counting --------------------------------------------------------------------------------------


def _late(
    recording: Recording, population: str | None, after: float
) -> tuple[np.ndarray, np.ndarray, int]:
    """Return times after ``after``, their neurons, and how many neurons there are."""
    if population is None:
        times, neurons, n = recording.spike_times, recording.spike_neurons, recording.experiment.n
    else:
        times, neurons = spikes_of(recording, population)
        n = _network(recording).sizes[population]
    late = times >= after
    return times[late] - after, neurons[late], n


def _n_bins(recording: Recording, after: float, bin: float) -> int:
    return max(int((recording.n_steps * recording.dt - after) / bin + 1e-6), 0)


def _bin_of(times: np.ndarray, bin: float) -> np.ndarray:
    return (times / bin + 1e-6).astype(np.int64)


def _counts(
    recording: Recording, population: str | None, after: float, bin: float
) -> tuple[np.ndarray, int]:
    """Return the spikes in every whole bin, and how many neurons there are."""
    times, _, n = _late(recording, population, after)
    bins = _n_bins(recording, after, bin)
    return np.bincount(_bin_of(times, bin), minlength=bins)[:bins], n


def _network(recording: Recording) -> NetworkExperiment:
    return recording.experiment  # type: ignore[return-value]
