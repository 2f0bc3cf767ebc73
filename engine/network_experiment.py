"""Populations that send spikes to each other, with every number, as one immutable value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar, Self

import numpy as np

from engine import connectivity, network_checks, network_cost, network_draws
from engine.base_experiment import NOTHING, BaseExperiment
from engine.connectivity import FromMatrix
from engine.dynamics import Neuron
from engine.errors import ParameterError
from engine.network_edits import NetworkEdits
from engine.network_places import (
    Populations,
    Projections,
    choices_of,
    parts_of,
    places_of,
    require_names,
    specs_of,
)
from engine.network_structure import NetworkStructure, Route, bundle, up_to_power_of_two
from engine.populations import NetworkProjection, Population, ReceptorSite
from engine.specs import ChoiceSpec, Component, ParameterSpec

__all__ = ["NetworkExperiment"]


@dataclass(frozen=True)
class NetworkExperiment(NetworkEdits, BaseExperiment):
    r"""Populations of neurons, and projections that carry their spikes.

    The paths of its numbers begin with the name of a population or a projection: ``E.n``,
    ``E.tau``, ``E.exc.tau``, ``E.stimulus.amplitude``, ``EE.weight``, ``EE.delay``,
    ``EE.connectivity.p``. Weights and delays may differ between the connections of a projection:
    ``EE.weight.spread`` and ``EE.delay.spread`` are coefficients of variation.

    Parameters
    ----------
    populations : mapping of str to Population
        By name.
    projections : mapping of str to NetworkProjection
        By name.

    Notes
    -----
    A spike arrives a whole number of steps after the step in which it was fired, one at least.
    Weights and delays that differ are log-normal: a weight keeps its sign, and both the mean that
    the projection says, but for the rounding of delays and four standard deviations at most.

    No number compiles, but three say how large an array is: the size of a population, and, rounded
    up so that small changes stay within it, the number of connections and the longest delay. Where
    projections had the same delay, the first of them to get another compiles too.

    Examples
    --------
    >>> from engine import NetworkExperiment, Population, NetworkProjection, simulate
    >>> network = NetworkExperiment(
    ...     {"E": Population()}, {"EE": NetworkProjection("E", "E", "exc")}
    ... ).update({"EE.weight": "1 nS", "duration": "200 ms"})
    >>> simulate(network).spike_count > 0
    True
    """

    kind: ClassVar[str] = "network"

    populations: Mapping[str, Population] = field(default_factory=lambda: {"E": Population()})
    projections: Mapping[str, NetworkProjection] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "populations", MappingProxyType(dict(self.populations)))
        object.__setattr__(self, "projections", MappingProxyType(dict(self.projections)))
        require_names(self.populations, self.projections)

    def __hash__(self) -> int:
        return hash((self._populations, self._projections, tuple(sorted(self.values.items()))))

    @property
    def _populations(self) -> Populations:
        return tuple(self.populations.items())

    @property
    def _projections(self) -> Projections:
        return tuple(self.projections.items())

    @property
    def title(self) -> str:
        """What the populations are: ``E (NetworkCell) and I (NetworkCell)``."""
        return " and ".join(f"{n} ({p.model.__name__})" for n, p in self.populations.items())

    @property
    def neuron(self) -> type[Neuron]:
        """The model of the first population."""
        return next(iter(self.populations.values())).model

    @property
    def sizes(self) -> dict[str, int]:
        """Number of neurons, by population."""
        return {name: int(self[f"{name}.n"]) for name in self.populations}

    @property
    def n(self) -> int:
        """Number of neurons of all populations."""
        return sum(self.sizes.values())

    @property
    def ranges(self) -> dict[str, range]:
        """Numbers of the neurons of every population, as they stand in a recording."""
        found, first = {}, 0
        for name, size in self.sizes.items():
            found[name] = range(first, first + size)
            first += size
        return found

    @property
    def watchable(self) -> Mapping[str, range]:
        """The neurons of every population, of which one is watched, by ``watched.<population>``."""
        return {f"watched.{name}": own for name, own in self.ranges.items()}

    def rewatched(self, before: BaseExperiment) -> Self:
        """Watch one neuron of every population: the one that ``before`` watched, or the first."""
        seen = {}
        for path, own in before.watchable.items():
            here = [neuron - own.start for neuron in before.watched if neuron in own]
            seen[path] = here[0] if here else 0
        watched = tuple(
            own.start + min(seen.get(path, 0), len(own) - 1) for path, own in self.watchable.items()
        )
        return self if watched == self.watched else replace(self, watched=watched)

    @property
    def plan(self) -> Mapping[str, str]:
        """Populations with their receptors, and projections with their ends, as texts.

        ``{"populations": "E:exc,inh;I:exc,inh", "projections": "EE:E>E.exc;EI:E>I.exc"}``
        """
        populations = (
            f"{name}:{','.join(r for r, _ in p.receptors)}" for name, p in self.populations.items()
        )
        projections = (
            f"{name}:{p.source}>{p.target}.{p.receptor}" for name, p in self.projections.items()
        )
        return {"populations": ";".join(populations), "projections": ";".join(projections)}

    def planned(self, plan: Mapping[str, str]) -> Self:
        """Return the network of a plan with every choice and number at default; see `plan`."""
        header: dict[str, Any] = {"populations": {}, "projections": {}, "watched": [0]}
        for text in filter(None, plan["populations"].split(";")):
            name, _, receptors = text.partition(":")
            header["populations"][name] = receptors.split(",")
        for text in filter(None, plan["projections"].split(";")):
            found = _PROJECTION.fullmatch(text)
            if found is None:
                raise ParameterError(
                    "projections", f"a projection must be written as EI:E>I.exc, got '{text[:40]}'"
                )
            name, *ends = found.groups()
            header["projections"][name] = ends
        network = self._from_header(header)
        return network.rewatched(network)

    # -- declarations ---------------------------------------------------------------------------

    @property
    def base_specs(self) -> Mapping[str, ParameterSpec]:
        """Declaration of every number, by parameter path."""
        return specs_of(self._populations, self._projections)

    @cached_property
    def choice_specs(self) -> Mapping[str, ChoiceSpec]:
        """Declaration of every choice, by path."""
        return choices_of(self._populations, self._projections)

    def parts(self) -> Mapping[str, type[Component]]:
        """Return the components by the prefix of their paths."""
        return parts_of(self._populations, self._projections)

    @property
    def limits_dt(self) -> bool:
        """Whether a model says how large a time step it stands."""
        return any(p.model.largest_dt is not None for p in self.populations.values())

    def _kind_at(self, path: str) -> str | None:
        """Return the name of the component at a place; None where the path is no place."""
        places = places_of(self._populations, self._projections)
        if path not in places:
            return None
        kind = places[path]
        return NOTHING if kind is None else kind.__name__

    def _chosen(self, path: str) -> str:
        kind = self._kind_at(path)
        return kind if kind is not None else self.choices.get(path, self.choice_specs[path].default)

    def _choose(self, path: str, value: str) -> Self:
        if self._kind_at(path) is None:
            return replace(self, choices=dict(self.choices) | {path: value})
        head, _, place = path.partition(".")
        if head in self.populations:
            new = self.populations[head].having(place, value)
            changed = replace(self, populations=dict(self.populations) | {head: new})
        else:
            other = self.projections[head].having(place, value)
            changed = replace(self, projections=dict(self.projections) | {head: other})
        kept = {p: v for p, v in self.choices.items() if p in changed.choice_specs}
        return replace(changed, choices=kept)._keep_what_fits(self)

    # -- connections ----------------------------------------------------------------------------

    def _arguments(self, name: str) -> tuple[tuple[str, Any], ...]:
        """Return the arguments of a projection's connectivity."""
        kind, at = self.projections[name].connectivity, f"{name}.connectivity"
        return tuple((n, self[f"{at}.{n}"]) for n in (*kind.parameters(), *kind.choices()))

    def ends(self, name: str) -> tuple[int, int]:
        """Return the number of neurons before and behind a projection."""
        projection = self.projections[name]
        return self.sizes[projection.source], self.sizes[projection.target]

    def rule(self, name: str) -> connectivity.Connectivity:
        """Return the rule of a projection with its numbers."""
        return self._rules[name]

    @cached_property
    def _rules(self) -> Mapping[str, Any]:
        return {
            name: projection.matrix
            if projection.connectivity is FromMatrix
            else projection.connectivity(**dict(self._arguments(name)))
            for name, projection in self.projections.items()
        }

    @cached_property
    def graphs(self) -> Mapping[str, connectivity.Graph]:
        """Connections of every projection, drawn once for its numbers and the seed.

        Raises
        ------
        ParameterError
            Connections that cannot be drawn, or that would not fit into memory.
        """
        network_checks.require_memory(self)
        found = {}
        for name, projection in self.projections.items():
            same = projection.source == projection.target
            rule, kind = self._arguments(name), projection.connectivity
            ends, at = self.ends(name), f"{name}.connectivity"
            if kind is FromMatrix:
                found[name] = self.rule(name).draw(*ends, path=at)
            else:
                seed = network_draws.seed_of(self, name)
                found[name] = connectivity.drawn(kind, rule, *ends, seed, same, at)
        return found

    def delay_steps(self, name: str) -> int:
        """Return after how many steps the spikes of a projection arrive, if all do together."""
        return max(1, round(self[f"{name}.delay"] / self["dt"]))

    def weights(self, name: str) -> np.ndarray:
        """Return the weight of every connection of a projection, in the unit of its weight.

        Returns
        -------
        array of float, shape (connection,)
            In the order of ``graphs[name].targets``.
        """
        found = network_draws.factors(self, name)
        each = np.ones(len(self.graphs[name].targets)) if found is None else found.values
        return self[f"{name}.weight"] * each.astype(np.float64)

    def delays(self, name: str) -> np.ndarray:
        """Return the delay of every connection of a projection in ms, a whole number of steps.

        Returns
        -------
        array of float, shape (connection,)
            In the order of ``graphs[name].targets``.
        """
        found = network_draws.steps(self, name)
        if found is None:
            return self["dt"] * np.full(len(self.graphs[name].targets), self.delay_steps(name))
        return self["dt"] * found.values.astype(np.float64)

    @cached_property
    def structure(self) -> NetworkStructure:
        """What the compiled program depends on; the connections are drawn for it."""
        return self._structure(self.graphs)

    @cached_property
    def expected_structure(self) -> NetworkStructure:
        """What the structure will be about, before anything is drawn."""
        return self._structure(
            {
                name: rule.graph
                for name, rule in self._rules.items()
                if isinstance(rule, FromMatrix) and rule.shape == self.ends(name)
            }
        )

    def cost(self, rate: float = 10.0) -> network_cost.NetworkCost:
        """Return memory and work of a run in which every neuron fires at ``rate``, in Hz.

        Nothing is drawn for it.
        """
        return network_cost.cost(self, rate)

    def differs_in_weight(self, name: str) -> bool:
        """Whether the connections of a projection weigh differently."""
        rule = self.rule(name)
        given = isinstance(rule, FromMatrix) and rule.graph.factors is not None
        return given or rule.weighted or f"{name}.weight.spread" in self.values

    def _structure(self, graphs: Mapping[str, connectivity.Graph]) -> NetworkStructure:
        routes = {name: self._route(name) for name in self.projections}
        degrees = {name: self.rule(name).out_degree(*self.ends(name)) for name in self.projections}
        differ = {name: self.differs_in_weight(name) for name in self.projections}
        longest = max((route.delay for route in routes.values()), default=1)
        paths = (p for p, s in self.specs.items() if not s.structural and p not in _NOT_TRACED)
        on_the_host = (".connectivity.", ".spread")
        return NetworkStructure(
            populations=self._populations,
            projections=tuple((n, replace(p, matrix=None)) for n, p in self._projections),
            sizes=tuple(self.sizes.values()),
            bundles=bundle(self._projections, graphs, degrees, routes, differ, self.ranges),
            kept_steps=up_to_power_of_two(longest),
            choices=tuple((p, self[p]) for p in self.choice_specs if self._kind_at(p) is None),
            paths=tuple(p for p in paths if not any(part in p for part in on_the_host)),
            n_watched=len(self.watched),
        )

    def _route(self, name: str) -> Route:
        """Return how the spikes of a projection travel."""
        spread = f"{name}.delay.spread" in self.values
        return Route(
            delay=1 if spread else self.delay_steps(name),
            ring=up_to_power_of_two(network_draws.longest_delay(self, name)) if spread else 0,
            plastic=name if self.projections[name].plasticity else "",
        )

    def can_spread(self, path: str) -> bool:
        """Whether the parameter at ``path`` may differ from connection to connection."""
        name, _, what = path.partition(".")
        return name in self.projections and what in ("weight", "delay")

    def runs_like(self, other: BaseExperiment) -> bool:
        """Whether a run of this gives the same as one of ``other``."""
        same = isinstance(other, NetworkExperiment) and self._projections == other._projections
        return same and super().runs_like(other)

    # -- checking -------------------------------------------------------------------------------

    def problems(self) -> list[ParameterError]:
        """Return what is wrong with the numbers taken together, each with its sentence."""
        return [*super().problems(), *network_checks.problems(self)]

    # -- writing --------------------------------------------------------------------------------

    def fresh(self) -> Self:
        """Return the same populations and projections with every choice and number at default."""
        populations = {n: [r for r, _ in p.receptors] for n, p in self.populations.items()}
        links = {
            n: NetworkProjection(p.source, p.target, p.receptor, matrix=p.matrix)
            for n, p in self.projections.items()
        }
        return type(self)(_blank(populations), links, watched=self.watched)

    def _header(self) -> dict[str, Any]:
        links = self.projections.items()
        matrices = {n: p.matrix.written(f"{n}.connectivity") for n, p in links if p.matrix}
        return {
            "kind": self.kind,
            "watched": list(self.watched),
            "populations": {n: [r for r, _ in p.receptors] for n, p in self.populations.items()},
            "projections": {n: [p.source, p.target, p.receptor] for n, p in links},
        } | ({"matrices": matrices} if matrices else {})

    @classmethod
    def _from_header(cls, content: Mapping[str, Any]) -> Self:
        matrices = {
            str(name): FromMatrix.read(matrix)
            for name, matrix in dict(content.get("matrices", {})).items()
        }
        projections = {
            str(name): NetworkProjection(
                str(source), str(target), str(receptor), matrix=matrices.get(str(name))
            )
            for name, (source, target, receptor) in content["projections"].items()
        }
        watched = tuple(map(int, content["watched"]))
        return cls(_blank(content["populations"]), projections, watched=watched)


def _blank(receptors: Mapping[Any, Any]) -> dict[str, Population]:
    """Return populations with these receptors, and all else at its default."""
    return {
        str(name): Population(receptors={str(r): ReceptorSite() for r in names})
        for name, names in receptors.items()
    }


_PROJECTION = re.compile(r"(\w+):(\w+)>(\w+)\.(\w+)")

_NOT_TRACED = frozenset({"seed", "duration"})
