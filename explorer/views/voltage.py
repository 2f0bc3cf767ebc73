"""The membrane potential of the watched neuron, with its threshold and its spikes drawn."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import Recording
from explorer.views.base import PIXELS, View, put
from explorer.views.thinning import broken_line, min_max

__all__ = ["VoltageView"]


class VoltageView(View):
    """Membrane potential, threshold, and a stroke for every spike.

    A spike of an integrate-and-fire neuron has no height: the stroke above the threshold is drawn
    so that spikes can be seen, it is not part of the simulated potential.
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
        whole = recording.traces["V"][:, 0]
        thresholds = recording.traces["threshold"][:, 0]
        V, threshold = whole[seen], thresholds[seen]
        index = min_max(V, PIXELS)
        put(self._potential, x=_time(index, seen, dt), y=V[index])
        moving = min_max(threshold, PIXELS)
        if len(V) and not np.ptp(threshold):
            moving = np.array([0, len(V) - 1])
        put(self._threshold, x=_time(moving, seen, dt), y=threshold[moving])
        both = np.concatenate([whole, thresholds])
        low, high = float(both.min(initial=np.inf)), float(both.max(initial=-np.inf))
        top = high + 0.35 * (high - low)
        mine = recording.spike_neurons == recording.experiment.watched[0]
        steps = recording.spike_steps[mine]
        steps = steps[(steps >= seen.start) & (steps < seen.stop)]
        x, y = broken_line(steps * dt, whole[steps], np.full(len(steps), top))
        put(self._spikes, x=x, y=y)
        self.show_between(low, top)
        self.name(f"Membrane potential of neuron {recording.experiment.watched[0]} (mV)")


def _time(index: np.ndarray, seen: slice, dt: float) -> np.ndarray:
    return ((index + seen.start) * dt).astype(np.float32)
