"""The input of the watched neuron, and where it can be taken hold of."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from engine import Experiment, Recording
from engine.inputs import Handle
from explorer import typeset
from explorer.views.base import PIXELS, View, put, unit_of
from explorer.views.thinning import min_max

__all__ = ["StimulusView", "handles_of", "moved"]


class StimulusView(View):
    """Stimulus and noise as the watched neuron gets them.

    Attributes
    ----------
    holds : bool
        Whether the vertical axis holds still, because something is being dragged over it.
    roomy : bool
        Whether it shows all that is usual for the model, so that there is room to draw.
    """

    help = (
        "What goes into the neuron that is shown: stimulus and noise together, over time. "
        "Compare it with the potential below: what the neuron does is its answer to this. The "
        "points on it can be dragged, and an input can be drawn with the pointer."
    )
    title = "Input"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._input = self.line("stimulus")
        self.figure.name = "stimulus"
        self.holds = False
        self.roomy = False

    def update(self, recording: Recording) -> None:
        """Show the input; see `View.update`."""
        seen = self.window.steps(recording)
        y = recording.traces["input"][seen, 0]
        index = min_max(y, PIXELS)
        x = ((index + seen.start) * recording.dt).astype(np.float32)
        put(self._input, x=x, y=y[index])
        if not self.holds:
            whole = recording.traces["input"][:, 0]
            low, high = float(whole.min(initial=0.0)), float(whole.max(initial=0.0))
            room = getattr(recording.experiment.neuron.input, "soft", ()) if self.roomy else ()
            self.show_between(min(0.0, low, *room), max(high, *room) if room else high)
        unit = unit_of(recording, "input")
        self.name(f"Input ({unit})" if unit else "Input")


def handles_of(experiment: Experiment) -> list[dict[str, Any]]:
    """Return where the stimulus can be dragged, for `explorer.components.StimulusEditor`."""
    kind, p = experiment.stimulus, _numbers(experiment)
    corners = kind.corners(p, experiment["duration"])
    found = []
    for index, handle in enumerate(kind.handles):
        x, y = _place(handle, p, corners, experiment["duration"])
        names = [name for name in (handle.x, handle.y) if name]
        meanings = [kind.parameters()[name].meaning.rstrip(".") for name in names]
        words = ", ".join([meanings[0], *(m[:1].lower() + m[1:] for m in meanings[1:])])
        moves = f"{'x' if handle.x else ''}{'y' if handle.y else ''}"
        found.append({"id": str(index), "x": x, "y": y, "moves": moves, "label": words})
    return found


def moved(experiment: Experiment, index: int, x: float, y: float) -> dict[str, float]:
    """Return the numbers that put a handle somewhere else, by path and within their limits."""
    handle, p = experiment.stimulus.handles[index], _numbers(experiment)
    specs, found = experiment.specs, {}
    if handle.x:
        found[handle.x] = x - (p[handle.since] if handle.since else 0.0)
    if handle.y:
        found[handle.y] = y
    for low, high in experiment.stimulus.below:  # an edge stops at the other one
        if low in found:
            found[low] = min(found[low], p[high] - experiment["dt"])
        if high in found:
            found[high] = max(found[high], p[low] + experiment["dt"])
    for name in found:
        hard = specs[f"stimulus.{name}"].hard
        least = hard.low + experiment["dt"] if hard.open_low else hard.low
        found[name] = float(f"{min(max(found[name], least), hard.high):.10g}")
    return {f"stimulus.{name}": value for name, value in found.items()}


def _numbers(experiment: Experiment) -> dict[str, float]:
    return {name: experiment[f"stimulus.{name}"] for name in experiment.stimulus.parameters()}


def _place(
    handle: Handle,
    p: Mapping[str, float],
    corners: list[tuple[float, float]] | None,
    duration: float,
) -> tuple[float, float]:
    """Return where a handle stands: an edge at half its height, a level in its middle."""
    x = p[handle.x] + (p[handle.since] if handle.since else 0.0) if handle.x else None
    y = p[handle.y] if handle.y else None
    if x is None:
        ends = [*(corners or []), (duration, (corners or [(0.0, 0.0)])[-1][1])]
        level = [(b[0] - a[0], a[0]) for a, b in pairwise(ends) if a[1] == y]
        length, start = max(level, default=(duration, 0.0))
        x = start + length / 2
    if y is None:
        heights = [v for t, v in corners or [] if t == x]
        y = (min(heights) + max(heights)) / 2 if heights else p[handle.at] if handle.at else 0.0
    return float(x), float(y)


def unit_text(experiment: Experiment) -> str:
    """Write the unit of the input with the signs of print."""
    declared = experiment.model.input
    return typeset.unit(declared.unit_text) if declared is not None else ""
