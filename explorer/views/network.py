"""What a network does: spikes, rates, potentials and currents, population by population."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from bokeh.models import (
    ColumnDataSource,
    FixedTicker,
    LinearColorMapper,
    NoOverlap,
    Range1d,
)
from bokeh.plotting import figure

from engine import NetworkExperiment, ParameterError, Recording
from engine.analysis import networks as analysis
from engine.analysis import spike_trains
from explorer import typeset
from explorer.theme import POPULATIONS, population_role, role_color, style_figure
from explorer.views.base import PIXELS, Ghost, View, Window, put
from explorer.views.raster import MOST_STROKES, SHADES, OnPick, binned, no_image, shades
from explorer.views.rate import bin_width
from explorer.views.thinning import broken_line, min_max

__all__ = [
    "ConnectionsView",
    "HistogramView",
    "NetworkCurrentView",
    "NetworkRasterView",
    "NetworkRateView",
    "NetworkVoltageView",
    "SpectrumView",
]

COLOURS = len(POPULATIONS["light"])
MOST = 12
"""Populations that a network may have in the lab, each with lines of its own."""

_EMPTY = np.zeros(0, np.float32)


def _network(recording: Recording) -> NetworkExperiment:
    return recording.experiment  # type: ignore[return-value]


# -- over time -------------------------------------------------------------------------------------


class NetworkRasterView(OnPick):
    """Time of every spike against the number of its neuron, in the colour of its population."""

    help = (
        "Every spike of every neuron: time from left to right, neurons upwards, a colour for "
        "each population. Vertical bands are neurons that fire together. Click on a neuron to "
        "choose the one of its population whose potential and input are shown."
    )
    title = "Spikes"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._strokes: list[ColumnDataSource] = []
        self._stroke_glyphs: list[Any] = []
        self._image = ColumnDataSource(data=no_image())
        roles = [population_role(i) for i in range(COLOURS)]
        mapper = LinearColorMapper(
            palette=[s for role in roles for s in shades(role)], low=0, high=COLOURS * SHADES - 1
        )
        mapper.tags = [f"role:{','.join(roles)}"]
        self._image_glyph = self.figure.image(
            "image", "x", "y", "width", "height", source=self._image, color_mapper=mapper
        )
        self._image_glyph.visible = False
        self._borders = self.line("ghost", line_width=1, line_alpha=0.6)
        self._watched = self.dots("spike", size=5, marker="triangle", angle=-np.pi / 2)
        self._ticker = FixedTicker(ticks=[])
        self.figure.yaxis.ticker = self._ticker
        self.figure.yaxis.major_label_policy = NoOverlap(min_distance=2)
        self.figure.ygrid.visible = False

    def update(self, recording: Recording) -> None:
        """Show the spikes; see `View.update`."""
        network = _network(recording)
        n, ranges = network.n, network.ranges
        start, end = self.window.range.start, self.window.range.end
        times = recording.spike_times
        first, last = np.searchsorted(times, [start, end + recording.dt])
        times, neurons = times[first:last], recording.spike_neurons[first:last]
        as_image = len(times) > MOST_STROKES
        stops = np.array([own.stop for own in ranges.values()])
        if as_image:
            image = binned(times, neurons, n, start, end)
            counts = image["image"][0]
            middles = (np.arange(len(counts)) + 0.5) * n / len(counts)
            colour = np.searchsorted(stops, middles, side="right") % COLOURS
            image["image"] = [counts + (colour * SHADES).astype(np.uint8)[:, None]]
            put(self._image, **image)
        else:
            colour = np.searchsorted(stops, neurons, side="right") % COLOURS
            # a stroke of a large network would be thinner than a pixel
            half = max(0.42, n / 400)
            for _ in range(len(self._strokes), min(len(ranges), COLOURS)):
                role = population_role(len(self._strokes))
                self._strokes.append(self.line(role, line_width=1.4))
                self._stroke_glyphs.append(self.figure.renderers[-1])
            for index, source in enumerate(self._strokes):
                mine = colour == index
                x, y = broken_line(times[mine], neurons[mine] - half, neurons[mine] + half)
                put(source, x=x, y=y)
        if self._image_glyph.visible != as_image:
            self._image_glyph.visible = as_image
            for glyph in self._stroke_glyphs:
                glyph.visible = not as_image
        self._frame(network)
        count = len(ranges)
        kinds = f"{count} populations" if count > 1 else "one population"
        self.name(f"Spikes of {n:,} neurons in {kinds}")

    def _frame(self, network: NetworkExperiment) -> None:
        """Write the names of the populations beside their neurons, and lines between them."""
        n, ranges = network.n, network.ranges
        y_range = self.figure.y_range
        if (y_range.start, y_range.end) != (-0.5, n - 0.5):
            y_range.update(start=-0.5, end=n - 0.5)
        middles = {(own.start + own.stop - 1) / 2: name for name, own in ranges.items()}
        if self._ticker.ticks != list(middles):
            self._ticker.ticks = list(middles)
        axis = self.figure.yaxis[0]
        if axis.major_label_overrides != middles:
            axis.major_label_overrides = middles
        borders = np.array([own.stop - 0.5 for own in ranges.values()][:-1])
        ends = np.array([0.0, self.window.duration, np.nan])
        put(
            self._borders,
            x=np.tile(ends, len(borders)).astype(np.float32),
            y=np.repeat(borders, 3).astype(np.float32),
        )
        watched = np.array(network.watched, np.float32)
        put(self._watched, x=np.full(len(watched), self.window.range.start, np.float32), y=watched)


class PopulationsView(View):
    """A line for every population, in its colour."""

    def __init__(self, window: Window, **kwargs: Any) -> None:
        super().__init__(window, **kwargs)
        self._lines = [self.line(population_role(0))]

    def show_lines(self, lines: Sequence[tuple[np.ndarray, np.ndarray]]) -> None:
        """Show as many lines as there are; those of an earlier network are empty."""
        for index in range(len(self._lines), len(lines)):
            self._lines.append(self.line(population_role(index)))
        for index, source in enumerate(self._lines):
            x, y = lines[index] if index < len(lines) else (_EMPTY, _EMPTY)
            put(source, x=x, y=y)


class NetworkRateView(PopulationsView):
    """Spikes per neuron and second of every population, in bins."""

    help = (
        "How many spikes a neuron of each population fires in a second, on average, counted in "
        "the bins that the title names. Waves in it are rhythms of the whole population."
    )
    title = "Population rates"

    def update(self, recording: Recording) -> None:
        """Show the rates; see `View.update`."""
        width, lines = bin_width(recording.duration, recording.dt), _rates(recording)
        self.show_lines(lines)
        self.show_between(0.0, _highest(lines, 1.0))
        self.name(f"Population rates (Hz), bins of {width:g} ms")

    def ghosts(self, ghosts: Sequence[Ghost]) -> None:
        """Draw the rates of all populations of a kept run in one colour; see `View.ghosts`."""
        curves, gap = {}, np.full(1, np.nan, np.float32)
        for ghost in ghosts:
            lines = _rates(ghost.recording)
            x = np.concatenate([part for times, _ in lines for part in (times, gap)])
            y = np.concatenate([part for _, rate in lines for part in (rate, gap)])
            curves[ghost.role] = x, y
        self.ghost_lines("rate", curves)
        self.reach(0.0, max((float(np.nanmax(y)) for _, y in curves.values()), default=0.0))


def _rates(recording: Recording) -> list[tuple[np.ndarray, np.ndarray]]:
    """Give the rate of every population over time."""
    width, found = bin_width(recording.duration, recording.dt), []
    for name, size in _network(recording).sizes.items():
        times, _ = analysis.spikes_of(recording, name)
        span = recording.n_steps * recording.dt
        centres, rate = spike_trains.population_rate(times, size, span, width)
        found.append((centres.astype(np.float32), rate.astype(np.float32)))
    return found


def _highest(lines: Sequence[tuple[np.ndarray, np.ndarray]], least: float) -> float:
    return max(least, *(float(rate.max(initial=0.0)) for _, rate in lines))


class NetworkVoltageView(PopulationsView):
    """Membrane potential of one neuron of every population, with a stroke for each spike."""

    help = (
        "The membrane potential of one neuron of every population, in the colour of the "
        "population. Tall strokes are its spikes. Which neuron it is, is chosen in the raster."
    )
    title = "Membrane potential"

    def __init__(self, window: Window, **kwargs: Any) -> None:
        super().__init__(window, **kwargs)
        self.shown: str = ""
        """The only population that is shown; all where it is empty."""

    def update(self, recording: Recording) -> None:
        """Show the potentials; see `View.update`."""
        network = _network(recording)
        seen, lines, names, units = self.window.steps(recording), [], [], []
        low, high = np.inf, -np.inf
        places = list(zip(network.ranges.items(), network.watched, strict=False))
        for column, ((name, own), neuron) in enumerate(places):
            trace = f"{name}.V" if f"{name}.V" in recording.traces else "V"
            if self.shown in network.populations and name != self.shown:
                lines.append((_EMPTY, _EMPTY))
                continue
            V = recording.traces[trace][:, column]
            if network.populations[name].model.draws_spike:
                V = _with_strokes(recording, V, trace, column, neuron)
            low, high = min(low, float(V.min(initial=low))), max(high, float(V.max(initial=high)))
            V = V[seen]
            index = min_max(V, PIXELS)
            lines.append((((index + seen.start) * recording.dt).astype(np.float32), V[index]))
            names.append(f"{name} {neuron - own.start}")
            units.append(typeset.unit(recording.unit_text(trace)))
        self.show_lines(lines)
        self.show_between(low, high)
        written = ", ".join(dict.fromkeys(unit or "no unit" for unit in units))
        shown = ", ".join(names[:4]) + (" and others" if len(names) > 4 else "")
        self.name(f"Membrane potential of {shown} ({written})")


STROKE = 0.35
"""Height of the stroke of a spike above the distance from reset to threshold."""


def _with_strokes(
    recording: Recording, V: np.ndarray, trace: str, column: int, neuron: int
) -> np.ndarray:
    """Let the potential of a model without an upstroke rise where it fires."""
    names = trace.removesuffix("V") + "threshold"
    threshold = recording.traces[names][:, column]
    top = float(threshold.max(initial=-np.inf))
    top += STROKE * max(top - float(V.min(initial=np.inf)), 0.0)
    steps = recording.spike_steps[recording.spike_neurons == neuron]
    drawn = np.minimum(V, top)
    drawn[steps[steps < len(V)]] = top
    return drawn


class NetworkCurrentView(View):
    """Excitatory and inhibitory input to a watched neuron, and their sum.

    A current where there are synapses; where spikes jump the potential, how fast they move it.
    """

    help = (
        "What one neuron gets through its synapses: excitation, inhibition, and their sum. "
        "Where the two nearly cancel, chance decides when the neuron fires; that is what is "
        "called a balanced network."
    )
    title = "Synaptic input"

    def __init__(self, window: Window, **kwargs: Any) -> None:
        super().__init__(window, **kwargs)
        self._excitatory = self.line("trace", line_width=1)
        self._inhibitory = self.line("threshold", line_width=1)
        self._sum = self.line("spike", line_width=1.25)
        self.shown: str = ""
        """The population whose watched neuron is shown; the first where it is empty."""

    def update(self, recording: Recording) -> None:
        """Show the currents; see `View.update`."""
        network = _network(recording)
        name = self.shown if self.shown in network.populations else next(iter(network.populations))
        column = list(network.populations).index(name)
        try:
            found = analysis.balance(of_one(recording, column))
        except ParameterError:
            for source in (self._excitatory, self._inhibitory, self._sum):
                put(source, x=_EMPTY, y=_EMPTY)
            self.name(f"Synaptic input to {name}: there is none")
            return
        seen = self.window.steps(recording)
        total = found.excitatory + found.inhibitory
        parts = (
            (self._excitatory, found.excitatory),
            (self._inhibitory, found.inhibitory),
            (self._sum, total),
        )
        for source, y in parts:
            y = y[seen].astype(np.float32)
            index = min_max(y, PIXELS // 2)
            x = ((index + seen.start) * recording.dt).astype(np.float32)
            put(source, x=x, y=y[index])
        low, high = (
            float(found.inhibitory.min(initial=0.0)),
            float(found.excitatory.max(initial=0.0)),
        )
        self.show_between(low, high)
        neuron = network.watched[column] - network.ranges[name].start
        unit = typeset.unit(found.unit)
        self.name(f"Synaptic input to {name} {neuron} ({unit}): excitation, inhibition, sum")


def of_one(recording: Recording, column: int) -> Recording:
    """Return a recording with the traces of one of its watched neurons only."""
    return replace(
        recording,
        experiment=replace(recording.experiment, watched=(recording.experiment.watched[column],)),
        traces={name: y[:, column : column + 1] for name, y in recording.traces.items()},
    )


# -- beside the plots ------------------------------------------------------------------------------


Curve = tuple[np.ndarray, np.ndarray]


class SmallView:
    """A figure of the insight column."""

    help: ClassVar[str] = ""
    """What it shows, and how to read it."""

    height = 170

    def __init__(self, x_label: str, y_label: str, left: int = 44, **options: Any) -> None:
        self.figure: Any = figure(
            height=self.height,
            tools="",
            x_range=Range1d(start=0.0, end=1.0),
            y_range=Range1d(start=0.0, end=1.0),
            x_axis_label=x_label,
            y_axis_label=y_label,
            sizing_mode="stretch_width",
            **options,
        )
        style_figure(self.figure, left=left)
        self.figure.toolbar_location = None
        self._lines: list[ColumnDataSource] = []

    def show_lines(self, lines: Mapping[int, Curve], **style: Any) -> None:
        """Show a line in the colour of each population; those of an earlier network are empty."""
        for index in range(len(self._lines), max(lines, default=-1) + 1):
            role = population_role(index)
            source = ColumnDataSource({"x": _EMPTY, "y": _EMPTY})
            draw = self.figure.step if "mode" in style else self.figure.line
            line = draw("x", "y", source=source, color=role_color(role), line_width=1.5, **style)
            line.tags = [f"role:{role}"]
            self._lines.append(source)
        for index, source in enumerate(self._lines):
            x, y = lines.get(index, (_EMPTY, _EMPTY))
            put(source, x=np.asarray(x, np.float32), y=np.asarray(y, np.float32))

    def frame(self, left: float, right: float, bottom: float, top: float) -> None:
        """Let the axes span these values."""
        x, y = self.figure.x_range, self.figure.y_range
        if (x.start, x.end) != (left, right):
            x.update(start=left, end=right)
        if (y.start, y.end) != (bottom, top):
            y.update(start=bottom, end=top)


class SpectrumView(SmallView):
    """Power spectrum of the rate of every population."""

    help = (
        "Which rhythms the rates of the populations hold: the power at every frequency, a line "
        "for each population. A peak is a rhythm at that frequency; a flat line has none."
    )

    HIGHEST = 250.0

    def __init__(self) -> None:
        super().__init__("frequency (Hz)", "Hz²/Hz")
        self.show_lines({0: (_EMPTY, _EMPTY)})

    def update(self, curves: Sequence[Curve]) -> None:
        """Show a spectrum for each population: frequencies in Hz and power."""
        near = {i: (x[x <= self.HIGHEST], y[x <= self.HIGHEST]) for i, (x, y) in enumerate(curves)}
        self.show_lines(near)
        top = max((float(y.max(initial=0.0)) for _, y in near.values()), default=0.0)
        self.frame(0.0, self.HIGHEST, 0.0, 1.06 * top or 1.0)


class HistogramView(SmallView):
    """How a quantity of the connections is distributed, for every projection shown."""

    help = (
        "How a quantity of the connections is distributed: how many connections or neurons have "
        "each value. A single bar means that all have the same."
    )

    def __init__(self, x_label: str) -> None:
        super().__init__(x_label, "share")
        self.show_lines({0: (_EMPTY, _EMPTY)}, mode="after")

    def update(self, samples: Mapping[int, np.ndarray], label: str) -> None:
        """Show the distribution of each array of numbers, by the colour of its population."""
        if self.figure.xaxis[0].axis_label != label:
            self.figure.xaxis[0].axis_label = label
        values = [v for v in samples.values() if len(v)]
        low = min((float(v.min()) for v in values), default=0.0)
        high = max((float(v.max()) for v in values), default=1.0)
        margin = 0.06 * (high - low) or max(0.5 * abs(high), 0.5)
        low, high = low - margin, high + margin
        edges = np.linspace(low, high, 41)
        shares = {
            index: np.append(np.histogram(v, edges)[0], 0) / len(v)
            for index, v in samples.items()
            if len(v)
        }
        self.show_lines({index: (edges, y) for index, y in shares.items()}, mode="after")
        top = max((float(y.max()) for y in shares.values()), default=0.0)
        self.frame(low, high, 0.0, 1.06 * top or 1.0)


class ConnectionsView(SmallView):
    """Who connects to whom: number of connections between groups of neurons."""

    help = (
        "Who connects to whom: sources upwards, targets from left to right, in groups of "
        "neurons. The stronger the colour, the more connections, and inhibition has a colour of "
        "its own."
    )

    height = 230

    def __init__(self) -> None:
        super().__init__("to", "from", left=52)
        self._image = ColumnDataSource(data=no_image())
        palette = [*shades("threshold"), *shades("trace")]
        mapper = LinearColorMapper(palette=palette, low=0, high=2 * SHADES - 1)
        mapper.tags = ["role:threshold,trace"]
        self.figure.image(
            "image", "x", "y", "width", "height", source=self._image, color_mapper=mapper
        )
        source = ColumnDataSource({"x": _EMPTY, "y": _EMPTY})
        lines = self.figure.line("x", "y", source=source, color=role_color("ghost"), line_width=1)
        lines.tags = ["role:ghost"]
        self._borders = source
        self.figure.grid.visible = False
        for axis in self.figure.axis:
            axis.ticker = FixedTicker(ticks=[])

    def update(self, image: np.ndarray, ranges: Mapping[str, range]) -> None:
        """Show counts of connections, shape (source, target), inhibitory ones negative."""
        cells, n = len(image), max((own.stop for own in ranges.values()), default=1)
        strength = np.abs(image)
        present = strength[strength > 0]
        edges = np.quantile(present, [0.33, 0.67]) if len(present) else np.zeros(2)
        level = np.where(strength > 0, 1 + (strength[..., None] > edges).sum(axis=-1), 0)
        shown = np.where(image < 0, level, SHADES + level).astype(np.uint8)
        put(
            self._image,
            image=[shown],
            x=[0.0],
            y=[0.0],
            width=[float(cells)],
            height=[float(cells)],
        )
        scale = cells / n
        borders = [own.stop * scale for own in list(ranges.values())[:-1]]
        x, y = [], []
        for at in borders:
            x += [0.0, cells, np.nan, at, at, np.nan]
            y += [at, at, np.nan, 0.0, cells, np.nan]
        put(self._borders, x=np.array(x, np.float32), y=np.array(y, np.float32))
        names = {(own.start + own.stop) / 2 * scale: name for name, own in ranges.items()}
        for axis in self.figure.axis:
            if axis.major_label_overrides != names:
                axis.ticker.ticks = list(names)
                axis.major_label_overrides = names
        self.frame(0.0, float(cells), 0.0, float(cells))
