"""One figure that draws whichever statistic of the spikes is chosen."""

from __future__ import annotations

from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource

from explorer.statistics import NOTHING, Statistic
from explorer.theme import role_color
from explorer.views.base import put
from explorer.views.network import SmallView
from explorer.views.thinning import nice_range

__all__ = ["StatisticsView"]


class StatisticsView(SmallView):
    """A figure that draws any of the statistics, in place."""

    help = (
        "A statistic of the spikes of the run in the plots, and it follows every change of the "
        "run. How it is computed, with formula and reference, stands below it."
    )

    def __init__(self) -> None:
        super().__init__("interval (ms)", "intervals")
        # Bokeh 3.9 draws an area of steps without points for ever: what is not there is hidden
        self._bars = ColumnDataSource({"x": np.zeros(2, np.float32), "y": np.zeros(2, np.float32)})
        self._area = self.figure.varea_step(
            "x",
            0.0,
            "y",
            source=self._bars,
            step_mode="after",
            color=role_color("trace"),
            fill_alpha=0.85,
        )
        self._area.tags = ["role:trace"]
        self._area.visible = False
        self._expected = self._drawn(self.figure.line, "threshold", line_dash="dashed")
        self._line = self._drawn(self.figure.line, "trace", line_width=1.5)
        self._dots = self._drawn(self.figure.scatter, "trace", size=4, line_color=None)
        self._y: tuple[float, float] | None = None
        self.shown: Statistic | None = None
        """What is drawn now."""

    def _drawn(self, draw: Any, role: str, **style: Any) -> ColumnDataSource:
        source = ColumnDataSource({"x": NOTHING[0], "y": NOTHING[1]})
        style = {"color": role_color(role)} | style
        draw("x", "y", source=source, **style).tags = [f"role:{role}"]
        return source

    def update(self, found: Statistic) -> None:
        """Draw a statistic."""
        if self.shown is None or found.figure != self.shown.figure:
            self._y = None
        self.shown = found
        edges, heights = found.bars
        if len(edges):
            put(self._bars, x=_single(edges), y=_single(np.r_[heights, 0.0]))
        if self._area.visible != bool(len(edges)):
            self._area.visible = bool(len(edges))
        curves = [found.line, found.dots, found.expected]
        for source, (x, y) in zip([self._line, self._dots, self._expected], curves, strict=True):
            put(source, x=_single(x), y=_single(y))
        filled = [curve for curve in [found.bars, *curves] if len(curve[0])]
        low = min((float(x.min()) for x, _ in filled), default=0.0)
        high = max((float(x.max()) for x, _ in filled), default=1.0)
        top = max((float(y.max(initial=0.0)) for _, y in filled), default=0.0)
        self._y = nice_range(0.0, 1.06 * top or 1.0, self._y)
        margin = 0.02 * (high - low) if len(found.dots[0]) else 0.0  # half of a dot at either end
        self.frame(low - margin, high + margin if high > low else low + 1.0, 0.0, self._y[1])
        labels = ((self.figure.xaxis[0], found.x_label), (self.figure.yaxis[0], found.y_label))
        for axis, label in labels:
            if axis.axis_label != label:
                axis.axis_label = label


def _single(values: Any) -> np.ndarray:
    return np.asarray(values, np.float32)
