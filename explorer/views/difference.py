"""The present potential less that of a kept run."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import Recording
from explorer.views.base import PIXELS, Ghost, View, put, unit_of
from explorer.views.thinning import min_max

__all__ = ["DifferenceView"]


class DifferenceView(View):
    """Potential of the watched neuron now, less that of a kept run at the same time.

    Where the two have different time steps the kept run is interpolated linearly. It is out of
    sight until a kept run is given to `against`.
    """

    help = (
        "The potential of the neuron now, less that of a kept run at the same time. Where the "
        "line is at zero the two runs agree; a tall stroke is a spike that only one of them has "
        "at that time."
    )
    title = "Difference"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._zero = self.line("ghost", line_dash="dotted", line_width=1)
        self._ghost: Ghost | None = None
        self._of = ""
        self.figure.visible = False

    def against(self, ghost: Ghost | None, name: str = "") -> None:
        """Take a kept run to compare with; None hides the plot."""
        self._ghost, self._of = ghost, name
        if self.figure.visible != (ghost is not None):
            self.figure.visible = ghost is not None

    def update(self, recording: Recording) -> None:
        """Show the difference; see `View.update`."""
        if self._ghost is None:
            return
        kept = self._ghost.recording
        potential, theirs = recording.experiment.neuron.potential, kept.experiment.neuron.potential
        unit = unit_of(recording, potential)
        if unit != unit_of(kept, theirs):
            self.ghost_lines("difference", {})
            self.name(f"Difference: potentials in {unit or 'no unit'} cannot be compared")
            return
        times, gap = difference(recording, kept)
        seen = self.window.steps(recording)
        seen = slice(min(seen.start, len(gap)), min(seen.stop, len(gap)))
        index = min_max(gap[seen], PIXELS)
        line = times[seen][index].astype(np.float32), gap[seen][index]
        self.ghost_lines("difference", {self._ghost.role: line}, line_width=1.25, level="glyph")
        ends = np.array([0.0, recording.duration], np.float32)
        put(self._zero, x=ends, y=np.zeros(2, np.float32))
        low, high = float(gap.min(initial=0.0)), float(gap.max(initial=0.0))
        self.show_between(low, high)
        self.name(f"Difference, now − {self._of}" + (f" ({unit})" if unit else ""))


def difference(now: Recording, kept: Recording) -> tuple[np.ndarray, np.ndarray]:
    """Return times in ms and V(now) - V(kept), as long as both runs go on, shape (time,)."""
    ours = now.traces[now.experiment.neuron.potential][:, 0]
    theirs = kept.traces[kept.experiment.neuron.potential][:, 0]
    if now.dt == kept.dt:
        n = min(len(ours), len(theirs))
        return now.times[:n], ours[:n] - theirs[:n]
    times = now.times
    times = times[times <= (kept.n_steps - 1) * kept.dt]
    there = np.interp(times, kept.times, theirs) if len(times) else times
    return times, (ours[: len(times)] - there).astype(np.float32)
