"""The synapse lab: a train of spikes, one synapse or two, and the cell behind."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import panel as pn

from engine import Recording, SynapseExperiment, catalog
from engine.analysis import synaptic
from engine.synapse_experiment import LANES, TIMES, kernels
from engine.trains import DrawnTrain
from explorer import controls, shell, typeset
from explorer.labs.base import Description, number
from explorer.labs.figures import LabWithStatistics
from explorer.statistics import Statistic
from explorer.views import (
    ArrivalsView,
    ConductanceView,
    CurrentView,
    CurrentVoltageView,
    OutputCurves,
    PlasticityView,
    PotentialView,
    View,
    Window,
    output_curves,
)

__all__ = ["SynapseLab"]

WEIGHTS = [0.42, 1.0, 1.1, 0.95, 1.25]
"""Share of the height for spikes, plasticity, conductance, current, and potential."""


@dataclass(frozen=True)
class Measures:
    """What is worked out of a run.

    Attributes
    ----------
    curves : OutputCurves
        Current against potential of each synapse.
    numbers : list of dict
        Entries of the insight column.
    statistic : Statistic or None
        What the figure of the insight column shows, if that is a statistic of the cell's spikes.
    """

    curves: OutputCurves
    numbers: list[dict[str, str]]
    statistic: Statistic | None


class SynapseLab(LabWithStatistics[SynapseExperiment, Measures]):
    """A lab of one synapse, or of two on the same spikes: controls, linked plots, numbers.

    Parameters, attributes: see `Lab`. Without an experiment it starts with AMPA.
    """

    id = "synapse"
    title = "Synapse lab"
    own_figure = "Current of an open synapse"
    own_note = "The current into the cell, against the potential that the cell is held at."
    own_help = CurrentVoltageView.help

    @classmethod
    def default(cls) -> SynapseExperiment:
        """Return the default experiment of AMPA."""
        return SynapseExperiment()

    def make_views(self, window: Window) -> list[View]:
        """Make the plots of spikes, plasticity, conductance, current and potential."""
        arrivals = ArrivalsView(window)
        arrivals.on_pick(self._draw)
        return [
            arrivals,
            PlasticityView(window),
            ConductanceView(window),
            CurrentView(window),
            PotentialView(window, time_axis=True),
        ]

    def _draw(self, time: float, near: float) -> None:
        """Add a spike, or take away the one that was pointed at; only where spikes are drawn."""
        experiment = self.experiment
        if experiment.slots["train"] is not DrawnTrain:
            return
        times = experiment.sequences.get(TIMES, ())
        kept = [t for t in times if abs(t - time) > near]
        if len(kept) == len(times) and 0 <= time < experiment["duration"]:
            kept.append(round(time, 1))
        self.state.draw(TIMES, kept)

    def make_own_figure(self) -> Any:
        """Make the figure of current against potential."""
        self.current_voltage = CurrentVoltageView()
        return self.current_voltage.figure

    def models(self) -> list[dict[str, str]]:
        """Return the synapse models."""
        return controls.model_options(kernels())

    def pick(self, model: str) -> None:
        """Take another synapse."""
        self.state.set("synapse", model)

    @classmethod
    def groups(
        cls, experiment: SynapseExperiment, ranges: controls.Ranges = MappingProxyType({})
    ) -> list[dict[str, Any]]:
        """Lay out the controls: spikes, first and second synapse, cell, simulation."""
        rows = controls.Rows(experiment, ranges)
        groups: list[tuple[str, str, list[dict[str, Any]]]] = [
            (
                "train",
                "Presynaptic spikes",
                [
                    *rows.choices("train"),
                    *rows.under("train"),
                    *rows.sequences(*experiment.sequence_specs),
                ],
            )
        ]
        for prefix, letter in LANES.items():
            chosen = rows.choices(f"{prefix}synapse")
            if prefix not in experiment.lanes:
                groups.append(("B.synapse", "Second synapse", chosen))
                continue
            kind = experiment.slots[f"{prefix}synapse"].__name__  # type: ignore[union-attr]
            name = kind if len(experiment.lanes) == 1 else f"{letter}: {kind}"
            groups += [
                (
                    f"{prefix}synapse",
                    f"Synapse {name}",
                    [*chosen, *rows.numbers(f"{prefix}g_max"), *_place(rows, f"{prefix}synapse")],
                ),
                (
                    f"{prefix}output",
                    f"Output of {name}",
                    [*rows.choices(f"{prefix}output"), *_place(rows, f"{prefix}output")],
                ),
                (
                    f"{prefix}plasticity",
                    f"Plasticity of {name}",
                    [
                        *rows.choices(f"{prefix}plasticity"),
                        *_place(rows, f"{prefix}plasticity"),
                        *rows.choices(f"{prefix}learning"),
                        *_place(rows, f"{prefix}learning"),
                    ],
                ),
            ]
        groups += [
            ("post", "Postsynaptic cell", [*rows.choices("post"), *_place(rows, "post")]),
            ("simulation", "Simulation", rows.numbers("duration", "dt", "seed")),
        ]
        return controls.laid_out(*groups)

    def layout_of(self, experiment: SynapseExperiment) -> tuple[Any, ...]:
        """Give what decides which controls there are."""
        return (tuple(experiment.slots.items()),)

    def describe(self, experiment: SynapseExperiment) -> Description:
        """Give the first synapse's name, the equations of all, and a sentence."""
        prefixes: dict[type[Any], tuple[str, ...]] = {}
        for place in ("synapse", "plasticity", "output", "learning"):
            for lane in experiment.lanes:
                if (part := experiment.slots[f"{lane}{place}"]) is not None:
                    prefixes[part] = (*prefixes.get(part, ()), f"{lane}{place}.")
        equations = (typeset.equation_of(p, p.equation, own) for p, own in prefixes.items())
        model = experiment.synapse
        return Description(model.__name__, "".join(equations), catalog.summary(model))

    def work_out(self, experiment: SynapseExperiment, recording: Recording) -> Measures:
        """Measure the answers to the spikes."""
        numbers = []
        for prefix in experiment.lanes:
            letter = f"{LANES[prefix]}: " if len(experiment.lanes) > 1 else ""
            numbers += _measure(experiment, recording, prefix, letter)
        return Measures(output_curves(experiment), numbers, self.wanted_statistic(recording))

    def show_extra(self, extra: Measures) -> None:
        """Show current against potential, and the statistic."""
        self.current_voltage.update(extra.curves)
        self.show_statistic(extra.statistic)

    def numbers(self, recording: Recording, extra: Measures) -> list[dict[str, str]]:
        """Return amplitude, time to peak, paired-pulse ratio and charge of each synapse."""
        return extra.numbers

    def plots(self) -> pn.Column:
        """Return the linked plots, one under the other."""
        figures = [view.figure for view in self.views]
        return shell.stack(
            figures, weights=[0.42, 1.0, 1.1, 0.95, 1.25], wide_only=[figures[3]], lowest={0: 64}
        )


def _place(rows: controls.Rows, place: str) -> list[dict[str, Any]]:
    """Return the rows of a component: its numbers, then its choices."""
    paths = [p for p in rows.experiment.choice_specs if p.startswith(f"{place}.")]
    return [*rows.under(place), *rows.choices(*paths, style="segmented")]


def _measure(
    experiment: SynapseExperiment, recording: Recording, prefix: str, letter: str
) -> list[dict[str, str]]:
    steps = experiment.arrival_steps
    steps = steps[steps < recording.n_steps]
    traces = {name: recording.traces[f"{prefix}{name}"][:, 0] for name in ("g", "I", "V")}
    clamped = not experiment.neuron.draws_spike
    shown, unit, word = ("I", "pA", "PSC") if clamped else ("V", "mV", "PSP")
    first = synaptic.responses(traces[shown], steps[:2])
    ratio = synaptic.paired_pulse_ratio(synaptic.responses(traces["g"], steps[:3]))
    delay = synaptic.time_to_peak(traces["g"], steps, recording.dt)
    spikes = recording.spike_count if len(experiment.lanes) == 1 else None
    found = [
        number(
            f"{prefix}amplitude",
            f"{letter}first {word}",
            f"{first[0]:.2f}" if len(first) else "–",
            unit,
            "How far the first spike moves the cell, from where it found it",
        ),
        number(
            f"{prefix}ppr",
            f"{letter}paired-pulse ratio",
            "–" if math.isnan(ratio) else f"{ratio:.2f}",
            "",
            "Second answer of the conductance over the first: above 1 the synapse facilitates, "
            "below 1 it depresses",
        ),
        number(
            f"{prefix}peak",
            f"{letter}time to peak",
            "–" if math.isnan(delay) else f"{delay:.1f}",
            "ms",
            "From the first spike to the largest conductance that it makes",
        ),
        number(
            f"{prefix}charge",
            f"{letter}charge",
            f"{synaptic.charge(traces['I'], recording.dt) / 1e3:.3g}",
            "pC",
            "Current into the cell, summed up over the run",
        ),
    ]
    if spikes is not None and not clamped:
        found.append(number("count", "Spikes of the cell", f"{spikes:,}", "", "Spikes of the run"))
    return found
