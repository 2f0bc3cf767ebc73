"""What a synapse does: its spikes, what they release, conductance, current, and potential."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import saiunit as u
from bokeh.events import Tap
from bokeh.models import ColumnDataSource, Legend, Range1d
from bokeh.plotting import figure

from engine import Recording, SynapseExperiment
from engine.synapse_experiment import LANES
from engine.synouts import SynOut
from explorer.theme import SCALE, role_color, style_figure, tokens
from explorer.views.base import PIXELS, Ghost, View, Window, put, unit_of
from explorer.views.thinning import broken_line, min_max
from explorer.views.voltage import STROKE

__all__ = [
    "ArrivalsView",
    "ConductanceView",
    "CurrentView",
    "CurrentVoltageView",
    "OutputCurves",
    "PlasticityView",
    "PotentialView",
    "output_curves",
]

ROLE = {prefix: f"population-{index}" for index, prefix in enumerate(LANES)}
"""Colour of each synapse."""


class ArrivalsView(View):
    """The presynaptic spikes."""

    help = (
        "The spikes that arrive at the synapse: each stroke is one. Everything below is an "
        "answer to them. Where the train is drawn, a click adds a spike or removes the one "
        "under the pointer."
    )
    title = "Presynaptic spikes"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._strokes = self.line("spike", line_width=1.5)
        self.figure.yaxis.visible = False
        self.figure.ygrid.visible = False
        self.figure.y_range.update(start=0.0, end=1.0)

    def update(self, recording: Recording) -> None:
        """Show the spikes; see `View.update`."""
        times = recording.experiment.arrivals  # type: ignore[attr-defined]
        x, y = broken_line(times, np.full(len(times), 0.08), np.full(len(times), 0.92))
        put(self._strokes, x=x, y=y)
        drawn = bool(recording.experiment.sequence_specs)
        count = f"{len(times):,} presynaptic spike{'s' if len(times) != 1 else ''}"
        self.name(f"{count}: click to add or remove one" if drawn else count)

    def on_pick(self, callback: Callable[[float, float], None]) -> None:
        """Call back with the time that was pointed at, and what counts as near it, in ms."""

        def tapped(event: Any) -> None:
            near = (self.window.range.end - self.window.range.start) / 120
            callback(float(event.x), near)

        self.figure.on_event(Tap, tapped)


class LanesView(View):
    """One trace of each synapse.

    Parameters
    ----------
    window : Window
        The time axis shared with the other plots.
    """

    trace = ""
    """Name of the trace."""

    def __init__(self, window: Window, **kwargs: Any) -> None:
        super().__init__(window, **kwargs)
        self._lanes = {prefix: self.line(ROLE[prefix], line_width=1.5) for prefix in LANES}

    def update(self, recording: Recording) -> None:
        """Show the traces; see `View.update`."""
        low, high = np.inf, -np.inf
        for prefix, source in self._lanes.items():
            y = recording.traces.get(f"{prefix}{self.trace}")
            low, high = _widen(low, high, y)
            self.show_trace(source, recording, y)
        self.show_between(min(low, 0.0), max(high, 0.0))
        self.name(f"{self.title} ({unit_of(recording, self.trace)})")

    def ghosts(self, ghosts: Sequence[Ghost]) -> None:
        """Draw the first synapse of kept runs; see `View.ghosts`."""
        curves, low, high = {}, np.inf, -np.inf
        for ghost in ghosts:
            y = ghost.recording.traces.get(self.trace)
            if y is not None:
                low, high = _widen(low, high, y)
                curves[ghost.role] = self._thinned(ghost.recording, y)
        self.ghost_lines(self.trace, curves)
        self.reach(low, high)

    def _thinned(self, recording: Recording, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        seen = self.window.steps(recording)
        part = y[seen, 0]
        index = min_max(part, PIXELS)
        return ((index + seen.start) * recording.dt).astype(np.float32), part[index]

    def show_trace(
        self, source: ColumnDataSource, recording: Recording, y: np.ndarray | None
    ) -> None:
        """Show what of a trace is in sight, thinned; nothing where there is no such trace."""
        if y is None:
            put(source, x=np.zeros(0, np.float32), y=np.zeros(0, np.float32))
            return
        x, part = self._thinned(recording, y)
        put(source, x=x, y=part)


class ConductanceView(LanesView):
    """Conductance of each synapse, with the names of the synapses."""

    help = (
        "How far each synapse is open. It rises with each spike and decays; where spikes come "
        "faster than it decays, the answers add up. Two colours are two synapses with the same "
        "spikes."
    )
    title = "Conductance"
    trace = "g"

    def __init__(self, window: Window, **kwargs: Any) -> None:
        super().__init__(window, **kwargs)
        lines = dict(zip(LANES, self.figure.renderers, strict=True))
        self._legend = Legend(
            items=[(LANES[prefix], [line]) for prefix, line in lines.items()],
            orientation="horizontal",
            location="top_right",
            background_fill_alpha=0.0,
            border_line_alpha=0.0,
            label_text_font=SCALE["font"],
            label_text_font_size=SCALE["text-s"],
            label_text_color=tokens("light")["ink"],
            glyph_width=14,
            margin=2,
        )
        self._legend.tags = ["role:spike"]
        self.figure.add_layout(self._legend)

    def update(self, recording: Recording) -> None:
        """Show the conductances, and which synapse is which; see `View.update`."""
        super().update(recording)
        experiment: Any = recording.experiment
        items: Any = self._legend.items
        for item, prefix in zip(items, LANES, strict=True):
            kind = experiment.slots[f"{prefix}synapse"]
            label = kind.__name__ if kind else ""
            if item.label != {"value": label}:
                item.update(label={"value": label}, visible=kind is not None)


class CurrentView(LanesView):
    """Current of each synapse into its cell."""

    help = (
        "The current that flows through each synapse into its cell: how far it is open times "
        "the distance to its reversal potential. Above zero it excites, below it inhibits."
    )
    title = "Current into the cell"
    trace = "I"


class PotentialView(LanesView):
    """Potential of the cell behind each synapse, with threshold and spikes."""

    help = (
        "The potential of the cell behind each synapse, as the current moves it. Where it "
        "reaches the dashed threshold the cell spikes, which a tall stroke marks; under a "
        "voltage clamp it stays where it is held."
    )
    title = "Postsynaptic potential"
    trace = "V"

    def __init__(self, window: Window, **kwargs: Any) -> None:
        super().__init__(window, **kwargs)
        self._threshold = self.line("threshold", line_dash="dashed", line_width=1)
        self._spikes = {prefix: self.line(ROLE[prefix], line_width=1.5) for prefix in LANES}

    def update(self, recording: Recording) -> None:
        """Show potentials, threshold and spikes; see `View.update`."""
        low, high = np.inf, -np.inf
        for prefix, source in self._lanes.items():
            y = recording.traces.get(f"{prefix}V")
            low, high = _widen(low, high, y)
            self.show_trace(source, recording, y)
        fires = bool(recording.spike_count)
        threshold = float(recording.traces["threshold"][:1].max(initial=-np.inf))
        in_reach = recording.experiment.neuron.draws_spike and threshold - high < 2 * (high - low)
        if fires or in_reach:
            high = max(high, threshold)
        top = high + STROKE * (high - low) if fires else high
        ends = np.array([0.0, recording.duration], np.float32) if fires or in_reach else _EMPTY
        put(self._threshold, x=ends, y=np.full(len(ends), threshold, np.float32))
        for lane, (prefix, source) in enumerate(self._spikes.items()):
            steps = recording.spike_steps[recording.spike_neurons == lane]
            at = (
                recording.traces.get(f"{prefix}V", np.zeros((0, 1)))[steps, 0]
                if len(steps)
                else _EMPTY
            )
            x, y = broken_line(steps * recording.dt, at, np.full(len(steps), top))
            put(source, x=x, y=y)
        self.show_between(low, top)
        self.name(f"{self.title} ({unit_of(recording, 'V')})")


class PlasticityView(LanesView):
    """What plasticity does: resources, their use, what each spike releases, and the weight."""

    help = (
        "What plasticity makes of the synapse. Resources fall with each spike and recover, "
        "their use may rise; what a spike releases is their product. With learning, the weight "
        "is shown too."
    )
    title = "Plasticity"
    PARTS = ("x", "u", "release", "w")

    def __init__(self, window: Window, **kwargs: Any) -> None:
        super().__init__(window, **kwargs)
        self._use = {p: self.line(ROLE[p], line_dash="dashed") for p in LANES}
        self._release = {p: self.dots(ROLE[p]) for p in LANES}
        self._weight = {p: self.line(ROLE[p], line_dash="dotted", line_width=2) for p in LANES}

    def update(self, recording: Recording) -> None:
        """Show the fractions; see `View.update`."""
        traces = recording.traces
        steps = recording.experiment.arrival_steps  # type: ignore[attr-defined]
        steps = steps[steps < recording.n_steps]
        shown: set[str] = set()
        for prefix in LANES:
            names = {n: f"{prefix}plasticity.{n}" for n in ("x", "u", "release")}
            names["w"] = f"{prefix}learning.w"
            shown |= {n for n, path in names.items() if path in traces}
            self.show_trace(self._lanes[prefix], recording, traces.get(names["x"]))
            self.show_trace(self._use[prefix], recording, traces.get(names["u"]))
            self.show_trace(self._weight[prefix], recording, traces.get(names["w"]))
            released = traces.get(names["release"])
            at = steps if released is not None else steps[:0]
            y = released[at, 0] if released is not None else _EMPTY
            put(self._release[prefix], x=(at * recording.dt).astype(np.float32), y=y)
        words = {
            "x": "resources",
            "u": "use (dashed)",
            "release": "release (dots)",
            "w": "weight (dotted)",
        }
        text = ", ".join(words[part] for part in self.PARTS if part in shown)
        self.name(text[:1].upper() + text[1:] if text else self.title)
        highest = max(
            (float(y.max(initial=1.0)) for n, y in traces.items() if "w" in n), default=1.0
        )
        self.show_between(0.0, max(1.0, highest))
        if self.figure.visible != bool(shown):
            self.figure.visible = bool(shown)


_EMPTY = np.zeros(0, np.float32)


def _widen(low: float, high: float, y: np.ndarray | None) -> tuple[float, float]:
    if y is None or not len(y):
        return low, high
    return min(low, float(y.min())), max(high, float(y.max()))


# -- current against potential -----------------------------------------------------------------

OutputCurves = tuple[tuple[np.ndarray, np.ndarray], ...]
"""Potential in mV and current in pA for a conductance of 1 nS, for each synapse."""

LOWEST, HIGHEST, POINTS = -100.0, 60.0, 161


class CurrentVoltageView:
    """Current of an open synapse against the potential: a straight line, or the bend of NMDA."""

    help = (
        "The current of an open synapse at every potential, for a conductance of 1 nS. It "
        "changes its sign at the reversal potential; the bend of NMDA is magnesium that blocks "
        "the channel at low potentials."
    )

    def __init__(self) -> None:
        self.figure: Any = figure(
            height=150,
            x_range=Range1d(start=LOWEST, end=HIGHEST),
            y_range=Range1d(start=-1.0, end=1.0),
            tools="",
            x_axis_label="membrane potential (mV)",
            y_axis_label="pA per nS",
            sizing_mode="stretch_width",
        )
        style_figure(self.figure, left=44)
        self.figure.toolbar_location = None
        self._shown: OutputCurves | None = None
        zero = self.figure.line([LOWEST, HIGHEST], [0, 0], color=role_color("ghost"), line_width=1)
        zero.tags = ["role:ghost"]
        self._lanes = [self._line(role) for role in ROLE.values()]

    def _line(self, role: str) -> ColumnDataSource:
        source = ColumnDataSource({"x": [], "y": []})
        renderer = self.figure.line("x", "y", source=source, color=role_color(role), line_width=2)
        renderer.tags = [f"role:{role}"]
        return source

    def update(self, curves: OutputCurves) -> bool:
        """Show the curves; whether anything changed."""
        if curves is self._shown:
            return False
        self._shown = curves
        for index, source in enumerate(self._lanes):
            x, y = curves[index] if index < len(curves) else (_EMPTY, _EMPTY)
            source.data = {"x": x, "y": y}
        low = min(float(y.min()) for _, y in curves)
        high = max(float(y.max()) for _, y in curves)
        margin = 0.06 * max(high - low, 1.0)
        self.figure.y_range.update(start=min(low, 0.0) - margin, end=max(high, 0.0) + margin)
        return True


def output_curves(experiment: SynapseExperiment) -> OutputCurves:
    """Give the current of each synapse for 1 nS, over the potentials of the figure."""
    stages = []
    for prefix in experiment.lanes:
        place = f"{prefix}output"
        kind: Any = experiment.slots[place]
        values = tuple((n, experiment[f"{place}.{n}"]) for n in kind.parameters())
        units = tuple(experiment.specs[f"{place}.{n}"].unit for n in kind.parameters())
        stages.append((kind, values, units))
    return _output_curves(tuple(stages))


@lru_cache(maxsize=64)
def _output_curves(
    stages: tuple[tuple[type[SynOut], tuple[tuple[str, float], ...], tuple[Any, ...]], ...],
) -> OutputCurves:
    V = np.linspace(LOWEST, HIGHEST, POINTS)
    found = []
    for kind, values, units in stages:
        arguments = {n: u.Quantity(v, unit=x) for (n, v), x in zip(values, units, strict=True)}
        stage = kind(**arguments)
        current = stage.update(1.0 * u.nS, V * u.mV)
        current = np.broadcast_to(np.asarray(current.to_decimal(u.pA)), V.shape)
        found.append((V.astype(np.float32), current.astype(np.float32)))
    return tuple(found)
