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
from explorer import controls, shell, typeset
from explorer.labs.base import Description, Request, number, sentence
from explorer.labs.drawing import Drawing
from explorer.labs.figures import LabWithStatistics
from explorer.statistics import Statistic
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

    @classmethod
    def default(cls) -> Experiment:
        """Return the default experiment of LIF."""
        return Experiment(LIF)

    def make_views(self, window: Window) -> list[View]:
        """Make the plots of input, potential, spikes and rate."""
        raster = RasterView(window)
        raster.on_pick(self.state.watch)
        stimulus = StimulusView(window)
        self.drawing = Drawing(self, stimulus)
        return [
            stimulus,
            VoltageView(window),
            raster,
            RateView(window, time_axis=True),
            DifferenceView(window),
        ]

    def take_text(self, path: str, text: str) -> None:
        """Take what was typed or pasted into a row; several lines are a table."""
        if path == POINTS and "\n" in text.strip():
            self.drawing.load(text)
        else:
            super().take_text(path, text)

    def _show_state(self) -> None:
        super()._show_state()
        self.drawing.show()

    def _acknowledge(self, request: Request) -> None:
        super()._acknowledge(request)
        self.drawing.acknowledge()

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
        plots.append(self.drawing.editor)
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
