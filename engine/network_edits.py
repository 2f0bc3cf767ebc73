"""What turns a network into another one: parts are added, left out, renamed and copied.

All that was said about the other parts stays, and so does what still means the same of the part
that changed: a number whose unit and range are what they were, a choice that is still offered, a
neuron that is still watched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from engine.errors import ParameterError
from engine.populations import NetworkProjection, Population, ReceptorSite
from engine.specs import ParameterSpec, unknown_name

if TYPE_CHECKING:
    from engine.base_experiment import BaseExperiment as Edited
else:
    Edited = object  # a class of its own among the experiments would be a kind of experiment

__all__ = ["NetworkEdits"]


class NetworkEdits(Edited):
    """The methods of a `NetworkExperiment` that change its parts; each returns a new network.

    A name that is not known, that is taken, or that cannot be one raises a ParameterError, as does
    what would leave a projection without its receptor, or a population without any.
    """

    populations: Mapping[str, Population]
    projections: Mapping[str, NetworkProjection]

    # -- populations and projections ------------------------------------------------------------

    def with_population(self, name: str, population: Population) -> Self:
        """Return the network with another population, or with another one in the place of it."""
        return self._edited(populations=dict(self.populations) | {name: population})

    def without_population(self, name: str) -> Self:
        """Return the network without a population and the projections from and to it."""
        self._require("population", name, self.populations)
        left = {n: p for n, p in self.projections.items() if name not in (p.source, p.target)}
        return self._edited(_without(self.populations, name), left)

    def with_projection(self, name: str, projection: NetworkProjection) -> Self:
        """Return the network with another projection, or with another one in the place of it."""
        return self._edited(projections=dict(self.projections) | {name: projection})

    def without_projection(self, name: str) -> Self:
        """Return the network without a projection."""
        self._require("projection", name, self.projections)
        return self._edited(projections=_without(self.projections, name))

    def renamed(self, old: str, new: str) -> Self:
        """Return the network with another name for a population or a projection.

        Its numbers and choices follow, and so do the projections from and to a population. What is
        drawn at random hangs on names as well as on the seed, so it is drawn anew.
        """
        self._require("population or projection", old, [*self.populations, *self.projections])
        if new == old:
            return self
        self._require_free(new)
        projections = {
            _other(n, old, new): replace(
                p, source=_other(p.source, old, new), target=_other(p.target, old, new)
            )
            for n, p in self.projections.items()
        }
        populations = {_other(n, old, new): p for n, p in self.populations.items()}
        return self._edited(
            populations,
            projections,
            moved=lambda path: (_under(path, old, new) or path,),
            stands_at=lambda population: _other(population, old, new),
        )

    def copied(self, name: str, new: str) -> Self:
        """Return the network with a copy of a population or a projection, numbers and all.

        The copy of a population has no projections yet.
        """
        self._require("population or projection", name, [*self.populations, *self.projections])
        self._require_free(new)

        def moved(path: str) -> tuple[str, ...]:
            copy = _under(path, name, new)
            return (path, copy) if copy else (path,)

        if name in self.populations:
            added = dict(self.populations) | {new: self.populations[name]}
            return self._edited(populations=added, moved=moved)
        more = dict(self.projections) | {new: self.projections[name]}
        return self._edited(projections=more, moved=moved)

    # -- receptors ------------------------------------------------------------------------------

    def with_receptor(self, population: str, name: str, site: ReceptorSite | None = None) -> Self:
        """Return the network with another receptor of a population, or another in its place."""
        receptors = self._receptors(population) | {name: site or ReceptorSite()}
        return self._with_receptors(population, receptors)

    def without_receptor(self, population: str, name: str) -> Self:
        """Return the network without a receptor and the projections that arrive at it."""
        receptors = self._receptors(population)
        self._require("receptor", name, receptors, population)
        left = {
            n: p
            for n, p in self.projections.items()
            if (p.target, p.receptor) != (population, name)
        }
        return self._with_receptors(population, _without(receptors, name), left)

    def with_receptor_renamed(self, population: str, old: str, new: str) -> Self:
        """Return the network with another name for a receptor; what arrives at it follows."""
        receptors = self._receptors(population)
        self._require("receptor", old, receptors, population)
        if new == old:
            return self
        if new in receptors:
            raise _taken(f"{population}.{new}", "receptor", new)
        projections = {
            n: replace(p, receptor=_other(p.receptor, old, new)) if p.target == population else p
            for n, p in self.projections.items()
        }
        here, there = f"{population}.{old}", f"{population}.{new}"
        return self._with_receptors(
            population,
            {_other(n, old, new): site for n, site in receptors.items()},
            projections,
            lambda path: (_under(path, here, there) or path,),
        )

    def _receptors(self, population: str) -> dict[str, ReceptorSite]:
        self._require("population", population, self.populations)
        return dict(self.populations[population].receptors)

    def _with_receptors(
        self,
        population: str,
        receptors: Mapping[str, ReceptorSite],
        projections: Mapping[str, NetworkProjection] | None = None,
        moved: Callable[[str], tuple[str, ...]] = lambda path: (path,),
    ) -> Self:
        changed = replace(self.populations[population], receptors=receptors)
        populations = dict(self.populations) | {population: changed}
        return self._edited(populations, projections, moved)

    # -- keeping what was said --------------------------------------------------------------------

    def _edited(
        self,
        populations: Mapping[str, Population] | None = None,
        projections: Mapping[str, NetworkProjection] | None = None,
        moved: Callable[[str], tuple[str, ...]] = lambda path: (path,),
        stands_at: Callable[[str], str] = lambda population: population,
    ) -> Self:
        """Return a network of other parts that keeps what still means the same.

        Parameters
        ----------
        populations, projections : mapping, optional
            The parts, where they are others.
        moved : callable
            Gives the paths that a path has there.
        stands_at : callable
            Gives the name that a population has there.
        """
        before = self._watched_places()
        bare: Any = replace(
            self,
            populations=self.populations if populations is None else populations,
            projections=self.projections if projections is None else projections,
            choices={},
            values={},
            watched=(0,),
        )
        choices = {
            path: value
            for old, value in self.choices.items()
            for path in moved(old)
            if path in bare.choice_specs and value in bare.choice_specs[path].options
        }
        values = {
            path: value
            for old, value in self.values.items()
            for path in moved(old)
            if _means_the_same(self.specs, bare, old, path, value)
        }
        new = replace(bare, choices=choices, values=values)
        ranges = new.ranges
        there = [(ranges.get(stands_at(name), range(0)), index) for name, index in before]
        watched = tuple(r[index] for r, index in there if index < len(r))
        return replace(new, watched=watched or (0,))

    def _watched_places(self) -> list[tuple[str, int]]:
        """Return population and number within it of every watched neuron."""
        ranges: Mapping[str, range] = self.ranges  # type: ignore[attr-defined]
        return [(n, i - r.start) for i in self.watched for n, r in ranges.items() if i in r]

    def _require(self, kind: str, name: str, known: Iterable[str], of: str = "the network") -> None:
        if not list(known):
            raise ParameterError(name, f"no {kind} '{name}' in {of}, which has none")
        if name not in known:
            raise unknown_name(kind, name, known, of)

    def _require_free(self, name: str) -> None:
        for kind, known in (("population", self.populations), ("projection", self.projections)):
            if name in known:
                raise _taken(name, kind, name)


def _means_the_same(
    specs: Mapping[str, ParameterSpec], there: Any, old: str, path: str, value: float
) -> bool:
    """Whether a number at an old path is one at a path of another network."""
    stem, spread = path.removesuffix(".spread"), path.endswith(".spread")
    before, after = specs[old.removesuffix(".spread")], there.specs.get(stem)
    if after is None or after.unit_text != before.unit_text:
        return False
    if spread:
        return there.can_spread(stem)
    # a time step stays where a model is added that would rather have another
    is_setting = "." not in path and value <= after.soft[1]
    return is_setting or after.soft == before.soft


def _other(name: str, old: str, new: str) -> str:
    return new if name == old else name


def _under(path: str, old: str, new: str) -> str:
    """Return a path at another place; empty where it is not at the old one."""
    return new + path[len(old) :] if path == old or path.startswith(f"{old}.") else ""


def _without(parts: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {n: part for n, part in parts.items() if n != name}


def _taken(path: str, kind: str, name: str) -> ParameterError:
    return ParameterError(path, f"there is a {kind} '{name}' already; choose another name")
