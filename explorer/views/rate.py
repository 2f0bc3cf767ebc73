"""The firing rate of the population over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine import Recording
from engine.analysis import spike_trains
from explorer.views.base import Ghost, View, put

__all__ = ["RateView"]

BINS = 200


class RateView(View):
    """Spikes per neuron and second in bins of about a two-hundredth of the run."""

    help = (
        "How many spikes a neuron of the population fires in a second, on average, counted in "
        "the short bins of time that the title names. Peaks are moments at which many neurons "
        "fire together."
    )
    title = "Population rate"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._rate = self.line("rate", line_width=1.5, mode="center")

    def update(self, recording: Recording) -> None:
        """Show the rate; see `View.update`."""
        centres, rate = _binned(recording)
        put(self._rate, x=centres, y=rate)
        self.show_between(0.0, max(float(rate.max(initial=0.0)), 1.0))
        width = bin_width(recording.duration, recording.dt)
        self.name(f"Population rate (Hz), bins of {width:g} ms")

    def ghosts(self, ghosts: Sequence[Ghost]) -> None:
        """Draw the rates of kept runs; see `View.ghosts`."""
        curves = {ghost.role: _binned(ghost.recording) for ghost in ghosts}
        self.ghost_lines("rate", curves, mode="center")
        self.reach(
            0.0, max((float(rate.max(initial=0.0)) for _, rate in curves.values()), default=0.0)
        )


def _binned(recording: Recording) -> tuple[np.ndarray, np.ndarray]:
    width = bin_width(recording.duration, recording.dt)
    centres, rate = spike_trains.population_rate(
        recording.spike_times, recording.experiment.n, recording.duration, width
    )
    return centres.astype(np.float32), rate.astype(np.float32)


def bin_width(duration: float, dt: float) -> float:
    """Choose a round number of steps close to a two-hundredth of the run, in ms."""
    raw = duration / BINS
    decade = 10.0 ** np.floor(np.log10(raw))
    width = next(decade * m for m in (1, 2, 5, 10) if decade * m >= raw * 0.999)
    return float(max(width, dt))
