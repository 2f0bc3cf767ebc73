"""The input of the watched neuron."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import Recording
from explorer.views.base import PIXELS, View, put, unit_of
from explorer.views.thinning import min_max

__all__ = ["StimulusView"]


class StimulusView(View):
    """Stimulus and noise as the watched neuron gets them."""

    title = "Input"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._input = self.line("stimulus")

    def update(self, recording: Recording) -> None:
        """Show the input; see `View.update`."""
        seen = self.window.steps(recording)
        y = recording.traces["input"][seen, 0]
        index = min_max(y, PIXELS)
        x = ((index + seen.start) * recording.dt).astype(np.float32)
        put(self._input, x=x, y=y[index])
        whole = recording.traces["input"][:, 0]
        self.show_between(min(0.0, float(whole.min(initial=0.0))), float(whole.max(initial=0.0)))
        unit = unit_of(recording, "input")
        self.name(f"Input ({unit})" if unit else "Input")
