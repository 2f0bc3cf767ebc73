r"""What a neuron makes of a step of current: its firing pattern, with the reason for the name.

The names are those of the Petilla terminology, which says separately how firing sets in (at once,
late, with a burst, only for a moment) and how it goes on (regularly, adapting, accelerating,
bursting, irregularly).

Examples
--------
>>> from engine.analysis.firing_patterns import classify
>>> classify([10, 20, 30, 40, 50], start=0, stop=60).label
'tonic'
>>> pattern = classify([110, 120, 140, 175, 215, 255], start=100, stop=300)
>>> pattern.label, pattern.reason
('adapting', 'the intervals grow from 10 ms to 40 ms')

References
----------
The Petilla Interneuron Nomenclature Group (2008). Petilla terminology: nomenclature of features of
GABAergic interneurons of the cerebral cortex. Nature Reviews Neuroscience 9, 557-568.
doi:10.1038/nrn2402
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import saiunit as u

from engine import boundary
from engine.errors import ParameterError
from engine.recording import Recording

__all__ = ["LABELS", "FiringPattern", "classify", "classify_recording", "stimulus_span"]

DELAYED = "delayed"
STEADY = ("tonic", "adapting", "accelerating", "bursting", "irregular")
"""How firing goes on."""
LABELS = (
    "silent",
    "spontaneous",
    "rebound",
    "persistent",
    "transient",
    "initial burst",
    *STEADY,
    *(f"{DELAYED} {steady}" for steady in STEADY),
)
"""Every label that `classify` gives."""

PAUSE = 3.0
"""How many times longer the shortest pause between bursts is than the longest interval in a burst.

Adaptation stretches intervals too, but gradually: there is always one in between."""
PAUSE_LATER = 2.0
"""The same for the second half of the intervals, where adaptation is over."""
SLOWER = 2.0
"""Growth of the interval from which on a neuron adapts: it has lost half of its first rate.

Less than that is seen in the first two or three intervals of nearly every cell."""
FASTER = 1.5
"""Shrinking of the interval from which on a neuron accelerates. Recovery variables make nearly all
neurons slow down, so that less of it is telling."""
LATE = 2.0
"""How many mean intervals a neuron lets wait for its first spike to be called delayed. Starting at
the reset potential it would take one; from a rest below that, up to about one and a half."""
UNEVEN = 0.3
"""Local variation of successive intervals (CV2) from which on firing is irregular: 0 for a clock,
1 for a Poisson process."""
OVER = 0.5
"""Part of the stimulus that has to pass in silence after the last spike of a transient answer."""


@dataclass(frozen=True)
class FiringPattern:
    """A firing pattern and what it was told from.

    Attributes
    ----------
    label : str
        One of `LABELS`.
    reason : str
        What the label was told from, with numbers.
    latency : float
        Time from the beginning of the stimulus to the first spike, in ms; NaN without one.
    rate : float
        Inverse of the mean interval of the second half of the answer, in Hz; NaN without intervals.
    adaptation : float
        Mean interval of the last quarter over the first interval; NaN without intervals.
    irregularity : float
        Mean CV2 of the second half of the intervals; NaN with less than two.
    """

    label: str
    reason: str
    latency: float
    rate: float
    adaptation: float
    irregularity: float

    @property
    def delayed(self) -> bool:
        """Whether the first spike lets wait."""
        return self.label.startswith(DELAYED)


def classify(times: Any, start: Any, stop: Any, end: Any = None) -> FiringPattern:
    r"""Name the firing pattern of one neuron under a stimulus that is constant while it lasts.

    With the intervals :math:`\Delta_k = t_{k+1} - t_k` of the :math:`n` spikes during the stimulus,
    and in this order:

    - *spontaneous*: at least two spikes before the stimulus begins;
    - *persistent*: after the stimulus it fires up to the end of the recording, which is less than
      twice the longest interval away from the last of at least three spikes;
    - *silent*: no spike from the beginning of the stimulus on;
    - *rebound*: none during the stimulus, some after it;
    - *transient*: after the last spike, half of the stimulus or more passes in silence, and more
      than three times the longest interval;
    - *initial burst*: the intervals, sorted, fall into short and long ones with a gap of at least
      a factor of three between them, and all the short ones, at least two, come first;
    - *bursting*: such a gap (a factor of two in the second half of the intervals); at least two are
      long, and at least every second is short;
    - *irregular*: in the second half of the intervals the local variation

      .. math:: CV_2 = \left\langle \frac{2\,|\Delta_{k+1} - \Delta_k|}
                {\Delta_{k+1} + \Delta_k} \right\rangle

      is above 0.3;
    - *adapting*: the last quarter of the intervals is on average at least twice as long as the
      first interval; *accelerating*: the first is at least one and a half times as long as those;
    - *tonic*: none of these.

    The last five (but not the initial burst) are *delayed* when the first spike comes later than
    twice the mean interval.

    Parameters
    ----------
    times : Quantity[ms] or array_like, shape (spike,)
        Spike times of one neuron, in any order; two at the same time count once.
    start, stop : Quantity[ms] or float
        When the stimulus begins and ends.
    end : Quantity[ms] or float, optional
        When the recording ends; with the stimulus by default.

    Returns
    -------
    FiringPattern
        The label, its reason, and the measures behind it.

    Raises
    ------
    ParameterError
        Times that are no finite times, or a stimulus that ends before it begins.

    Notes
    -----
    The thresholds (factors 3, 2, 1.5, ...) are conventions of this module, each explained where it
    is defined. The gap among sorted intervals does what the valley in the histogram of their
    logarithms does for long recordings. No label depends on the unit of time: a train and its
    stimulus that are stretched together keep it.

    References
    ----------
    G. R. Holt, W. R. Softky, C. Koch and R. J. Douglas (1996). Comparison of discharge variability
    in vitro and in vivo in cat visual cortex neurons. Journal of Neurophysiology 75, 1806-1814.
    doi:10.1152/jn.1996.75.5.1806

    R. Naud, N. Marcille, C. Clopath and W. Gerstner (2008). Firing patterns in the adaptive
    exponential integrate-and-fire model. Biological Cybernetics 99, 335-347.
    doi:10.1007/s00422-008-0264-7

    V. Pasquale, S. Martinoia and M. Chiappalone (2010). A self-adapting approach for the detection
    of bursts and network bursts in neuronal cultures. Journal of Computational Neuroscience 29,
    213-229. doi:10.1007/s10827-009-0175-1
    """
    begin, over = _time(start, "start"), _time(stop, "stop")
    last = over if end is None else _time(end, "end")
    if not begin < over <= last:
        raise ParameterError(
            "stop",
            f"stop must be after start and not after end, got {begin:g}, {over:g} and {last:g} ms",
        )
    spikes = np.unique(_times(times))
    answer = spikes[(spikes >= begin) & (spikes < over)]
    after = spikes[(spikes >= over) & (spikes <= last)]
    label, reason = _name(spikes[spikes < begin], answer, after, begin, over, last)
    gaps = np.diff(answer)
    late = gaps[gaps.size // 2 :]
    return FiringPattern(
        label,
        reason,
        latency=float(answer[0] - begin) if answer.size else float("nan"),
        rate=1000.0 / float(late.mean()) if gaps.size else float("nan"),
        adaptation=_final(gaps) / float(gaps[0]) if gaps.size else float("nan"),
        irregularity=_cv2(late) if late.size > 1 else float("nan"),
    )


def classify_recording(recording: Recording, neuron: int = 0) -> FiringPattern:
    """Name the firing pattern of one neuron of a recording, from when its stimulus was on.

    Parameters
    ----------
    recording : Recording
        A run whose stimulus is a step, a single pulse, or constant.
    neuron : int
        Which neuron.

    Returns
    -------
    FiringPattern
        See `classify`.

    Raises
    ------
    ParameterError
        The stimulus of the run is of another kind.
    """
    start, stop = stimulus_span(recording)
    times = recording.spike_times[recording.spike_neurons == neuron]
    return classify(times, start, stop, recording.n_steps * recording.dt)


def stimulus_span(recording: Recording) -> tuple[float, float]:
    """Say when the stimulus of a recording is on and constant.

    Parameters
    ----------
    recording : Recording
        A run whose stimulus is a step, a single pulse, or constant.

    Returns
    -------
    start, stop : float
        In ms; not beyond the end of the recording.

    Raises
    ------
    ParameterError
        The stimulus of the run is of another kind.
    """
    experiment = recording.experiment
    length = recording.n_steps * recording.dt
    match experiment["stimulus"]:
        case "Constant":
            start, stop = 0.0, length
        case "Step":
            start, stop = experiment["stimulus.start"], experiment["stimulus.stop"]
        case "PulseTrain" if experiment["stimulus.count"] == 1:
            start = experiment["stimulus.start"]
            stop = start + experiment["stimulus.width"]
        case kind:
            raise ParameterError(
                "stimulus",
                f"a firing pattern is told from a step, a single pulse or a constant input, "
                f"not from {kind}",
            )
    return start, min(stop, length)


def _name(
    before: np.ndarray,
    answer: np.ndarray,
    after: np.ndarray,
    begin: float,
    over: float,
    last: float,
) -> tuple[str, str]:
    """Give label and reason."""
    if before.size > 1:
        return "spontaneous", f"it fires {before.size} times before the stimulus"
    if after.size > 2 and last - after[-1] < 2 * np.diff(after).max():
        return "persistent", f"{last - over:.3g} ms after the stimulus it is still firing"
    if not answer.size:
        if after.size:
            return "rebound", f"spikes after the stimulus: {after.size}, and none during it"
        return "silent", "it does not fire"
    gaps, silence = np.diff(answer), over - answer[-1]
    longest = gaps.max() if gaps.size else 0.0
    if silence >= OVER * (over - begin) and silence > PAUSE * longest:
        return "transient", f"it stops firing {silence:.3g} ms before the stimulus ends"
    if not gaps.size:
        return f"{DELAYED} tonic", f"its only spike comes {answer[0] - begin:.3g} ms late"
    label, reason = _burst(gaps) or _course(gaps)
    latency = answer[0] - begin
    if label in STEADY and latency > LATE * gaps.mean():
        wait = f"the first spike comes after {latency:.3g} ms, {latency / gaps.mean():.2g} times "
        return f"{DELAYED} {label}", f"{wait}the mean interval; {reason}"
    return label, reason


def _burst(gaps: np.ndarray) -> tuple[str, str] | None:
    """Find bursts, where sorted intervals leave a gap between short and long ones."""
    late = gaps[gaps.size // 2 :]
    for some, factor in ((gaps, PAUSE), (late, PAUSE_LATER)):
        short = _short(some, factor)
        number, pauses = int(short.sum()), int((~short).sum())
        if not number or not pauses:
            continue
        within, between = some[short].mean(), some[~short].mean()
        if some is gaps and number >= 2 and short[:number].all():
            reason = (
                f"{number + 1} spikes {within:.3g} ms apart, then others {between:.3g} ms apart"
            )
            return "initial burst", reason
        if pauses >= 2 and number >= pauses - 1:
            reason = f"groups of spikes {within:.3g} ms apart, with pauses of {between:.3g} ms"
            return "bursting", reason
    return None


def _short(gaps: np.ndarray, factor: float) -> np.ndarray:
    """Mark the intervals below the widest gap among the sorted ones, if that is wide enough."""
    ordered = np.sort(gaps)
    with np.errstate(over="ignore"):  # between intervals that no neuron has
        ratio = ordered[1:] / ordered[:-1]
    if not ratio.size or ratio.max() < factor:
        return np.zeros(gaps.shape, bool)
    return gaps < ordered[1:][ratio.argmax()]


def _course(gaps: np.ndarray) -> tuple[str, str]:
    """Name the course of the intervals of a train without bursts."""
    late = gaps[gaps.size // 2 :]
    if late.size > 1 and _cv2(late) > UNEVEN:
        return "irregular", f"successive intervals differ by {100 * _cv2(late):.2g} % of their mean"
    first, final = float(gaps[0]), _final(gaps)
    course = f"from {first:.3g} ms to {final:.3g} ms"
    if final >= SLOWER * first:
        return "adapting", f"the intervals grow {course}"
    if first >= FASTER * final:
        return "accelerating", f"the intervals shrink {course}"
    return "tonic", f"the intervals stay about the same, {course}"


def _final(gaps: np.ndarray) -> float:
    """Give the mean of the last quarter of the intervals."""
    return float(gaps[-max(1, gaps.size // 4) :].mean())


def _cv2(gaps: np.ndarray) -> float:
    """Give the mean local variation of successive intervals."""
    return float(np.mean(2 * np.abs(np.diff(gaps)) / (gaps[1:] + gaps[:-1])))


def _time(value: Any, path: str) -> float:
    number = value if isinstance(value, u.Quantity) else boundary.attach(value, u.ms)
    milliseconds = boundary.to_number(number, u.ms, path)
    boundary.require_finite(milliseconds, path)
    return milliseconds


def _times(values: Any) -> np.ndarray:
    if isinstance(values, u.Quantity) and u.get_unit(values).dim != u.ms.dim:
        word = boundary.dimension_word(u.get_unit(values))
        raise ParameterError("times", f"times must be times, got {word}")
    found = np.asarray(boundary.strip(values, u.ms), dtype=float).ravel()
    if not np.isfinite(found).all():
        raise ParameterError("times", "times must be finite, got NaN or infinity")
    return found
