"""Statistics of the spikes of a run: curves, numbers and words of each figure to choose from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from engine import NotEnoughSpikes, ParameterError, Recording, SynapseExperiment
from engine.analysis import correlograms, intervals, spike_trains, variability
from engine.analysis.firing_patterns import stimulus_span
from explorer.methods import method

__all__ = ["FIGURES", "NOTHING", "Figure", "Spikes", "Statistic", "spikes_of", "statistic"]

Curve = tuple[np.ndarray, np.ndarray]

NOTHING: Curve = (np.zeros(0, np.float32), np.zeros(0, np.float32))
"""A curve without points."""

REACH = 100.0
"""Largest lag of a correlogram in ms."""

HIGHEST = 250.0
"""Highest frequency of a spectrum in Hz."""

MOST_DOTS = 2_000
"""Intervals that are drawn one by one; of more, every so many-th."""


@dataclass(frozen=True)
class Statistic:
    """What a figure shows of a recording.

    Attributes
    ----------
    figure : str
        One of `FIGURES`.
    bars, line, dots : (array, array)
        A histogram (edges, heights), a line, and dots; each may be empty.
    expected : (array, array)
        What would be seen if there were nothing to see.
    x_label, y_label : str
        Names of the axes, with units.
    note : str
        Over which neurons and which time; or why there is nothing.
    numbers : list of dict
        What the statistic says in numbers, each ``{"id", "label", "value", "unit", "title"}``.
    """

    figure: str = ""
    bars: Curve = NOTHING
    line: Curve = NOTHING
    dots: Curve = NOTHING
    expected: Curve = NOTHING
    x_label: str = ""
    y_label: str = ""
    note: str = ""
    numbers: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Spikes:
    """Spikes of a run from ``start`` to ``stop``, counted from there, and words for both.

    Attributes
    ----------
    times, ids : numpy.ndarray, shape (spike,)
        Time in ms and neuron of each spike.
    n, watched : int
        Number of neurons, and the one that is watched.
    start, stop : float
        Part of the run in ms.
    who, watched_one, when : str
        All neurons, the one that is watched, and which part of the run, in words.
    recording : Recording
        The run.
    """

    times: np.ndarray
    ids: np.ndarray
    n: int
    watched: int
    start: float
    stop: float
    who: str
    watched_one: str
    when: str
    recording: Recording

    @property
    def length(self) -> float:
        """How long is looked at, in ms."""
        return self.stop - self.start

    @property
    def all(self) -> str:
        """Words for all neurons and the time."""
        return f"{self.who}, {self.when}."

    @property
    def rate(self) -> float:
        """Spikes of a neuron and second, in Hz."""
        return 1000.0 * self.times.size / (self.n * self.length)

    @property
    def of_watched(self) -> np.ndarray:
        """Times of the spikes of the watched neuron."""
        return self.times[self.ids == self.watched]


def spikes_of(recording: Recording) -> Spikes:
    """Take the spikes while the input is on and constant, or of the whole run where it is not."""
    experiment = recording.experiment
    start, stop, when = 0.0, recording.n_steps * recording.dt, "the whole run"
    n, watched = experiment.n, experiment.watched[0]
    who = f"All {n:,} neurons" if n > 1 else "The neuron"
    one = f"Neuron {watched}, the one that is watched" if n > 1 else who
    if isinstance(experiment, SynapseExperiment):  # a cell behind each synapse
        n, watched = len(experiment.lanes), 0
        who, one = ("Both cells", "The cell of A") if n > 1 else ("The cell", "The cell")
    else:
        try:
            on = stimulus_span(recording)
        except ParameterError:
            on = start, stop
        if on != (start, stop) and on[1] > on[0]:
            start, stop = on
            when = f"while the input is on, {start:g} to {stop:g} ms"
    times, ids = recording.spike_times, recording.spike_neurons
    first, last = np.searchsorted(times, [start - 1e-6, stop - 1e-6])
    times = np.maximum(times[first:last] - start, 0.0)
    return Spikes(times, ids[first:last], n, watched, start, stop, who, one, when, recording)


# -- the figures -----------------------------------------------------------------------------------


def _intervals(spikes: Spikes) -> Statistic:
    edges, counts = intervals.isi_histogram(spikes.times, spikes.ids)
    gaps, _ = spike_trains.isi(spikes.times, spikes.ids)
    last = np.searchsorted(edges, np.quantile(gaps, 0.995)) + 1
    edges, counts = edges[: last + 1], counts[:last]
    poisson = gaps.size * -np.diff(np.exp(-edges / gaps.mean()))
    return Statistic(
        bars=(edges, counts),
        expected=((edges[1:] + edges[:-1]) / 2, poisson),
        x_label="interval (ms)",
        y_label="intervals",
        note=f"{spikes.all} Dashed: Poisson firing of the same rate.",
        numbers=[
            _number("mean", "Mean interval", lambda: float(gaps.mean()), "ms", ".3g"),
            _number("CV", "CV", lambda: _finite(spike_trains.cv(spikes.times, spikes.ids))),
            _number("CV2", "CV2", lambda: intervals.cv2(spikes.times, spikes.ids)),
            _number("LV", "LV", lambda: intervals.lv(spikes.times, spikes.ids)),
        ],
    )


def _finite(cv: float) -> float:
    if np.isnan(cv):
        raise NotEnoughSpikes("CV", "three spikes of one neuron")
    return cv


def _order(spikes: Spikes) -> Statistic:
    times = spikes.of_watched
    if times.size < 2:
        raise NotEnoughSpikes("a sequence of intervals", "two spikes of the neuron that is watched")
    ids = np.zeros(times.size, int)
    step = -(-times.size // MOST_DOTS)
    numbers = [_number("index", "Adaptation", lambda: intervals.adaptation_index(times, ids))]
    expected, dashed = NOTHING, ""
    try:
        found = intervals.bursts(times)
    except NotEnoughSpikes as error:
        numbers.append(_said("bursts", "Bursts", "–", "", str(error)))
    else:
        numbers.append(_said("bursts", "Bursts", f"{found.sizes.size}"))
        if found.sizes.size:
            size = f"{found.sizes.mean():.3g}"
            numbers.append(_said("size", "Spikes of a burst", size))
            numbers.append(_said("share", "Spikes in bursts", f"{100 * found.share:.0f}", "%"))
            threshold = np.full(2, found.threshold)
            expected = np.array([spikes.start, spikes.stop]), threshold
            dashed = " Dashed: within bursts, intervals are shorter."
    return Statistic(
        dots=(spikes.start + times[1::step], np.diff(times)[::step]),
        expected=expected,
        x_label="time (ms)",
        y_label="interval (ms)",
        note=f"{spikes.watched_one}, {spikes.when}.{dashed}",
        numbers=numbers,
    )


def _autocorrelogram(spikes: Spikes) -> Statistic:
    bin, reach = _lags(spikes)
    lags, rate = correlograms.autocorrelogram(spikes.times, spikes.ids, spikes.length, bin, reach)
    each = spike_trains.spike_count(spikes.ids, spikes.n)
    mean = 1000.0 * float(np.sum(each**2)) / (each.sum() * spikes.length)
    later = lags > 0.0
    peak = lags[later][rate[later].argmax()]
    return Statistic(
        bars=_around(lags, rate, bin),
        expected=_level(lags, mean),
        x_label="lag (ms)",
        y_label="rate (Hz)",
        note=f"{spikes.all} Dashed: spikes that know nothing of each other.",
        numbers=[_said("peak", "Highest at", f"±{peak:g}", "ms", "Lag of the highest bar")],
    )


def _synchrony(spikes: Spikes) -> Statistic:
    if spikes.n < 2:
        raise ParameterError("n", "synchrony is a matter of at least two neurons, and there is one")
    bin, reach = _lags(spikes)
    times, ids, n, length = spikes.times, spikes.ids, spikes.n, spikes.length
    lags, rate = correlograms.cross_correlogram(times, ids, n, length, bin, reach)
    independent = f"{n:,} independent neurons: {1 / np.sqrt(n):.2f}; one that all follow: 1"
    return Statistic(
        bars=_around(lags, rate, bin),
        expected=_level(lags, spikes.rate),
        x_label="lag (ms)",
        y_label="rate of others (Hz)",
        note=f"{spikes.all} Dashed: independent neurons.",
        numbers=[
            _number("chi", "χ, bins of 5 ms", lambda: variability.chi(times, ids, n, length))
            | {"title": independent},
            _number(
                "distance", "ISI-distance", lambda: variability.isi_distance(times, ids, length)
            ),
        ],
    )


def _lags(spikes: Spikes) -> tuple[float, float]:
    """Return bin and reach of a correlogram: about a hundred bins of whole steps."""
    reach = min(REACH, spikes.length / 3)
    step = spikes.recording.dt
    return max(round(reach / 50 / step), 1) * step, reach


def _around(middles: np.ndarray, heights: np.ndarray, bin: float) -> Curve:
    return np.r_[middles - bin / 2, middles[-1] + bin / 2], heights


def _level(x: np.ndarray, height: float) -> Curve:
    return x[[0, -1]], np.full(2, height)


def _spectrum(spikes: Spikes) -> Statistic:
    x, power = correlograms.power_spectrum(spikes.times, spikes.ids, spikes.length)
    near = x <= HIGHEST
    x, power = x[near], power[near]
    _, number = np.unique(spikes.ids, return_counts=True)
    rate = 1000.0 * float(number[number >= 2].mean()) / spikes.length
    return Statistic(
        line=(x, power),
        expected=_level(x, rate),
        x_label="frequency (Hz)",
        y_label="power (Hz)",
        note=f"{spikes.all} Dashed: Poisson firing of the same rate.",
        numbers=[
            _said("peak", "Highest at", f"{x[power.argmax()]:.3g}", "Hz", "Where power is highest"),
            _said("over", "Peak over rate", f"{power.max() / rate:.2f}", "", "Poisson firing: 1"),
        ],
    )


def _psth(spikes: Spikes) -> Statistic:
    around = _events(spikes.recording)
    times, n, step = spikes.recording.spike_times, spikes.n, spikes.recording.dt
    length = spikes.recording.n_steps * step
    whole = (around.times + around.first >= -step / 2) & (
        around.times + around.last <= length + step / 2
    )
    events = around.times[whole]
    if not events.size:
        reason = f"a PSTH needs {around.last:g} ms after the {around.what}: make the run longer"
        raise ParameterError("duration", reason)
    bin = max(round((around.last - around.first) / 50 / step), 1) * step
    edges, rate = correlograms.psth(times, n, events, around.first, around.last, bin)
    top = edges[rate.argmax()] + bin / 2
    numbers = [
        _said("peak", "Highest rate", f"{rate.max():.3g}", "Hz"),
        _said("at", "after", f"{top:.3g}", "ms", f"Time since the {around.what}"),
    ]
    if around.period:
        first, last = events[0], events[-1] + around.period
        inside = times[(times >= first) & (times < last)] - first
        strength = _number(
            "strength",
            "Vector strength",
            lambda: correlograms.vector_strength(inside, around.period),
        )
        numbers.append(strength)
    count = f"{events.size:,} {around.what}s" if events.size > 1 else f"one {around.what}"
    return Statistic(
        bars=(edges, rate),
        x_label=f"time since {around.what} (ms)",
        y_label="rate (Hz)",
        note=f"{spikes.who}, mean over {count} of the input.",
        numbers=numbers,
    )


@dataclass(frozen=True)
class Events:
    """When something happens in the input, and how far around it to look; times in ms."""

    times: np.ndarray
    first: float
    last: float
    what: str
    period: float = 0.0


def _events(recording: Recording) -> Events:
    experiment = recording.experiment
    length = recording.n_steps * recording.dt
    if isinstance(experiment, SynapseExperiment):
        return Events(experiment.arrivals, 0.0, min(50.0, length / 4), "spike")
    match experiment["stimulus"]:
        case "Sine":
            period = 1000.0 / experiment["stimulus.frequency"]
            start, number = 0.0, length / period
            what = "cycle"
        case "PulseTrain" if experiment["stimulus.count"] > 1:
            period = 1000.0 / experiment["stimulus.frequency"]
            start, number = experiment["stimulus.start"], experiment["stimulus.count"]
            what = "pulse"
        case _ if "stimulus.start" in experiment.specs:
            start = experiment["stimulus.start"]
            stop = max(min(200.0, length - start), 2 * recording.dt)
            return Events(np.array([start]), -min(50.0, start), stop, "onset")
        case _:
            reason = "a PSTH needs an input with an event: a step, pulses or a sine"
            raise ParameterError("stimulus", reason)
    times = start + np.arange(int(min(number, length / period) + 1e-6)) * period
    return Events(times, 0.0, period, what, period)


def _fano(spikes: Spikes) -> Statistic:
    length = spikes.length
    windows = np.unique(np.geomspace(min(5.0, length / 50), length / 5, 16).round(1))
    windows = windows[windows > 0.0]
    factors = [
        variability.fano_factor(spikes.times, spikes.ids, length, window) for window in windows
    ]
    window = min(100.0, length / 5)
    return Statistic(
        line=(windows, np.array(factors)),
        dots=(windows, np.array(factors)),
        expected=_level(windows, 1.0),
        x_label="window (ms)",
        y_label="Fano factor",
        note=f"{spikes.all} Dashed: Poisson firing.",
        numbers=[
            _number(
                "fano",
                f"Fano, {window:g} ms",
                lambda: variability.fano_factor(spikes.times, spikes.ids, length, window),
            ),
            _number(
                "square",
                "CV², its limit",
                lambda: _finite(spike_trains.cv(spikes.times, spikes.ids)) ** 2,
            ),
        ],
    )


@dataclass(frozen=True)
class Figure:
    """A figure that can be chosen.

    Attributes
    ----------
    label : str
        What the choice shows.
    work_out : callable
        Spikes -> `Statistic`.
    methods : dict of str to callable
        What the figure and its numbers are worked out with, by the names that the page gives.
    """

    label: str
    work_out: Callable[[Spikes], Statistic]
    methods: dict[str, Callable[..., Any]]

    def explained(self) -> list[dict[str, str]]:
        """Return words, formula and reference of each method; see `explorer.methods`."""
        return [method(label, function) for label, function in self.methods.items()]


FIGURES = {
    "intervals": Figure(
        "Intervals",
        _intervals,
        {
            "Histogram": intervals.isi_histogram,
            "CV": spike_trains.cv,
            "CV2": intervals.cv2,
            "LV": intervals.lv,
        },
    ),
    "order": Figure(
        "Adaptation and bursts",
        _order,
        {"Adaptation": intervals.adaptation_index, "Bursts": intervals.bursts},
    ),
    "autocorrelogram": Figure(
        "Autocorrelogram", _autocorrelogram, {"Autocorrelogram": correlograms.autocorrelogram}
    ),
    "spectrum": Figure(
        "Power spectrum", _spectrum, {"Power spectrum": correlograms.power_spectrum}
    ),
    "psth": Figure(
        "PSTH: rate around the input",
        _psth,
        {"PSTH": correlograms.psth, "Vector strength": correlograms.vector_strength},
    ),
    "fano": Figure(
        "Spike counts (Fano factor)",
        _fano,
        {"Fano factor": variability.fano_factor, "CV": spike_trains.cv},
    ),
    "synchrony": Figure(
        "Synchrony",
        _synchrony,
        {
            "Cross-correlogram": correlograms.cross_correlogram,
            "χ": variability.chi,
            "ISI-distance": variability.isi_distance,
        },
    ),
}
"""The statistics of spikes, by id, in the order of the choice."""


def statistic(recording: Recording, figure: str) -> Statistic:
    """Work out what a figure shows of a recording; never raises for what a user did.

    Parameters
    ----------
    recording : Recording
        A run.
    figure : str
        One of `FIGURES`.

    Returns
    -------
    Statistic
        Where it cannot be worked out, an empty one whose note says why.
    """
    spikes = spikes_of(recording)
    try:
        return replace(FIGURES[figure].work_out(spikes), figure=figure)
    except ParameterError as error:
        words = str(error)
        reason = f"{words[:1].upper()}{words[1:]}."
        if isinstance(error, NotEnoughSpikes):
            reason += f" Looked at: {spikes.when}."
        return Statistic(figure=figure, note=reason)


def _said(id_: str, label: str, value: str, unit: str = "", title: str = "") -> dict[str, str]:
    return {"id": id_, "label": label, "value": value, "unit": unit, "title": title}


def _number(
    id_: str, label: str, measure: Callable[[], float], unit: str = "", form: str = ".2f"
) -> dict[str, str]:
    """Make an entry; a dash with the reason where there are not enough spikes."""
    try:
        written = f"{measure():{form}}"
        return _said(
            id_, label, written.removeprefix("-") if float(written) == 0 else written, unit
        )
    except ParameterError as error:
        return _said(id_, label, "–", "", str(error))
