"""The gallery: every model on a card, made from its declarations; one click opens its lab."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import panel as pn

from engine import (
    Experiment,
    NetworkExperiment,
    Recording,
    SynapseExperiment,
    catalog,
    networks,
    simulate,
)
from engine.base_experiment import BaseExperiment
from engine.specs import Component, InitialSpec, ParameterSpec
from engine.synapse_experiment import kernels, short_term
from explorer import links, shell, typeset
from explorer.components import GalleryCards, HeaderBar, Message
from explorer.labs import Lab, NetworkLab, NeuronLab, SynapseLab
from explorer.pagethread import PageThread
from explorer.sources import references, sources
from explorer.theme import population_role
from explorer.views import output_curves
from explorer.views.thinning import min_max
from explorer.views.voltage import STROKE

__all__ = ["Gallery", "Kind", "cards", "kinds", "thumbnail"]

log = logging.getLogger(__name__)

WIDTH, HEIGHT = 240.0, 84.0
"""Size of a thumbnail, in the units of its own drawing."""
COLUMNS = 200
TITLE = "Models"

Drawing = list[dict[str, str]]
"""Paths of a thumbnail: ``{"role", "d"}``, with SVG path data."""

_painter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="thumbnails")


@dataclass(frozen=True)
class Kind:
    """A section of the gallery.

    Attributes
    ----------
    id, title : str
        Name and heading.
    models : callable
        Returns the models by name.
    experiment : callable
        Takes a name; returns what the card shows, and what a click opens.
    lab : type
        The lab that it opens in.
    draw : callable
        Takes the experiment; returns the thumbnail.
    says : callable
        Takes a model; returns its entries of a card: name, summary, equation, symbols, sources.
    """

    id: str
    title: str
    models: Callable[[], dict[str, type[Any]]]
    experiment: Callable[[str], BaseExperiment]
    lab: type[Lab]
    draw: Callable[[Any], Drawing]
    says: Callable[[Any], dict[str, Any]] = lambda cls: _declared(cls)


def kinds() -> tuple[Kind, ...]:
    """Return the sections in order."""

    def neuron(name: str) -> Experiment:
        return Experiment(catalog.neuron(name))

    def at(place: str, **others: Any) -> Callable[[str], SynapseExperiment]:
        return lambda name: SynapseExperiment().update({place: name, **others})

    train = {"train.rate": 40.0, "train.pause": 200.0, "duration": 600.0}
    firing = {"synapse": "Expon", "g_max": 60.0, "duration": 600.0}
    return (
        Kind("neuron", "Neurons", catalog.neurons, neuron, NeuronLab, _spikes),
        Kind("synapse", "Synapses", kernels, at("synapse"), SynapseLab, _trace("g")),
        Kind(
            "short-term",
            "Short-term plasticity",
            short_term,
            at("plasticity", synapse="Expon", **train),
            SynapseLab,
            _trace("g"),
        ),
        Kind(
            "learning",
            "Spike-timing dependent plasticity",
            catalog.plasticity,
            at("learning", **firing),
            SynapseLab,
            _trace("learning.w"),
        ),
        Kind("output", "Output stages", catalog.outputs, at("output"), SynapseLab, _output),
        Kind(
            "network",
            "Published networks",
            networks.catalogue,
            lambda name: NetworkLab.named()[name],
            NetworkLab,
            _raster,
            _published,
        ),
    )


def cards() -> list[dict[str, Any]]:
    """Return all sections with their cards, without the thumbnails.

    Returns
    -------
    list of dict
        ``{"id", "title", "cards"}``; a card is ``{"id", "name", "summary", "equation", "symbols",
        "sources", "href", "words"}``.
    """
    return [
        {
            "id": kind.id,
            "title": kind.title,
            "cards": [_card(kind, *m) for m in kind.models().items()],
        }
        for kind in kinds()
    ]


def _card(kind: Kind, name: str, cls: type) -> dict[str, Any]:
    says: dict[str, Any] = {"name": name} | kind.says(cls)
    meanings = (row["meaning"] for row in says["symbols"])
    words = " ".join([name, says["name"], kind.title, says["summary"], *meanings])
    return says | {
        "id": f"{kind.id}/{name}",
        "href": _address(kind, name),
        "words": words.lower(),
    }


def _declared(cls: type[Component]) -> dict[str, Any]:
    """Return what a component says about itself."""
    return {
        "summary": catalog.summary(cls),
        "equation": typeset.equation(cls.equation),  # type: ignore[attr-defined]
        "symbols": list(_symbols(cls)),
        "sources": sources(cls),
    }


def _published(cls: type[networks.PublishedNetwork]) -> dict[str, Any]:
    """Return what a published network says about itself; its populations take the symbols' place.

    The numbers are those of the network as it was published, not of the size that the lab opens.
    """
    network = cls.experiment()
    return {
        "name": cls.title,
        "summary": f"{cls.summary()} {cls.phenomenon}",
        "equation": "",
        "symbols": [
            {
                "symbol": "",
                "meaning": f"{name}, {population.model.__name__}",
                "value": f"{network.sizes[name]:,}",
            }
            for name, population in network.populations.items()
        ],
        "sources": references(cls.reference),
    }


def _symbols(cls: type[Component]) -> Iterator[dict[str, str]]:
    for spec in cls.parameters().values():
        if not isinstance(spec, InitialSpec):
            yield _symbol(spec, f"{spec.default_number:g} {typeset.unit(spec.unit_text)}".strip())
    for state in cls.states().values():
        if not state.is_time_stamp:
            yield _symbol(state, typeset.unit(state.unit_text))


def _symbol(spec: ParameterSpec | Any, value: str) -> dict[str, str]:
    return {"symbol": typeset.symbol(spec.symbol), "meaning": spec.meaning, "value": value}


def _address(kind: Kind, name: str) -> str:
    query = links.to_query(kind.experiment(name), kind.lab.default(), kind.lab.named())
    page = shell.LABS[kind.lab.id][1]
    return f"{page}?{query}" if query else page


# -- thumbnails --------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def thumbnail(kind_id: str, name: str, cls: type) -> Drawing:
    """Draw a model in its default experiment; drawn once, and again for a class defined anew."""
    kind = next(kind for kind in kinds() if kind.id == kind_id)
    return kind.draw(kind.experiment(name))


def _spikes(experiment: Experiment) -> Drawing:
    recording = simulate(experiment)
    V = recording.traces[experiment.model.potential][:, 0]
    high = float(recording.traces.get("threshold", V[:, None])[:, 0].max())
    strokes: list[tuple[float, float, float]] = []
    if experiment.model.draws_spike:
        low = float(V.min())
        top = high + STROKE * max(high - low, 1e-6)
        V = np.minimum(V, top)
        mine = recording.spike_steps[recording.spike_neurons == experiment.watched[0]]
        strokes = [(step, float(V[step]), top) for step in mine]
    return _paths(recording, V, "trace", strokes)


def _trace(name: str) -> Callable[[SynapseExperiment], Drawing]:
    def draw(experiment: SynapseExperiment) -> Drawing:
        recording = simulate(experiment)
        return _paths(recording, recording.traces[name][:, 0], "population-0", [])

    return draw


def _paths(
    recording: Recording, y: np.ndarray, role: str, strokes: list[tuple[float, float, float]]
) -> Drawing:
    index = min_max(y, COLUMNS)
    tops = [top for _, _, top in strokes]
    low, high = float(y.min()), max([float(y.max()), *tops])
    place = _frame(0.0, float(recording.n_steps - 1), low, high)
    drawing = [{"role": role, "d": _line(place, index, y[index])}]
    if strokes:
        marks = "".join(_line(place, np.array([s, s]), np.array([a, b])) for s, a, b in strokes)
        drawing.append({"role": "spike", "d": marks})
    return drawing


def _output(experiment: SynapseExperiment) -> Drawing:
    V, current = output_curves(experiment)[0]
    low, high = min(float(current.min()), 0.0), max(float(current.max()), 0.0)
    place = _frame(float(V[0]), float(V[-1]), low, high)
    ends = np.array([V[0], V[-1]])
    zero = {"role": "ghost", "d": _line(place, ends, np.zeros(2))}
    return [zero, {"role": "population-0", "d": _line(place, V, current)}]


ROWS, MARKS = 64, 1600
"""Neurons and spikes that the thumbnail of a network shows at most."""


def _raster(experiment: NetworkExperiment) -> Drawing:
    """Draw the spikes of some neurons, in the colours of their populations."""
    recording = simulate(experiment)
    n, rows = experiment.n, min(experiment.n, ROWS)
    shown = np.linspace(0, n - 1, rows).astype(int)
    row = np.minimum(np.searchsorted(shown, recording.spike_neurons), rows - 1)
    mine = np.flatnonzero(shown[row] == recording.spike_neurons)[:MARKS]
    place = _frame(0.0, float(recording.n_steps), 0.0, float(rows))
    drawing = []
    for index, own in enumerate(experiment.ranges.values()):
        here = mine[np.isin(recording.spike_neurons[mine], own)]
        x, y = place(recording.spike_steps[here], row[here])
        marks = "".join(f"M{a:.1f} {b:.1f}L{a:.1f} {b - 1:.1f}" for a, b in zip(x, y, strict=True))
        drawing.append({"role": population_role(index), "d": marks})
    return drawing


Place = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def _frame(left: float, right: float, low: float, high: float) -> Place:
    wide, tall = max(right - left, 1e-12), max(high - low, 1e-12)

    def place(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        across = (np.asarray(x, float) - left) / wide * (WIDTH - 4) + 2
        return across, HEIGHT - 5 - (np.asarray(y, float) - low) / tall * (HEIGHT - 10)

    return place


def _line(place: Place, x: np.ndarray, y: np.ndarray) -> str:
    points = zip(*place(x, y), strict=True)
    return "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in points)


# -- the page ----------------------------------------------------------------------------------


class Gallery(pn.viewable.Viewer):
    """The page of all models. A thumbnail is drawn when its card comes into sight."""

    def __init__(self) -> None:
        super().__init__()
        self._thread = PageThread()
        self._models = {
            f"{kind.id}/{name}": (kind.id, name, cls)
            for kind in kinds()
            for name, cls in kind.models().items()
        }
        self.header = HeaderBar(labs=shell.tabs("gallery"), keeps_history=False)
        self.cards = GalleryCards(sections=cards())
        self.cards.on_message(self._on_message)

    def _on_message(self, message: Message) -> None:
        for id_ in message["ids"]:
            if id_ in self._models and id_ not in self.cards.thumbnails:
                future = _painter.submit(thumbnail, *self._models[id_])
                future.add_done_callback(lambda done, id_=id_: self._schedule(id_, done))

    def _schedule(self, id_: str, done: Any) -> None:
        if done.exception() is not None:
            log.error("the thumbnail of %s failed", id_, exc_info=done.exception())
            return
        self._thread.call(lambda: self._show(id_, done.result()))

    def _show(self, id_: str, drawing: Drawing) -> None:
        self.cards.thumbnails = {**self.cards.thumbnails, id_: drawing}

    def page(self) -> pn.Template:
        """Return the whole page."""
        return shell.wide_page(f"{TITLE} · Spikescope", self.header, self.cards)

    def __panel__(self) -> pn.viewable.Viewable:
        return self.cards
