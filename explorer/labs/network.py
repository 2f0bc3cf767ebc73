"""The network lab: populations and their projections, drawn as a graph that can be edited."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import panel as pn

from engine import (
    NetworkExperiment,
    NetworkProjection,
    ParameterError,
    Recording,
    catalog,
    populations,
)
from engine.analysis import networks as analysis
from explorer import controls, shell, typeset
from explorer.components import Message, NetworkGraph
from explorer.labs.base import Description, Lab, number, sentence
from explorer.presets import presets
from explorer.views import View, Window
from explorer.views.network import (
    COLOURS,
    MOST,
    ConnectionsView,
    HistogramView,
    NetworkCurrentView,
    NetworkRasterView,
    NetworkRateView,
    NetworkVoltageView,
    SpectrumView,
    of_one,
)

__all__ = ["NetworkLab"]

FIGURES = {
    "spectrum": "Power spectrum of the rates",
    "connections": "Connections",
    "degrees": "Connections to a neuron",
    "weights": "Weights",
}
"""Figures of the insight column, by id."""

WHOLE = ""
"""Selection of the network as a whole."""

SETTLED = 0.2
"""Part of a run that is left out of the numbers, while the network finds its state."""

PATIENCE = 3.0
"""Seconds that a run may take without being asked for."""

POPULATION_STEP, NEURON_STEP, CONNECTION = 3e-6, 4e-9, 6e-8
"""Seconds that a step takes for each population and each neuron, and a connection to be drawn; the
last run tells how much slower it really is."""


@dataclass(frozen=True)
class Findings:
    """What is worked out of a run.

    Attributes
    ----------
    state : State
        The state of the network, with its reason.
    rates : dict of str to float
        Mean rate in Hz, by population.
    irregularity, correlation : float
        Variation of the intervals, and correlation of the counts of two neurons.
    balance : float
        Inhibitory over excitatory current into a neuron of the population that is shown.
    spectra : list of (array, array)
        Frequencies and power of the rate of every population.
    """

    state: analysis.State
    rates: dict[str, float]
    irregularity: float
    correlation: float
    balance: float
    spectra: list[tuple[np.ndarray, np.ndarray]]


class NetworkLab(Lab[NetworkExperiment, Findings]):
    """A lab of populations and projections: a graph, controls of what is selected, linked plots.

    Parameters, attributes: see `Lab`. Without an experiment it starts with a balanced network of
    conductances.

    Attributes
    ----------
    selected : str
        The population or projection whose controls are in sight; empty for the whole network.
    """

    id = "network"
    title = "Network lab"
    figure_title = "Figure"

    def __init__(self, experiment: NetworkExperiment | None = None, query: str = "") -> None:
        self.selected = WHOLE
        self.graph = NetworkGraph(limits={"populations": MOST})
        self._figure = "spectrum"
        self._connections: list[Any] = []  # what the image of the connections shows
        self._paces: deque[float] = deque([1.0], maxlen=3)
        super().__init__(experiment, query)
        self.state.preset = next((n for n, e in self.named().items() if e == self.experiment), "")
        self._show_state_held()
        self.graph.on_message(self._on_graph)
        self.insight.param.update(
            figures=[{"id": id_, "label": label} for id_, label in FIGURES.items()],
            figure_id=self._figure,
            figure_help=self.figures[self._figure].help,
        )
        self.insight.on_message(self._on_insight)

    @classmethod
    def default(cls) -> NetworkExperiment:
        """Return the balanced network of conductances, of a thousand neurons."""
        return cls.named()["CobaNetwork"]

    @classmethod
    def named(cls) -> Mapping[str, NetworkExperiment]:
        """Return the published networks, by name, in the size to begin with."""
        found: dict[str, Any] = {id_: p.experiment for id_, p in presets(cls.id).items()}
        return found

    # -- the graph -------------------------------------------------------------------------------

    def _on_graph(self, message: Message) -> None:
        before = self.experiment
        try:
            match message["type"]:
                case "select":
                    self._select(str(message["id"]))
                case "add_population":
                    if len(before.populations) >= MOST:
                        raise ParameterError("populations", _TOO_MANY)
                    like = str(message["like"])
                    like = like if like in before.populations else next(iter(before.populations))
                    new = _free_name(before, like)
                    self._edit(before.copied(like, new), f"population {new}", new)
                case "remove":
                    id_ = str(message["id"])
                    self._edit(_without(before, id_), f"without {id_}", WHOLE)
                case "rename":
                    old, new = str(message["id"]), str(message["name"]).strip()
                    self._edit(before.renamed(old, new), f"{old} renamed {new}", new)
                case "connect":
                    projection = _projection(message)
                    name = _projection_name(before, projection)
                    new = before.with_projection(name, projection)
                    self._edit(new, f"projection {name}", name)
                case "retarget":
                    name = str(message["id"])
                    if name not in before.projections:
                        raise ParameterError(name, f"there is no projection '{name}' any more")
                    kind = before.projections[name].connectivity
                    projection = replace(_projection(message), connectivity=kind)
                    self._edit(before.with_projection(name, projection), f"ends of {name}", name)
        except ParameterError as error:
            self.graph.notice = sentence(str(error))

    def _edit(self, experiment: NetworkExperiment, label: str, selected: str) -> None:
        """Take an edited network, and select what is new in it."""
        self.selected = selected
        self.state.replace(experiment.rewatched(self.experiment), label)
        self._select(selected)

    def _select(self, id_: str) -> None:
        known = {WHOLE, *self.experiment.populations, *self.experiment.projections}
        self.selected = id_ if id_ in known else WHOLE
        for view in self.views:
            if isinstance(view, NetworkCurrentView):
                view.shown = self._population
        self._show_state_held()
        self.redraw()
        if self.recording is not None:
            self._show_figure(self.recording.experiment)  # type: ignore[arg-type]

    def _show_state_held(self) -> None:
        with self._held():
            self._show_state()

    @property
    def _population(self) -> str:
        """The population that is selected, or that the selected projection arrives at."""
        network, chosen = self.experiment, self.selected
        if chosen in network.projections:
            return network.projections[chosen].target
        return chosen if chosen in network.populations else next(iter(network.populations))

    def _show_state(self) -> None:
        network = self.experiment
        if self.selected not in (*network.populations, *network.projections):
            self.selected = WHOLE
        super()._show_state()
        errors = self.state.errors
        self.graph.param.update(
            populations=list(_nodes(network, errors)),
            projections=list(_edges(network, errors)),
            selected=self.selected,
        )

    # -- what the lab declares -------------------------------------------------------------------

    def make_views(self, window: Window) -> list[View]:
        """Make the plots of spikes, rates, potentials and currents."""
        raster = NetworkRasterView(window)
        raster.on_pick(self.state.watch)
        return [
            raster,
            NetworkRateView(window),
            NetworkVoltageView(window),
            NetworkCurrentView(window, time_axis=True),
        ]

    def small_figure(self) -> Any:
        """Make the figures of the insight column, of which one is in sight."""
        self.figures: dict[str, Any] = {
            "spectrum": SpectrumView(),
            "connections": ConnectionsView(),
            "degrees": HistogramView(FIGURES["degrees"]),
            "weights": HistogramView(FIGURES["weights"]),
        }
        panes = []
        for id_, view in self.figures.items():
            view.figure.visible = id_ == self._figure
            panes.append(pn.pane.Bokeh(view.figure, sizing_mode="stretch_width", margin=0))
        return pn.Column(*panes, sizing_mode="stretch_width", margin=0)

    def models(self) -> list[dict[str, str]]:
        """Return the neuron models that a population may have."""
        return controls.model_options(populations.neurons())

    def pick(self, model: str) -> None:
        """Give the selected population, or the first, another neuron model."""
        self.state.set(self._population, model)

    @classmethod
    def groups(
        cls,
        experiment: NetworkExperiment,
        ranges: controls.Ranges = MappingProxyType({}),
        selected: str = WHOLE,
    ) -> list[dict[str, Any]]:
        """Lay out the controls of what is selected, and those of the simulation."""
        rows = controls.Rows(experiment, ranges)
        if selected in experiment.populations:
            groups = _population_groups(rows, experiment, selected)
        elif selected in experiment.projections:
            groups = _projection_groups(rows, experiment, selected)
        else:
            groups = _network_groups(rows, experiment)
        simulation = ("simulation", "Simulation", rows.numbers("duration", "dt", "seed"))
        return controls.laid_out(*groups, simulation, closed=("delays", "start"))

    def lay_out(
        self, experiment: NetworkExperiment, ranges: controls.Ranges = MappingProxyType({})
    ) -> list[dict[str, Any]]:
        """Lay out the controls of what is selected."""
        return self.groups(experiment, ranges, self.selected)

    def values(self, experiment: NetworkExperiment) -> dict[str, Any]:
        """Return the values of the controls that are in sight: a network has very many."""
        known = controls.values(experiment)
        paths = (row["path"] for group in self.rail.groups for row in group["controls"])
        return {path: known[path] for path in paths if path in known}

    def layout_of(self, experiment: NetworkExperiment) -> tuple[Any, ...]:
        """Give what decides which controls there are."""
        models = tuple(p.model for p in experiment.populations.values())
        spreads = experiment.spread_paths
        sizes = tuple(experiment.sizes.values())
        return (
            (tuple(experiment.plan.items()), models),
            tuple(experiment.parts().items()),
            spreads,
            sizes,
            self.selected,
            self.state.preset,
        )

    def describe(self, experiment: NetworkExperiment) -> Description:
        """Say what is selected: a model, a rule of connection, or what the network shows."""
        model = experiment.populations[self._population].model
        if self.selected in experiment.projections:
            kind = experiment.projections[self.selected].connectivity
            rule = typeset.equation_of(kind, kind.formula, (f"{self.selected}.connectivity.",))
            return Description(model.__name__, rule, catalog.summary(kind))
        shown = typeset.equation_of(model, model.equation, (f"{self._population}.",))
        if self.selected == WHOLE and self.state.preset:
            hint = presets(self.id)[self.state.preset].hint
            return Description(model.__name__, shown, hint)
        return Description(model.__name__, shown, catalog.summary(model))

    def hesitation(self, experiment: NetworkExperiment) -> str:
        """Say how long a run will take, and how much memory, where that is much."""
        cost = experiment.cost()
        pace = max(1.0, min(self._paces))  # a run that had connections to draw says little
        seconds = _seconds(experiment) * pace + cost.n_connections * CONNECTION
        if seconds <= PATIENCE:
            return ""
        return (
            f"{experiment.n:,} neurons with {_short(cost.n_connections)} connections over "
            f"{experiment['duration'] / 1e3:g} s take about {_duration(seconds)} and "
            f"{cost.bytes / 2**20:,.0f} MB"
        )

    def stand_in(self, experiment: NetworkExperiment) -> NetworkExperiment:
        """Return the network that the lab starts with: one without its numbers is silent."""
        return self.default()

    # -- what a run says -------------------------------------------------------------------------

    def work_out(self, experiment: NetworkExperiment, recording: Recording) -> Findings:
        """Work out the state, the rates and the spectra."""
        after = SETTLED * recording.n_steps * recording.dt
        column = list(experiment.populations).index(self._population_of(experiment))
        try:
            ratio = analysis.balance(of_one(recording, column), after).ratio
        except ParameterError:
            ratio = math.nan  # no receptor, or their units differ
        return Findings(
            analysis.state_of(recording, after),
            analysis.rates(recording, after),
            analysis.irregularity(recording, after),
            analysis.correlation(recording, None, after),
            ratio,
            [analysis.power_spectrum(recording, name, after) for name in experiment.populations],
        )

    def _population_of(self, experiment: NetworkExperiment) -> str:
        name = self._population
        return name if name in experiment.populations else next(iter(experiment.populations))

    def show_extra(self, extra: Findings) -> None:
        """Keep what the figure of the insight column shows."""
        self._findings = extra

    def _show(self, result: Any) -> None:
        recording = result.recording
        known = self.recording is not None and recording.traces is self.recording.traces
        whole = recording.n_steps == recording.experiment.n_steps
        if whole and not known and not recording.timing.compile:
            self._paces.append(recording.timing.run / _seconds(recording.experiment))
        super()._show(result)
        self._show_figure(recording.experiment)

    def _show_figure(self, network: NetworkExperiment) -> None:
        """Bring the figure that is in sight up to what there is."""
        match self._figure:
            case "spectrum":
                self.figures["spectrum"].update(self._findings.spectra)
            case "connections":
                signs = [analysis.sign_of(network, name) for name in network.projections]
                drawn = [network.sizes, signs, list(network.graphs.values())]
                if drawn != self._connections:  # else it is the image that there is
                    self._connections = drawn
                    image = analysis.connectivity_image(network)
                    self.figures["connections"].update(image, network.ranges)
            case "degrees":
                name = self._population_of(network)
                degrees = analysis.in_degrees(network, name)
                colours = _colours(network)
                found = {
                    colours[network.projections[p].source]: counts for p, counts in degrees.items()
                }
                self.figures["degrees"].update(found, f"connections to a neuron of {name}")
            case "weights":
                name = self._projection_of(network)
                if name:
                    source = network.projections[name].source
                    unit = typeset.unit(network.specs[f"{name}.weight"].unit_text)
                    found = {_colours(network)[source]: network.weights(name)}
                    self.figures["weights"].update(found, f"weight of {name} ({unit})")

    def _projection_of(self, network: NetworkExperiment) -> str:
        """Return the projection that is selected, or the first onto what is."""
        if self.selected in network.projections:
            return self.selected
        target = self._population_of(network)
        onto = [n for n, p in network.projections.items() if p.target == target]
        return next(iter([*onto, *network.projections]), "")

    def _on_insight(self, message: Message) -> None:
        if message["type"] == "figure" and message["id"] in FIGURES:
            self._figure = str(message["id"])
            with self._held():
                for id_, view in self.figures.items():
                    view.figure.visible = id_ == self._figure
                shown = self.figures[self._figure].help
                self.insight.param.update(figure_id=self._figure, figure_help=shown)
                if self.recording is not None:
                    self._show_figure(self.recording.experiment)  # type: ignore[arg-type]

    def numbers(self, recording: Recording, extra: Findings) -> list[dict[str, str]]:
        """Return the state, rates, irregularity, synchrony and balance."""
        network: Any = recording.experiment
        state = extra.state
        return [
            number("state", "State", *_state(state), state.reason) | {"note": state.reason},
            *(
                number(f"rate {name}", f"{name} rate", f"{rate:.1f}", "Hz", _RATE.format(name))
                for name, rate in extra.rates.items()
            ),
            number("cv", "CV of intervals", _or_dash(extra.irregularity), "", _CV),
            number("correlation", "Correlation", _or_dash(extra.correlation, 3), "", _CORRELATION),
            number("balance", "Inhibition / excitation", _or_dash(extra.balance), "", _BALANCE),
            number("neurons", "Neurons", f"{network.n:,}", "", "Of all populations"),
            number(
                "connections",
                "Connections",
                _short(sum(len(graph.targets) for graph in network.graphs.values())),
                "",
                "Of all projections, as they were drawn",
            ),
        ]

    def plots(self) -> pn.Column:
        """Return the linked plots, one under the other."""
        figures = [view.figure for view in self.views]
        return shell.stack(figures, weights=[2.0, 0.8, 0.9, 0.9], wide_only=figures[2:])

    def controls_column(self) -> pn.viewable.Viewable:
        """Return the graph, and the controls of what is selected in it."""
        flowing = "@media (max-width: 699px) { :host { height: auto !important; } }"
        return pn.Column(
            self.graph, self.rail, sizing_mode="stretch_both", margin=0, stylesheets=[flowing]
        )


_TOO_MANY = f"the lab shows at most {MOST} populations; remove one first"
_RATE = "Spikes per second of a neuron of {}, after the first fifth of the run"
_CV = "Irregularity of the intervals between spikes: 0 is a clock, 1 is Poisson"
_CORRELATION = "Mean correlation between the spike counts of two neurons in bins of 5 ms"
_BALANCE = "Mean inhibitory over mean excitatory input to the neuron that is shown"


# -- controls --------------------------------------------------------------------------------------

Group = tuple[str, str, list[dict[str, Any]]]


def _network_groups(rows: controls.Rows, network: NetworkExperiment) -> Iterable[Group]:
    def of_all(names: Iterable[str], path: str) -> list[dict[str, Any]]:
        found = []
        for name in names:
            for row in rows.numbers(f"{name}.{path}"):
                found.append(row | {"symbol": "", "label": name})
        return found

    return [
        ("sizes", "Populations", of_all(network.populations, "n")),
        ("weights", "Weights", of_all(network.projections, "weight")),
        ("delays", "Delays", of_all(network.projections, "delay")),
    ]


def _population_groups(
    rows: controls.Rows, network: NetworkExperiment, name: str
) -> Iterable[Group]:
    population = network.populations[name]
    specs = population.model.parameters()
    own = [f"{name}.{p}" for p in specs if f"{name}.{p}" in network.specs]
    threshold = [p for p in own if network.specs[p].group == "threshold"]
    choices = [f"{name}.{p}" for p in population.model.choices()]
    groups: list[Group] = [
        (
            "population",
            f"Population {name}",
            [*rows.choices(name), *rows.numbers(f"{name}.n"), *rows.watched(f"watched.{name}")],
        ),
        ("neuron", "Neuron", rows.numbers(*(p for p in own if p not in threshold))),
        (
            "threshold",
            "Threshold and reset",
            [*rows.numbers(*threshold), *_choices(rows, choices)],
        ),
    ]
    for receptor, _ in population.receptors:
        groups.append(
            (f"receptor.{receptor}", f"Receptor {receptor}", _place(rows, f"{name}.{receptor}"))
        )
    for place, title in (("stimulus", "Input"), ("background", "Background"), ("start", "Start")):
        groups.append((place, title, _place(rows, f"{name}.{place}")))
    return groups


def _projection_groups(
    rows: controls.Rows, network: NetworkExperiment, name: str
) -> Iterable[Group]:
    projection = network.projections[name]
    title = f"{name}: {projection.source} to {projection.target} at {projection.receptor}"
    groups: list[Group] = [
        ("projection", title, rows.numbers(f"{name}.weight", f"{name}.delay")),
    ]
    places = [p for p in network.choice_specs if p.startswith(f"{name}.") and p.count(".") == 1]
    for path in places:
        place = path.partition(".")[2]
        groups.append((place, sentence(place), _place(rows, path)))
    return groups


def _place(rows: controls.Rows, path: str) -> list[dict[str, Any]]:
    """Return the rows of a place: its choice, its numbers, its choices, and the places in it."""
    experiment, inside = rows.experiment, f"{path}."
    within = [p[:-1] for p in experiment.parts() if p.startswith(inside) and p != inside]

    def own(paths: Iterable[str]) -> list[str]:
        places = tuple(f"{place}." for place in within)
        return [p for p in paths if p.startswith(inside) and not p.startswith(places)]

    choices = [p for p in own(experiment.choice_specs) if p not in within]
    found = [
        *rows.choices(path),
        *rows.numbers(*own(experiment.base_specs)),
        *_choices(rows, choices),
    ]
    for place in within:
        found += _place(rows, place)
    return found


def _choices(rows: controls.Rows, paths: Iterable[str]) -> list[dict[str, Any]]:
    """Return the rows of choices, side by side where there are few and short ones."""
    found = []
    for path in paths:
        options = rows.experiment.choice_specs[path].options
        short = len(options) <= 3 and sum(map(len, options)) <= 24
        found += rows.choices(path, style="segmented" if short else "select")
    return found


# -- the graph -------------------------------------------------------------------------------------


def _colours(network: NetworkExperiment) -> dict[str, int]:
    return {name: index % COLOURS for index, name in enumerate(network.populations)}


def _nodes(network: NetworkExperiment, errors: Mapping[str, str]) -> Iterable[dict[str, Any]]:
    for index, (name, population) in enumerate(network.populations.items()):
        yield {
            "id": name,
            "label": name,
            "detail": f"{network.sizes[name]:,} {population.model.__name__}",
            "color": index,
            "receptors": [receptor for receptor, _ in population.receptors],
            "problem": _problem(name, errors),
        }


def _edges(network: NetworkExperiment, errors: Mapping[str, str]) -> Iterable[dict[str, Any]]:
    for name, projection in network.projections.items():
        weight = network.specs[f"{name}.weight"]
        unit = typeset.unit(weight.unit_text)
        yield {
            "id": name,
            "source": projection.source,
            "target": projection.target,
            "receptor": projection.receptor,
            "detail": f"{network[f'{name}.weight']:.3g} {unit}, {network[f'{name}.delay']:.3g} ms",
            "sign": analysis.sign_of(network, name),
            "problem": _problem(name, errors),
        }


def _problem(name: str, errors: Mapping[str, str]) -> str:
    return next((e for path, e in errors.items() if path.partition(".")[0] == name), "")


def _projection(message: Message) -> NetworkProjection:
    return NetworkProjection(
        str(message["source"]), str(message["target"]), str(message["receptor"])
    )


def _without(network: NetworkExperiment, id_: str) -> NetworkExperiment:
    drop: Callable[[str], NetworkExperiment] = (
        network.without_projection if id_ in network.projections else network.without_population
    )
    return drop(id_)


def _free_name(network: NetworkExperiment, like: str) -> str:
    """Return a name for a population like another: E2 for E, E3 for E2."""
    stem = like.rstrip("0123456789") or like
    taken = {*network.populations, *network.projections}
    return next(f"{stem}{i}" for i in range(2, 10_000) if f"{stem}{i}" not in taken)


def _projection_name(network: NetworkExperiment, projection: NetworkProjection) -> str:
    """Return a name for a projection: EI, and where that is taken EI_exc, then EI_2."""
    stem = projection.source + projection.target
    taken = {*network.populations, *network.projections}
    names = [stem, f"{stem}_{projection.receptor}", *(f"{stem}_{i}" for i in range(2, 10_000))]
    return next(name for name in names if name not in taken)


# -- words -----------------------------------------------------------------------------------------


def _seconds(network: NetworkExperiment) -> float:
    """Return about how long a run takes on a machine that does nothing else."""
    step = POPULATION_STEP * len(network.populations) + NEURON_STEP * network.n
    return network.n_steps * step


def _state(state: analysis.State) -> tuple[str, str]:
    """Return the label of a state, and its words where they say more."""
    return state.label, state.name if state.name != state.label else ""


def _or_dash(value: float, digits: int = 2) -> str:
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


def _short(count: float) -> str:
    for size, word in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if count >= size:
            unit = 1e3 if word == "k" else size
            return f"{count / unit:.3g} {word}"
    return f"{count:,.0f}"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min"
