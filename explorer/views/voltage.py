"""The membrane potential of the watched neuron, with its threshold and its spikes drawn."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import Recording
from explorer.views.base import PIXELS, View, put, unit_of
from explorer.views.thinning import broken_line, min_max

__all__ = ["VoltageView"]

STROKE = 0.35
"""Height of the stroke of a spike above the rest of the plot, as a part of that."""


class VoltageView(View):
    """Membrane potential, threshold, and a stroke for every spike.

    A spike of an integrate-and-fire neuron has no height: the stroke above the threshold is drawn
    so that spikes can be seen, it is not part of the simulated potential. What the last step of
    such a model's upstroke makes above the stroke is not shown. A neuron whose equations make the
    spike gets no stroke.
    """

    title = "Membrane potential"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._threshold = self.line("threshold", line_dash="dashed", line_width=1)
        self._spikes = self.line("spike", line_width=1.5)
        self._potential = self.line("trace")

    def update(self, recording: Recording) -> None:
        """Show potential, threshold and spikes; see `View.update`."""
        seen, dt = self.window.steps(recording), recording.dt
        model = recording.experiment.neuron
        whole = recording.traces[model.potential][:, 0]
        # without a threshold its line is as long as nothing
        thresholds = recording.traces.get("threshold", np.zeros((0, 1), np.float32))[:, 0]
        low = float(min(whole.min(initial=np.inf), thresholds.min(initial=np.inf)))
        high = float(thresholds.max(initial=-np.inf))
        strokes = model.draws_spike and len(thresholds) > 0
        if strokes:
            whole = np.minimum(whole, high + STROKE * (high - low))
        high = max(high, float(whole.max(initial=-np.inf)))
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
        self.show_between(low, top)
        unit = unit_of(recording, model.potential)
        meaning = model.states()[model.potential].meaning.partition(",")[0]
        title = f"{meaning[:1].upper()}{meaning[1:]} of neuron {recording.experiment.watched[0]}"
        self.name(f"{title} ({unit})" if unit else title)


def _time(index: np.ndarray, seen: slice, dt: float) -> np.ndarray:
    return ((index + seen.start) * dt).astype(np.float32)
