"""The surrogate gradient: the step that the neuron takes, and the slope that training sees."""

from __future__ import annotations

from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, Range1d
from bokeh.plotting import figure

from engine import Experiment
from explorer.theme import role_color, style_figure

__all__ = ["SurrogateView"]

REACH = 2.0
POINTS = 201


class SurrogateView:
    """The spike as a function of the distance to the threshold, and its pseudo-derivative."""

    def __init__(self) -> None:
        self.figure: Any = figure(
            height=150,
            x_range=Range1d(start=-REACH, end=REACH),
            y_range=Range1d(start=0.0, end=1.1),
            tools="",
            x_axis_label="distance to the threshold",
            sizing_mode="stretch_width",
        )
        style_figure(self.figure, left=32)
        self.figure.toolbar_location = None
        self._shown: tuple[object, ...] = ()
        self._curve = self._line("surrogate", line_dash="dashed")
        self._slope = self._line("pseudo-derivative", line_width=2)

    def _line(self, role: str, **style: Any) -> ColumnDataSource:
        source = ColumnDataSource({"x": [], "y": []})
        renderer = self.figure.line("x", "y", source=source, color=role_color(role), **style)
        renderer.tags = [f"role:{role}"]
        return source

    def update(self, experiment: Experiment) -> bool:
        """Show the surrogate of an experiment; whether anything changed."""
        kind = experiment.surrogate
        arguments = (*kind.parameters(), *kind.choices())
        values = {n: experiment[f"spk_fun.{n}"] for n in arguments}
        shown = (kind, *values.values())
        if shown == self._shown:
            return False
        self._shown = shown
        surrogate = kind(**values)
        x = np.linspace(-REACH, REACH, POINTS, dtype=np.float32)
        slope = np.asarray(surrogate.pseudo_derivative(x), np.float32)
        self._slope.data = {"x": x, "y": slope}
        self._curve.data = {
            "x": np.array([-REACH, 0, 0, REACH], np.float32),
            "y": np.array([0, 0, 1, 1], np.float32),
        }
        low, high = float(min(slope.min(), 0.0)), float(max(slope.max(), 1.0))
        self.figure.y_range.update(start=low - 0.05 * (high - low), end=high * 1.08)
        return True
