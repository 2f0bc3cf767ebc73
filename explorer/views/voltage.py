"""The membrane potential of the watched neuron, with its threshold and its spikes drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from bokeh.models import Range1d

from engine import Recording
from explorer.views.base import PIXELS, Ghost, View, put, unit_of
from explorer.views.thinning import broken_line, min_max

__all__ = ["VoltageView"]

STROKE = 0.35
"""Height of the stroke of a spike above the rest of the plot, as a part of that."""
LANE = 0.05
"""Height of the lane of a ghost's spikes at the top, as a part of the plot."""


class VoltageView(View):
    """Membrane potential, threshold, and a stroke for every spike.

    A spike of an integrate-and-fire neuron has no height: the stroke above the threshold is drawn
    so that spikes can be seen, it is not part of the simulated potential. What the last step of
    such a model's upstroke makes above the stroke is not shown. A neuron whose equations make the
    spike gets no stroke.

    Kept runs are thin lines under the present one, and their spikes are ticks in lanes at the top.
    """

    help = (
        "The membrane potential of the neuron that is shown. It rises with the input and leaks "
        "back; where it reaches the dashed threshold the neuron spikes, which a tall stroke "
        "marks. Thin lines are kept runs."
    )
    title = "Membrane potential"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._threshold = self.line("threshold", line_dash="dashed", line_width=1)
        self._spikes = self.line("spike", line_width=1.5)
        self._potential = self.line("trace")
        self._ghosts: Sequence[Ghost] = ()
        self._unit = ""
        self.figure.extra_y_ranges = {"lanes": Range1d(start=0.0, end=1.0)}

    def update(self, recording: Recording) -> None:
        """Show potential, threshold and spikes; see `View.update`."""
        seen, dt = self.window.steps(recording), recording.dt
        model = recording.experiment.neuron
        # without a threshold its line is as long as nothing
        thresholds = recording.traces.get("threshold", np.zeros((0, 1), np.float32))[:, 0]
        whole, low, high, strokes = _potential(recording)
        V, threshold = whole[seen], thresholds[seen]
        index = min_max(V, PIXELS)
        put(self._potential, x=_time(index, seen, dt), y=V[index])
        moving = min_max(threshold, PIXELS)
        if len(threshold) and not np.ptp(threshold):
            moving = np.array([0, len(threshold) - 1])
        put(self._threshold, x=_time(moving, seen, dt), y=threshold[moving])
        top = high + STROKE * (high - low) if strokes else high
        mine = recording.spike_neurons == recording.experiment.watched[0]
        steps = recording.spike_steps[mine]
        steps = steps[(steps >= seen.start) & (steps < seen.stop)] if strokes else steps[:0]
        x, y = broken_line(steps * dt, whole[steps], np.full(len(steps), top))
        put(self._spikes, x=x, y=y)
        unit = unit_of(recording, model.potential)
        self.show_between(low, top)
        if unit != self._unit:
            self._unit = unit
            self.ghosts(self._ghosts)
        meaning = model.states()[model.potential].meaning.partition(",")[0]
        title = f"{meaning[:1].upper()}{meaning[1:]} of neuron {recording.experiment.watched[0]}"
        self.name(f"{title} ({unit})" if unit else title)

    def ghosts(self, ghosts: Sequence[Ghost]) -> None:
        """Draw kept runs, where they have the unit of the present one; see `View.ghosts`."""
        self._ghosts = ghosts
        lines, ticks = {}, {}
        lowest, highest = np.inf, -np.inf
        for lane, ghost in enumerate(ghosts):
            recording = ghost.recording
            experiment, dt = recording.experiment, recording.dt
            if unit_of(recording, experiment.neuron.potential) != self._unit:
                continue
            seen = self.window.steps(recording)
            V, _, _, _ = _potential(recording)
            lowest = min(lowest, float(V.min(initial=np.inf)))
            highest = max(highest, float(V.max(initial=-np.inf)))
            index = min_max(V[seen], PIXELS)
            lines[ghost.role] = _time(index, seen, dt), V[seen][index]
            steps = recording.spike_steps[recording.spike_neurons == experiment.watched[0]]
            steps = steps[(steps >= seen.start) & (steps < seen.stop)]
            top = np.full(len(steps), 1.0 - lane * LANE)
            ticks[ghost.role] = broken_line(steps * dt, top - 0.8 * LANE, top)
        self.ghost_lines("potential", lines)
        self.ghost_lines("spikes", ticks, y_range_name="lanes", line_width=1.5)
        self.headroom = LANE * len(ghosts)
        self.reach(lowest, highest)


def _potential(recording: Recording) -> tuple[np.ndarray, float, float, bool]:
    """Give the potential as it is drawn, its span, and whether its spikes get strokes.

    The span is that of the threshold too. Of the upstroke that the last step of an
    integrate-and-fire neuron makes only what the stroke covers is left.
    """
    model = recording.experiment.neuron
    whole = recording.traces[model.potential][:, 0]
    thresholds = recording.traces.get("threshold", np.zeros((0, 1), np.float32))[:, 0]
    low = float(min(whole.min(initial=np.inf), thresholds.min(initial=np.inf)))
    high = float(thresholds.max(initial=-np.inf))
    strokes = model.draws_spike and len(thresholds) > 0
    if strokes:
        whole = np.minimum(whole, high + STROKE * (high - low))
    high = max(high, float(whole.max(initial=-np.inf)))
    return whole, low, high, strokes


def _time(index: np.ndarray, seen: slice, dt: float) -> np.ndarray:
    return ((index + seen.start) * dt).astype(np.float32)
