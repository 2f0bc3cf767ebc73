"""The places of a network: what stands there, by its path, with all numbers and choices."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
import saiunit as u

from engine import boundary, inputs
from engine.base_experiment import settings
from engine.connectivity import FromMatrix
from engine.errors import ParameterError
from engine.populations import (
    NetworkCell,
    NetworkProjection,
    Population,
    Size,
    delay_spec,
    weight_spec,
)
from engine.specs import ChoiceSpec, Component, InitialSpec, ParameterSpec, unknown_name
from engine.synouts import CUBA

__all__ = [
    "Populations",
    "Projections",
    "choices_of",
    "parts_of",
    "places_of",
    "require_names",
    "specs_of",
]

Populations = tuple[tuple[str, Population], ...]
Projections = tuple[tuple[str, NetworkProjection], ...]
CACHED = 256

_NAME = re.compile(r"[A-Za-z]\w*")


@lru_cache(maxsize=CACHED)
def places_of(
    populations: Populations, projections: Projections
) -> Mapping[str, type[Component] | None]:
    """Return the component of every place, by path: ``E``, ``E.exc``, ``EE.connectivity``."""
    found: dict[str, type[Component] | None] = {}
    for name, population in populations:
        for place, kind in population.places().items():
            found[f"{name}.{place}" if place else name] = kind
    for name, projection in projections:
        found |= {f"{name}.{place}": kind for place, kind in projection.places().items()}
    return MappingProxyType(found)


def parts_of(populations: Populations, projections: Projections) -> Mapping[str, type[Component]]:
    """Return what stands at a place, by the prefix of the paths of its numbers."""
    places = places_of(populations, projections)
    return {f"{path}.": kind for path, kind in places.items() if kind is not None}


@lru_cache(maxsize=CACHED)
def choices_of(populations: Populations, projections: Projections) -> Mapping[str, ChoiceSpec]:
    """Return the declaration of every choice, by path."""
    found: dict[str, ChoiceSpec] = {}
    for name, population in populations:
        for place, spec in population.choices().items():
            found[f"{name}.{place}" if place else name] = spec
    for name, projection in projections:
        found |= {f"{name}.{place}": spec for place, spec in projection.choices().items()}
    for prefix, kind in parts_of(populations, projections).items():
        found |= {prefix + choice: spec for choice, spec in kind.choices().items()}
    return MappingProxyType(found)


@lru_cache(maxsize=CACHED)
def specs_of(populations: Populations, projections: Projections) -> Mapping[str, ParameterSpec]:
    """Return the declaration of every number, by path."""
    found: dict[str, ParameterSpec] = {}
    for name, population in populations:
        found |= {f"{name}.{path}": spec for path, spec in _numbers(population).items()}
    known = dict(populations)
    for name, projection in projections:
        target = known[projection.target]
        receptor = dict(target.receptors)[projection.receptor]
        found[f"{name}.weight"] = weight_spec(target.model, receptor)
        found[f"{name}.delay"] = delay_spec()
        for place, kind in projection.places().items():
            numbers = {} if kind is None else kind.parameters()
            found |= {f"{name}.{place}.{path}": spec for path, spec in numbers.items()}
    limits = [p.model.largest_dt for _, p in populations if p.model.largest_dt is not None]
    shortest = min(limits, key=lambda dt: boundary.to_number(dt, u.ms, "largest_dt"), default=None)
    whole_run = {name: spec for name, spec in settings(shortest).items() if name != "n"}
    return MappingProxyType(found | whole_run)


def _numbers(population: Population) -> dict[str, ParameterSpec]:
    """Return the declarations of a population's numbers, by their path within it."""
    found: dict[str, Any] = {"n": Size.n}
    for place, kind in population.places().items():
        if kind is None:
            continue
        prefix = f"{place}." if place else ""
        for name, spec in kind.parameters().items():
            if isinstance(spec, InitialSpec) or spec is CUBA.scale:
                continue  # the start is a place of its own, and a weight says what a scale would
            if place == "stimulus":
                assert population.model.input is not None
                spec = inputs.bind(spec, population.model.input)
            if np.ndim(spec.default_number) == 0:
                found[prefix + name] = spec
    if population.background is not None:
        found["background.weight"] = weight_spec(population.model, population.receptors[0][1])
    return found


def require_names(populations: Mapping[str, Any], projections: Mapping[str, Any]) -> None:
    """Raise ParameterError for names that cannot be part of a path, or that stand for nothing."""
    if not populations:
        raise ParameterError("populations", "a network must have at least one population")
    for name in (*populations, *projections):
        _require_name(name)
        if name in populations and name in projections:
            text = f"'{name}' is both a population and a projection; rename one of them"
            raise ParameterError(name, text)
    for name, population in populations.items():
        # a population is read from a file as cells, before it gets its model
        declared = {**NetworkCell.declarations(), **population.model.declarations()}
        taken = {"n", "stimulus", "background", "start", *declared}
        if not population.receptors:
            raise ParameterError(name, f"{name} must have at least one receptor")
        for receptor, _ in population.receptors:
            _require_name(receptor)
            if receptor in taken:
                text = f"{name}.{receptor} is a parameter already; give the receptor another name"
                raise ParameterError(f"{name}.{receptor}", text)
    for name, projection in projections.items():
        for end in (projection.source, projection.target):
            if end not in populations:
                error = unknown_name("population", end, populations, "the network")
                raise ParameterError(name, f"{name}: {error}")
        receptors = dict(populations[projection.target].receptors)
        if projection.receptor not in receptors:
            where = projection.target
            error = unknown_name("receptor", projection.receptor, receptors, where)
            raise ParameterError(name, f"{name}: {error}")
        if projection.connectivity is FromMatrix and projection.matrix is None:
            text = f"{name}.connectivity needs a matrix; give it as FromMatrix(matrix)"
            raise ParameterError(f"{name}.connectivity", text)


def _require_name(name: str) -> None:
    if not _NAME.fullmatch(name) or "__" in name or name in settings():
        raise ParameterError(
            name,
            f"'{name}' cannot be a name in a network; use letters, digits and single underscores, "
            "beginning with a letter, and no name of a setting such as dt",
        )
