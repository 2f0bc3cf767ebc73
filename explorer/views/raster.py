"""Spikes of the population: strokes where there are few, a binned image where there are many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from bokeh.events import Tap
from bokeh.models import BasicTicker, BoxAnnotation, ColumnDataSource, LinearColorMapper

from engine import Recording
from explorer.theme import role_color
from explorer.views.base import View, put
from explorer.views.thinning import broken_line

__all__ = ["RasterView", "binned", "no_image", "shades"]

MOST_STROKES = 4_000
"""Spikes in sight above which an image is cheaper to send and to draw than strokes."""
COLUMNS, ROWS = 800, 260
SHADES = 4


class OnPick(View):
    """A view of neurons of which one can be pointed at."""

    def on_pick(self, callback: Callable[[int], None]) -> None:
        """Call back with the neuron that the user has pointed at."""
        self.figure.on_event(Tap, lambda event: callback(round(event.y)))


class RasterView(OnPick):
    """Time of every spike against the number of its neuron."""

    help = (
        "Every spike of every neuron: time from left to right, the number of the neuron "
        "upwards. A row is one neuron, and a vertical pattern is many that fire together. Click "
        "on a neuron to choose the one that the plots above show."
    )
    title = "Spikes"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.figure.yaxis.ticker = BasicTicker(
            desired_num_ticks=4, num_minor_ticks=0, min_interval=1
        )
        self._strokes = self.line("raster", line_width=1.4)
        self._strokes_glyph = self.figure.renderers[-1]
        self._image = ColumnDataSource(data=no_image())
        mapper = LinearColorMapper(palette=shades("raster"), low=0, high=SHADES - 1)
        mapper.tags = ["role:raster"]
        self._image_glyph = self.figure.image(
            "image", "x", "y", "width", "height", source=self._image, color_mapper=mapper
        )
        self._image_glyph.visible = False
        self._watched = BoxAnnotation(
            fill_alpha=0.16, line_color=None, fill_color=role_color("trace"), level="underlay"
        )
        self._watched.tags = ["role:trace"]
        self.figure.add_layout(self._watched)

    def update(self, recording: Recording) -> None:
        """Show the spikes; see `View.update`."""
        n = recording.experiment.n
        start, end = self.window.range.start, self.window.range.end
        times = recording.spike_times
        first, last = np.searchsorted(times, [start, end + recording.dt])
        times, neurons = times[first:last], recording.spike_neurons[first:last]
        as_image = len(times) > MOST_STROKES
        if as_image:
            put(self._image, **binned(times, neurons, n, start, end))
        else:
            x, y = broken_line(times, neurons - 0.42, neurons + 0.42)
            put(self._strokes, x=x, y=y)
        if self._image_glyph.visible != as_image:
            self._image_glyph.visible = as_image
            self._strokes_glyph.visible = not as_image
        y_range = self.figure.y_range
        if (y_range.start, y_range.end) != (-0.5, n - 0.5):
            y_range.update(start=-0.5, end=n - 0.5)
        self.name(f"Spikes of {n:,} neurons" if n > 1 else "Spikes of one neuron")
        watched = recording.experiment.watched[0]
        half = max(0.5, n / ROWS / 2)
        self._watched.update(bottom=watched - half, top=watched + half, visible=n > 1)


def shades(role: str) -> list[str]:
    """Return the colour of a role from nothing to full, as the page's script makes it too."""
    return [f"{role_color(role)}{alpha:02x}" for alpha in (0, 170, 220, 255)]


def no_image() -> Any:
    """Return the data of an image that shows nothing."""
    return {"image": [], "x": [], "y": [], "width": [], "height": []}


def binned(
    times: np.ndarray, neurons: np.ndarray, n: int, start: float, end: float
) -> dict[str, list[Any]]:
    """Count the spikes in cells of about a pixel."""
    rows = min(n, ROWS)
    column = np.clip(((times - start) / (end - start) * COLUMNS).astype(np.int64), 0, COLUMNS - 1)
    row = neurons * rows // n
    counts = np.bincount(row * COLUMNS + column, minlength=rows * COLUMNS)
    shades = np.minimum(counts, SHADES - 1).astype(np.uint8).reshape(rows, COLUMNS)
    return {"image": [shades], "x": [start], "y": [-0.5], "width": [end - start], "height": [n]}
