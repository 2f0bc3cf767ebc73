"""The neuron lab: one model, its stimulus, its spikes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import panel as pn

from engine import LIF, Experiment, ParameterError, Recording, catalog
from engine.analysis.firing_patterns import classify_recording
from engine.experiment import POINTS
from engine.waveforms import DrawnSteps, DrawnWaveform, read_waveform
from explorer import controls, shell, typeset
from explorer.components import Message, StimulusEditor
from explorer.labs.base import Description, Request, number, sentence
from explorer.labs.figures import LabWithStatistics
from explorer.statistics import Statistic
from explorer.transport import send_promptly
from explorer.views import (
    Curves,
    DifferenceView,
    RasterView,
    RateView,
    StimulusView,
    SurrogateView,
    View,
    VoltageView,
    Window,
    curves_of,
)
from explorer.views.stimulus import handles_of, moved, unit_text

__all__ = ["NeuronLab"]


@dataclass(frozen=True)
class Findings:
    """What is worked out of a run.

    Attributes
    ----------
    curves : Curves
        The surrogate gradient.
    statistic : Statistic or None
        What the figure of the insight column shows, if that is a statistic of the spikes.
    """

    curves: Curves
    statistic: Statistic | None


class NeuronLab(LabWithStatistics[Experiment, Findings]):
    """A lab of one neuron model: controls, linked plots, numbers.

    Parameters, attributes: see `Lab`. Without an experiment it starts with LIF.
    """

    id = "neuron"
    title = "Neuron lab"
    own_figure = "Surrogate and its slope"
    own_note = "Dashed: the smooth curve in place of the spike. Full: its slope, used for training."
    own_help = SurrogateView.help
    _asked_by_editor = 0

    @classmethod
    def default(cls) -> Experiment:
        """Return the default experiment of LIF."""
        return Experiment(LIF)

    def make_views(self, window: Window) -> list[View]:
        """Make the plots of input, potential, spikes and rate."""
        raster = RasterView(window)
        raster.on_pick(self.state.watch)
        self.stimulus = StimulusView(window)
        self.editor = StimulusEditor(sizing_mode=None, width=0, height=0)
        self.editor.styles = {"position": "absolute", "left": "0", "top": "0"}
        self.editor.on_message(self._on_editor)
        return [
            self.stimulus,
            VoltageView(window),
            raster,
            RateView(window, time_axis=True),
            DifferenceView(window),
        ]

    # -- the stimulus is drawn and dragged -------------------------------------------------------

    def _on_editor(self, message: Message) -> None:
        send_promptly(self._document)
        self.touched()
        gesture = int(message.get("gesture", 0))
        match message["type"]:
            case "draw":
                self.stimulus.roomy = bool(message["on"])
                if message["on"] and not self.experiment.stimulus.drawn:
                    self.state.set("stimulus", DrawnWaveform.__name__)
                else:
                    self._redraw()
            case "table":
                self._load(str(message["text"]))
            case "points" | "handle":
                self.stimulus.holds = not message["done"]
                self._asked_by_editor = int(message["seq"])
                if message["type"] == "points" and self._is_drawn:
                    self.state.set(POINTS, message["points"], gesture)
                elif str(message.get("id")) in {h["id"] for h in handles_of(self.experiment)}:
                    x, y = float(message["x"]), float(message["y"])
                    numbers = moved(self.experiment, int(message["id"]), x, y)
                    self.state.set_together(numbers, gesture)
                if not self.runner.is_busy:  # the axis may move again, and nothing else has to
                    self._redraw()
                    self.editor.ack = self._asked_by_editor

    @property
    def _is_drawn(self) -> bool:
        return self.experiment.stimulus.drawn

    def take_text(self, path: str, text: str) -> None:
        """Take what was typed or pasted into a row; several lines are a table."""
        if path == POINTS and "\n" in text.strip():
            self._load(text)
        else:
            super().take_text(path, text)

    def _load(self, text: str) -> None:
        """Take a table as the stimulus; what is wrong with it, or was left out, is said."""
        experiment = self.experiment
        try:
            loaded = read_waveform(text, experiment.structure.input_unit, "table")
        except ParameterError as error:
            self.state.refuse(POINTS, str(error))
            return
        kind = (experiment.stimulus if self._is_drawn else DrawnWaveform).__name__
        notes = [loaded.note] if loaded.note else []
        if loaded.points[-1][0] > experiment["duration"]:
            notes.append(
                f"The table goes on until {loaded.points[-1][0]:,.6g} ms and the run until "
                f"{experiment['duration']:,.6g} ms; choose a longer duration to see all of it."
            )
        self._complaints = tuple(notes)
        self.state.set_together({"stimulus": kind, POINTS: loaded.points})

    def _show_state(self) -> None:
        super()._show_state()
        experiment = self.experiment
        drawn = experiment.stimulus.drawn
        levels = issubclass(experiment.stimulus, DrawnSteps)
        gain = experiment["stimulus.gain"] or 1.0 if drawn else 1.0
        shown: dict[str, Any] = {
            "course": ("levels" if levels else "lines") if drawn else "",
            "points": [list(point) for point in experiment[POINTS]] if drawn else [],
            "scale": [gain, experiment["stimulus.offset"]] if drawn else [1.0, 0.0],
            "handles": handles_of(experiment),
            "unit": unit_text(experiment),
        }
        changed = {n: value for n, value in shown.items() if value != getattr(self.editor, n)}
        if changed:  # to set what is there already takes a millisecond
            self.editor.param.update(**changed)

    def _acknowledge(self, request: Request) -> None:
        super()._acknowledge(request)
        self.editor.ack = self._asked_by_editor

    def make_own_figure(self) -> Any:
        """Make the figure of the surrogate gradient."""
        self.surrogate = SurrogateView()
        return self.surrogate.figure

    def models(self) -> list[dict[str, str]]:
        """Return the neuron models."""
        return controls.model_options(catalog.neurons())

    def pick(self, model: str) -> None:
        """Take another neuron model."""
        self.state.set("model", model)

    @classmethod
    def groups(
        cls, experiment: Experiment, ranges: controls.Ranges = MappingProxyType({})
    ) -> list[dict[str, Any]]:
        """Lay out the controls of the neuron, its input, and the simulation."""
        rows = controls.Rows(experiment, ranges)
        model = experiment.model.parameters()
        specs = {p: s for p, s in experiment.specs.items() if p in model}
        starts = [p for p, s in specs.items() if controls.is_start(s)]
        dynamics = [p for p, s in specs.items() if s.group == "dynamics" and p not in starts]
        threshold = [p for p, s in specs.items() if s.group == "threshold"]
        choices = [p for p, spec in experiment.model.choices().items() if spec.has_effect]
        kinds = [p for p in experiment.choice_specs if p.partition(".")[0] == "spk_fun"]
        return controls.laid_out(
            ("neuron", "Neuron", rows.numbers(*dynamics)),
            (
                "threshold",
                "Threshold and reset",
                [*rows.numbers(*threshold), *rows.choices(*choices, style="segmented")],
            ),
            (
                "stimulus",
                "Stimulus",
                [
                    *rows.choices("stimulus"),
                    *rows.sequences(*experiment.sequence_specs),
                    *rows.under("stimulus"),
                    *_draws(rows, "stimulus"),
                ],
            ),
            (
                "noise",
                "Noise",
                [*rows.choices("noise"), *rows.under("noise"), *_draws(rows, "noise")],
            ),
            (
                "surrogate",
                "Surrogate gradient",
                [*rows.choices(*kinds), *rows.under("spk_fun")],
            ),
            (
                "simulation",
                "Simulation",
                [*rows.numbers("n"), *rows.watched(), *rows.numbers("duration", "dt", "seed")],
            ),
            ("start", "Start values", rows.numbers(*starts)),
            closed=("start",),
        )

    def comparison(self, experiment: Experiment) -> str:
        """Compare soft and hard reset, where the model has both."""
        spec = experiment.choice_specs.get("spk_reset")
        return "spk_reset" if spec and spec.has_effect and len(spec.options) == 2 else ""

    def layout_of(self, experiment: Experiment) -> tuple[Any, ...]:
        """Give what decides which controls there are."""
        slots = experiment.structure.slots.values()
        return (
            experiment.model,
            *slots,
            experiment.surrogate,
            experiment.spread_paths,
            experiment.n,
        )

    def describe(self, experiment: Experiment) -> Description:
        """Give the model's name, equation and first sentence."""
        model = experiment.model
        shown = typeset.equation_of(model, model.equation)
        return Description(model.__name__, shown, catalog.summary(model))

    def work_out(self, experiment: Experiment, recording: Recording) -> Findings:
        """Sample the surrogate gradient, and work out the statistic that is in sight."""
        return Findings(curves_of(experiment), self.wanted_statistic(recording))

    def show_extra(self, extra: Findings) -> None:
        """Show the surrogate gradient, and the statistic."""
        self.surrogate.update(extra.curves)
        self.show_statistic(extra.statistic)

    def numbers(self, recording: Recording, extra: Findings) -> list[dict[str, str]]:
        """Return rate, spikes, irregularity and size."""
        cv, pattern = recording.cv, _pattern(recording)
        irregularity = "–" if recording.spike_count == 0 or math.isnan(cv) else f"{cv:.2f}"
        return [
            number(
                "rate", "Mean rate", f"{recording.rate:.1f}", "Hz", "Spikes per neuron and second"
            ),
            number("count", "Spikes", f"{recording.spike_count:,}", "", "Spikes of all neurons"),
            number(
                "cv",
                "CV of intervals",
                irregularity,
                "",
                "Irregularity of the intervals between spikes: 0 is a clock, 1 is Poisson",
            ),
            *pattern,
            number(
                "neurons", "Neurons", f"{recording.experiment.n:,}", "", "Size of the population"
            ),
        ]

    def plots(self) -> pn.Column:
        """Return the linked plots, one under the other."""
        stimulus, voltage, raster, rate, difference = (view.figure for view in self.views)
        figures = [stimulus, voltage, difference, raster, rate]
        plots = shell.stack(figures, weights=[0.7, 1.2, 0.8, 1.5, 0.95], wide_only=[stimulus])
        plots.append(self.editor)
        return plots


def _draws(rows: controls.Rows, slot: str) -> list[dict[str, Any]]:
    """Return the row of what random numbers are drawn for, where there are some."""
    there = [p for p in rows.experiment.choice_specs if p.startswith(f"{slot}.")]
    return rows.choices(*there, style="segmented")


def _pattern(recording: Recording) -> list[dict[str, str]]:
    """Name how the neuron that is shown fires, where its stimulus is a step."""
    try:
        pattern = classify_recording(recording, recording.experiment.watched[0])
    except ParameterError:
        return []  # the names are those of the answer to a step
    return [number("pattern", "Firing pattern", pattern.label, "", sentence(pattern.reason))]
