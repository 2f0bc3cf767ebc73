"""What all plots of a lab share: a figure, its look, and the window of time that they show."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from bokeh.events import DoubleTap, RangesUpdate
from bokeh.models import ColumnDataSource, Range1d
from bokeh.plotting import figure

from engine import Recording
from explorer import typeset
from explorer.theme import role_color, style_figure
from explorer.views.thinning import nice_range

__all__ = ["Ghost", "View", "Window", "put", "unit_of"]

PIXELS = 800
"""Columns that a trace is thinned to: about the width of the plots on a usual screen."""

HANDLING = (
    "Drag sideways to pan, turn the wheel or use the tools on the right to zoom, and double-click "
    "to see the whole run. A click holds the line that reads all plots."
)
"""What can be done in every plot."""


class Window:
    """The stretch of time that the plots of a lab show together; a zoom stays when data change.

    Parameters
    ----------
    duration : float
        Simulated time in ms.
    """

    def __init__(self, duration: float) -> None:
        self.duration = duration
        # Bokeh types its properties as whatever they accept, not as what they hold.
        self.range: Any = Range1d(
            start=0.0, end=duration, bounds=(0.0, duration), min_interval=duration / 1e4
        )

    @property
    def is_whole(self) -> bool:
        """Whether all of the run is in sight."""
        return self.range.start <= 0.0 and self.range.end >= self.duration

    def fit(self, duration: float) -> None:
        """Follow a new duration: a window on the whole run stays on the whole, a zoom stays put."""
        if duration == self.duration:
            return
        whole = self.is_whole or self.range.start >= duration
        self.duration = duration
        end = duration if whole else min(self.range.end, duration)
        start = 0.0 if whole else self.range.start
        # The bounds first: a browser would cut the new ends at the old ones.
        self.range.update(bounds=(0.0, duration), min_interval=duration / 1e4)
        self.range.update(start=start, end=end)

    def steps(self, recording: Recording) -> slice:
        """Return the steps of a recording that are in sight, with one more on either side."""
        first = max(0, int(self.range.start / recording.dt) - 1)
        last = min(recording.n_steps, int(np.ceil(self.range.end / recording.dt)) + 2)
        return slice(min(first, last), last)


def put(source: ColumnDataSource, **columns: Any) -> None:
    """Give a source new data, and send only the columns that differ.

    A plot whose data stay as they are is neither sent nor drawn again: a slider of the neuron
    leaves its input alone, and bins of time stay where they are.
    """
    now: Any = source.data
    changed = {n: c for n, c in columns.items() if n not in now or not _same(now[n], c)}
    if not changed:
        return
    if all(len(now.get(n, ())) == len(c) for n, c in columns.items()):
        for name, column in changed.items():
            now[name] = column
    else:
        source.data = columns


def _same(now: Any, then: Any) -> bool:
    if isinstance(now, np.ndarray) and isinstance(then, np.ndarray):
        return np.array_equal(now, then, equal_nan=True)
    return now is then


def unit_of(recording: Recording, trace: str) -> str:
    """Write the unit of a trace with the signs of print."""
    return typeset.unit(recording.unit_text(trace))


@dataclass(frozen=True)
class Ghost:
    """A kept run that is drawn under the present one.

    Attributes
    ----------
    role : str
        Role of its colour, its own among the ghosts.
    recording : Recording
        The run.
    """

    role: str
    recording: Recording


class View:
    """A plot that is made once and then given new data in place.

    Parameters
    ----------
    window : Window
        The time axis shared with the other plots.
    title : str
        What the plot shows.
    time_axis : bool
        Whether the labels of the time axis are shown under this plot.
    """

    title = ""
    help: ClassVar[str] = ""
    """What the plot shows, how to read it, and what can be done in it, in plain sentences."""

    def __init__(self, window: Window, *, time_axis: bool = False) -> None:
        self.window = window
        self._y: tuple[float, float] | None = None
        self._span = self._ghost_span = (np.inf, -np.inf)
        self.headroom = 0.0
        """Part of the height that stays free above the data."""
        self._ghost_sources: dict[tuple[str, str], ColumnDataSource] = {}
        self.figure: Any = figure(
            title=self.title,
            x_range=window.range,
            y_range=Range1d(start=0.0, end=1.0),
            tools="xpan,xwheel_zoom,xbox_zoom,reset,save",
            active_scroll=None,
            active_drag="xpan",
            x_axis_label="time (ms)",
            height=140,
            lod_threshold=None,
            output_backend="canvas",
        )
        self.figure.tags = [f"help:{self.help}\n{HANDLING}"]
        style_figure(self.figure, time_axis=time_axis)

    def line(self, role: str, **style: Any) -> ColumnDataSource:
        """Draw a line in the colour of its role, and return where its data go."""
        source = ColumnDataSource({"x": np.zeros(0, np.float32), "y": np.zeros(0, np.float32)})
        style = {"line_width": 1.25, "color": role_color(role)} | style
        draw = self.figure.step if "mode" in style else self.figure.line
        renderer = draw("x", "y", source=source, **style)
        renderer.tags = [f"role:{role}"]
        return source

    def dots(self, role: str, **style: Any) -> ColumnDataSource:
        """Draw dots in the colour of their role, and return where their data go."""
        source = ColumnDataSource({"x": np.zeros(0, np.float32), "y": np.zeros(0, np.float32)})
        style = {"size": 6, "color": role_color(role), "line_color": None} | style
        renderer = self.figure.scatter("x", "y", source=source, **style)
        renderer.tags = [f"role:{role}"]
        return source

    def show_between(self, low: float, high: float) -> None:
        """Let the vertical axis hold these values, without jumping at every change."""
        self._span = (low, high)
        self._fit()

    def reach(self, low: float, high: float) -> None:
        """Let the vertical axis hold the ghosts' values too."""
        self._ghost_span = (low, high)
        self._fit()

    def _fit(self) -> None:
        low, high = min(self._span[0], self._ghost_span[0]), max(self._span[1], self._ghost_span[1])
        high += (high - low) * self.headroom / (1.0 - self.headroom)
        wanted = nice_range(low, high, self._y)
        if wanted != self._y:
            self._y = wanted
            self.figure.y_range.update(start=wanted[0], end=wanted[1])

    def name(self, title: str) -> None:
        """Say above the plot what it shows, with the unit."""
        if self.figure.title.text != title:
            self.figure.title.text = title

    def update(self, recording: Recording) -> None:
        """Show a recording; what is out of sight is not sent."""
        raise NotImplementedError

    def ghosts(self, ghosts: Sequence[Ghost]) -> None:
        """Draw kept runs under the present one, in the window of time; by default none.

        They are sent once, and again when the window changes: not with the runs that follow.
        """

    def ghost_lines(
        self, part: str, curves: Mapping[str, tuple[np.ndarray, np.ndarray]], **style: Any
    ) -> None:
        """Draw one line for each ghost, by the role of its colour, and none for all others.

        A line is made when it is first needed: a page without kept runs does not pay for them.

        Parameters
        ----------
        part : str
            What of the ghosts it is, where a plot draws several things.
        curves : mapping of str to (array, array)
            Role -> the line.
        **style
            See `line`.
        """
        for role in curves:
            if (part, role) not in self._ghost_sources:
                source = self.line(role, **{"line_width": 1, "level": "underlay"} | style)
                self._ghost_sources[part, role] = source
        nothing = np.zeros(0, np.float32)
        for (other, role), source in self._ghost_sources.items():
            if other == part:
                x, y = curves.get(role, (nothing, nothing))
                put(source, x=x, y=y)

    def on_zoom(self, callback: Callable[[], None]) -> None:
        """Call back when the user has zoomed or panned."""
        self.figure.on_event(RangesUpdate, lambda event: callback())
        self.figure.on_event(DoubleTap, lambda event: self.show_all())

    def show_all(self) -> None:
        """Show the whole run again."""
        self.window.range.update(start=0.0, end=self.window.duration)
