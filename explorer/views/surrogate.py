"""The surrogate gradient: the spike, the smooth curve in its place, and that curve's slope."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, Range1d
from bokeh.plotting import figure

from engine import Experiment
from engine.surrogates import Surrogate
from explorer.theme import role_color, style_figure

__all__ = ["Curves", "SurrogateView", "curves_of"]

REACH = 2.0
POINTS = 201

Curves = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Distance to the threshold, smooth curve, and its slope, each of shape (point,)."""


class SurrogateView:
    """The spike as a function of the distance to the threshold, and what training takes it for.

    The spike is a step and is drawn thin; the smooth curve of which a surrogate gradient is the
    slope is dashed; the slope itself, the pseudo-derivative, is drawn in full.
    """

    help = (
        "A spike is all or nothing, so that it has no slope to train with. The step is the "
        "spike against the distance to the threshold; the smooth curve stands in for it in "
        "training, and its slope is the gradient that training uses."
    )

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
        self._shown: Curves | None = None
        self._line("ghost").data = {"x": [-REACH, 0, 0, REACH], "y": [0, 0, 1, 1]}
        self._curve = self._line("surrogate", line_dash="dashed", line_width=1.5)
        self._slope = self._line("pseudo-derivative", line_width=2)

    def _line(self, role: str, **style: Any) -> ColumnDataSource:
        source = ColumnDataSource({"x": [], "y": []})
        renderer = self.figure.line("x", "y", source=source, color=role_color(role), **style)
        renderer.tags = [f"role:{role}"]
        return source

    def update(self, curves: Curves) -> bool:
        """Show a surrogate; whether anything changed."""
        if curves is self._shown:
            return False
        self._shown = curves
        x, curve, slope = curves
        self._curve.data = {"x": x, "y": curve}
        self._slope.data = {"x": x, "y": slope}
        low = float(min(slope.min(), curve.min(), 0.0))
        high = float(max(slope.max(), curve.max(), 1.0))
        self.figure.y_range.update(start=low - 0.05 * (high - low), end=high * 1.08)
        return True


def curves_of(experiment: Experiment) -> Curves:
    """Sample the surrogate of an experiment; the first time of each kind it has to be compiled."""
    kind = experiment.surrogate
    arguments = (*kind.parameters(), *kind.choices())
    return _curves(kind, tuple((name, experiment[f"spk_fun.{name}"]) for name in arguments))


@lru_cache(maxsize=64)
def _curves(kind: type[Surrogate], values: tuple[tuple[str, Any], ...]) -> Curves:
    surrogate = kind(**dict(values))
    x = np.linspace(-REACH, REACH, POINTS, dtype=np.float32)
    slope = np.asarray(surrogate.pseudo_derivative(x), np.float32)
    return x, np.asarray(surrogate.curve(x), np.float32), slope
