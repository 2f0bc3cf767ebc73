"""What all experiments share: numbers and choices by parameter path, in one immutable value.

An experiment is what a lab shows, a link carries, a file stores and `engine.simulate` runs. Its
numbers have one name each, the *parameter path*: ``tau``, ``stimulus.amplitude``, ``tau.spread``,
``duration``.
"""

from __future__ import annotations

import json
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from numbers import Real
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import saiunit as u

from engine import boundary, catalog
from engine.errors import ParameterError
from engine.specs import (
    NON_NEGATIVE,
    POSITIVE,
    ChoiceSpec,
    Component,
    Interval,
    ParameterSpec,
    PointSpec,
    subclasses,
    unknown_name,
    wrong_order,
)
from engine.waveforms import read_points, write_points

if TYPE_CHECKING:
    from engine.circuits import Circuit
    from engine.dynamics import Neuron

__all__ = [
    "NOTHING",
    "SCHEMA",
    "BaseExperiment",
    "BaseStructure",
    "Settings",
    "choice_of",
    "default_row",
    "read",
    "settings",
    "write_row",
]

SCHEMA = 1
"""Version of the JSON that an experiment is written as."""

NOTHING = "None"
"""The choice of leaving a place empty, such as that of the noise."""

STEPS_AT_MOST = 5_000_000


class Settings(Component):
    """The numbers of a simulation that belong to no model."""

    duration = ParameterSpec(
        1000.0 * u.ms,
        "T",
        "how long the simulation runs, in the neuron's time",
        soft=(100.0, 5000.0),
        hard=POSITIVE,
        scale="log",
    )
    dt = ParameterSpec(
        0.1 * u.ms,
        r"\Delta t",
        "time step of the integration: smaller is more exact and slower",
        soft=(0.01, 1.0),
        hard=Interval(1e-6, 1e3),
        scale="log",
    )
    n = ParameterSpec(
        100.0,
        "N",
        "number of neurons; they differ by their noise and by the spread of parameters",
        soft=(1.0, 1000.0),
        hard=Interval(1.0, 1_000_000.0),
        scale="log",
        integer=True,
        structural=True,
    )
    seed = ParameterSpec(
        0.0,
        r"\mathrm{seed}",
        "start of the random numbers: the same seed gives the same spikes",
        soft=(0.0, 100.0),
        hard=Interval(0.0, 2.0**31 - 1),
        integer=True,
    )


class BaseStructure(ABC):
    """What shapes a compiled program: the key under which it is kept. Immutable and hashable.

    Attributes
    ----------
    n : int
        Number of neurons.
    n_watched : int
        Number of neurons whose states are recorded.
    paths : tuple of str
        Parameter paths in the order of the traced vector.
    """

    n: int
    n_watched: int
    paths: tuple[str, ...]

    @property
    @abstractmethod
    def circuit(self) -> Circuit:
        """What is built and stepped inside the trace."""

    @property
    @abstractmethod
    def n_states(self) -> int:
        """Number of variables that evolve, for each neuron."""

    @property
    @abstractmethod
    def n_traces(self) -> int:
        """Number of traces that a watched neuron leaves."""

    @property
    def random_slots(self) -> tuple[str, ...]:
        """The inputs that are drawn at random, for every neuron and step."""
        return ()


@dataclass(frozen=True, eq=False)
class BaseExperiment(ABC):
    """Components with all their numbers, by parameter path.

    Parameters
    ----------
    choices : mapping
        Choices of the components, by path, where they differ from the default.
    values : mapping
        Numbers by parameter path, in the unit of their declaration, where they were given.
    watched : tuple of int
        The neurons whose states are recorded.
    sequences : mapping
        Rows of numbers that were given, such as the times of spikes, by path.
    """

    kind: ClassVar[str]
    """What is examined, as files and labs name it: ``"neuron"``."""

    choices: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    values: Mapping[str, float] = field(default_factory=dict, kw_only=True)
    watched: tuple[int, ...] = field(default=(0,), kw_only=True)
    sequences: Mapping[str, tuple[float, ...]] = field(default_factory=dict, kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sequences", MappingProxyType(dict(self.sequences)))
        object.__setattr__(self, "choices", MappingProxyType(dict(self.choices)))
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))

    # -- what a kind of experiment says -----------------------------------------------------------

    @property
    @abstractmethod
    def title(self) -> str:
        """What is simulated, for a sentence: ``LIF``."""

    @property
    @abstractmethod
    def neuron(self) -> type[Neuron]:
        """The neuron whose potential is recorded as ``V``."""

    @property
    @abstractmethod
    def base_specs(self) -> Mapping[str, ParameterSpec]:
        """Declaration of every number but the spreads, by parameter path."""

    @property
    @abstractmethod
    def choice_specs(self) -> Mapping[str, ChoiceSpec]:
        """Declaration of every choice, by path."""

    @property
    @abstractmethod
    def structure(self) -> BaseStructure:
        """What the compiled program depends on."""

    @abstractmethod
    def parts(self) -> Mapping[str, type[Component]]:
        """Return the components by the prefix of their paths: ``{"": LIF, "stimulus.": Step}``."""

    @abstractmethod
    def _chosen(self, path: str) -> str:
        """Return the choice at ``path``, which is one of `choice_specs`."""

    @abstractmethod
    def _choose(self, path: str, value: str) -> Self:
        """Return this experiment with another choice, already checked."""

    @abstractmethod
    def fresh(self) -> Self:
        """Return the same kind of experiment with everything at its default."""

    @property
    def plan(self) -> Mapping[str, str]:
        """What is there before any choice or number, as a text for each of its aspects: nothing."""
        return {}

    def planned(self, plan: Mapping[str, str]) -> Self:
        """Return the same kind of experiment, at its defaults, after a `plan`.

        Raises
        ------
        ParameterError
            A text that cannot be read, or that contradicts itself.
        """
        return self.fresh()

    @property
    def watchable(self) -> Mapping[str, range]:
        """The neurons of which one is watched, by the path of the choice among them."""
        return {"watched": range(self.n)}

    def rewatched(self, before: Self) -> Self:
        """Watch the neurons that ``before`` watched, as far as they are there."""
        watched = tuple(min(i, self.n - 1) for i in before.watched)
        return self if watched == self.watched else replace(self, watched=watched)

    @abstractmethod
    def _header(self) -> dict[str, Any]:
        """Return what the JSON says before the values, and `from_json` reads."""

    @classmethod
    @abstractmethod
    def _from_header(cls, content: Mapping[str, Any]) -> Self:
        """Make the experiment that a JSON's values are put on."""

    @property
    def sequence_specs(self) -> Mapping[str, ParameterSpec]:
        """Declaration of a single number of every row of numbers, by path."""
        return {}

    def has_effect(self, path: str) -> bool:
        """Whether the number or the choice at ``path`` changes what a run gives."""
        return True

    def runs_like(self, other: BaseExperiment) -> bool:
        """Whether a run of this gives the same as one of ``other``."""
        if (self.structure, self.watched) != (other.structure, other.watched):
            return False
        paths = [path for path in self if self.has_effect(path)]
        theirs = [path for path in other if other.has_effect(path)]
        return paths == theirs and all(self[path] == other[path] for path in paths)

    @property
    def limits_dt(self) -> bool:
        """Whether a component only stands time steps up to the slider's end."""
        return False

    def can_spread(self, path: str) -> bool:
        """Whether the parameter at ``path`` may differ from neuron to neuron."""
        return False

    # -- reading ----------------------------------------------------------------------------------

    @cached_property
    def specs(self) -> Mapping[str, ParameterSpec]:
        """Declaration of every number, by parameter path."""
        base = self.base_specs
        spreads = {p: spread_spec(base[p.removesuffix(".spread")]) for p in self.spread_paths}
        return MappingProxyType(dict(base) | spreads) if spreads else base

    @property
    def spread_paths(self) -> tuple[str, ...]:
        """Paths of the spreads that are switched on."""
        return tuple(sorted(p for p in self.values if p.endswith(".spread")))

    def __getitem__(self, path: str) -> Any:
        """Return the number or the choice at ``path``."""
        if path in self.values:
            return self.values[path]
        if path in self.specs:
            return self.specs[path].default_number
        if path in self.sequence_specs:
            return self.sequences.get(path, default_row(self.sequence_specs[path]))
        choices = self.choice_specs
        if path not in choices:
            raise unknown_name("parameter", path, [*self.specs, *choices], self.title)
        return self._chosen(path)

    def __iter__(self) -> Iterator[str]:
        return iter((*self.choice_specs, *self.specs, *self.sequence_specs))

    def quantity(self, path: str) -> Any:
        """Return the number at ``path`` with its unit."""
        return self.specs[path].quantity(self[path])

    @property
    def n(self) -> int:
        """Number of neurons."""
        return int(self["n"])

    @property
    def n_steps(self) -> int:
        """Number of steps."""
        return max(1, math.ceil(self["duration"] / self["dt"] - 1e-6))

    def differences(self) -> dict[str, Any]:
        """Return every choice and number that is not its default, by path."""
        choices = self.choice_specs
        found = {p: self[p] for p, spec in choices.items() if self[p] != spec.default}
        found |= {
            p: self[p]
            for p, spec in self.specs.items()
            if p.endswith(".spread") or self[p] != spec.default_number
        }
        rows = self.sequence_specs.items()
        return found | {p: list(self[p]) for p, spec in rows if self[p] != default_row(spec)}

    # -- changing -------------------------------------------------------------------------------

    def set(self, path: str, value: Any) -> Self:
        """Return this experiment with another value at ``path``.

        Parameters
        ----------
        path : str
            A parameter path, a choice, or ``<parameter>.spread`` to let it differ between neurons.
        value : Quantity, float or str
            A quantity; a plain number in the declared unit; or text, ``"20 ms"`` or a choice. For a
            row of numbers a list of such, or a text with spaces or semicolons between them; for a
            row of points what `engine.waveforms.read_points` takes.

        Raises
        ------
        ParameterError
            No such path, wrong unit, or outside what the parameter accepts.
        """
        if path in self.specs:
            number = _number(value, self.specs[path], path)
            return replace(self, values=dict(self.values) | {path: number})
        if path in self.sequence_specs:
            row = _row(value, self.sequence_specs[path], path)
            return replace(self, sequences=dict(self.sequences) | {path: row})
        choices = self.choice_specs
        if path in choices:
            return self._choose(path, choices[path].check(value, path))
        stem = path.removesuffix(".spread")
        if stem == path:
            raise unknown_name("parameter", path, [*self.specs, *choices], self.title)
        if self.can_spread(stem):
            number = _number(value, spread_spec(self.specs[stem]), path)
            return replace(self, values=dict(self.values) | {path: number})
        if stem in self.specs:
            can = ", ".join(p for p in self.specs if self.can_spread(p))
            raise ParameterError(path, f"{stem} is the same for all neurons; can differ: {can}")
        raise unknown_name(
            "parameter", stem, [p for p in self.specs if self.can_spread(p)], self.title
        )

    def without(self, path: str) -> Self:
        """Return this experiment with the default at ``path``; a spread is switched off."""
        if path in self.choice_specs:
            return self.set(path, self.choice_specs[path].default)
        return replace(
            self,
            values={p: v for p, v in self.values.items() if p != path},
            sequences={p: v for p, v in self.sequences.items() if p != path},
        )

    def _keep_what_fits(self, before: Self) -> Self:
        """Keep the given numbers that mean the same here as before."""
        bare = replace(self, values={})
        kept: dict[str, float] = {}
        for path, value in before.values.items():
            stem = path.removesuffix(".spread")
            spec, old = bare.specs.get(stem), before.specs[stem]
            same = spec and (spec.unit_text, spec.soft) == (old.unit_text, old.soft)
            if same and (stem == path or bare.can_spread(stem)):
                kept[path] = value
        return replace(self, values=kept)

    # -- checking -------------------------------------------------------------------------------

    def problems(self) -> list[ParameterError]:
        """Return what is wrong with the numbers taken together, each with its sentence."""
        found: list[ParameterError] = []
        for prefix, component in self.parts().items():
            for low, high in component.below:
                a, b = prefix + low, prefix + high
                if a in self.specs and b in self.specs and not self[a] < self[b]:
                    found.append(wrong_order(a, self.quantity(a), b, self.quantity(b)))
        fastest = min(
            (p for p, spec in self.specs.items() if spec.time_constant),
            key=lambda p: self[p],
            default=None,
        )
        if fastest is not None and self["dt"] > self[fastest] / 2:
            found.append(
                ParameterError(
                    "dt",
                    f"dt must be at most half of the fastest time constant, {fastest} = "
                    f"{self[fastest]:g} ms; choose dt = {self[fastest] / 2:g} ms or less",
                )
            )
        if self.limits_dt and self["dt"] > self.specs["dt"].soft[1]:
            largest = f"{self.specs['dt'].soft[1]:g} ms"
            found.append(
                ParameterError(
                    "dt",
                    f"dt must be at most {largest} for the spikes of {self.title}; choose "
                    f"dt = {largest} or less",
                )
            )
        if self.n_steps > STEPS_AT_MOST:
            found.append(
                ParameterError(
                    "duration",
                    f"duration and dt make {self['duration'] / self['dt']:.3g} steps, more than "
                    f"{STEPS_AT_MOST:,}; choose a shorter duration or a larger dt",
                )
            )
        if any(not 0 <= i < self.n for i in self.watched):
            found.append(
                ParameterError(
                    "watched",
                    f"watched neurons must be between 0 and {self.n - 1}, got {self.watched}",
                )
            )
        return found

    def validate(self) -> None:
        """Raise the first of `problems`."""
        for problem in self.problems():
            raise problem

    # -- writing --------------------------------------------------------------------------------

    def to_json(self) -> str:
        """Write the experiment as JSON: the schema's version, and what is no default."""
        content = {"schema": SCHEMA, **self._header(), "values": self.differences()}
        return json.dumps(content, indent=2)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises
        ------
        ParameterError
            Not such a text, a newer schema, or values that cannot be used.
        """
        try:
            content = json.loads(text)
            values, version = content["values"], int(content["schema"])
            if not isinstance(values, dict):
                raise TypeError("values must be an object")
            start = cls._from_header(content)
        except ParameterError:
            raise
        except (ValueError, KeyError, TypeError) as error:
            raise ParameterError("file", f"this is not an experiment file: {error}") from None
        if version > SCHEMA:
            raise ParameterError(
                "file",
                f"this file was written by a newer version (schema {version}, known {SCHEMA}); "
                "update spikescope",
            )
        return start.update(values)

    def update(
        self,
        values: Mapping[str, Any],
        refuse: Callable[[str, ParameterError], None] | None = None,
    ) -> Self:
        """Set several paths; choices first, because they decide which numbers there are.

        Parameters
        ----------
        values : mapping
            What `set` takes, by path.
        refuse : callable, optional
            Given the path and the error of what cannot be set, which is then left out; without
            it the first error is raised.
        """
        experiment, left = self, dict(values)
        while left:
            path = next((p for p in experiment.choice_specs if p in left), next(iter(left)))
            try:
                experiment = experiment.set(path, left.pop(path))
            except ParameterError as error:
                if refuse is None:
                    raise
                refuse(path, error)
        return experiment


def read(text: str) -> BaseExperiment:
    """Read an experiment of any kind from what its `BaseExperiment.to_json` wrote.

    Raises
    ------
    ParameterError
        Not such a text, or values that cannot be used.
    """
    kinds = {cls.kind: cls for cls in subclasses(BaseExperiment)}
    try:
        kind = json.loads(text).get("kind", "neuron")
    except (ValueError, AttributeError) as error:
        raise ParameterError("file", f"this is not an experiment file: {error}") from None
    if kind not in kinds:
        raise unknown_name("kind", str(kind), kinds, "the experiments")
    return kinds[kind].from_json(text)


def choice_of(
    kinds: Mapping[str, type],
    default: str,
    meaning: str,
    *,
    label: str = "kind",
    may_be_empty: bool = False,
) -> ChoiceSpec:
    """Declare the choice among classes, each with its first sentence as a hint."""
    hints = {name: catalog.summary(cls) for name, cls in kinds.items()}
    if may_be_empty:
        hints = {NOTHING: ""} | hints
    return ChoiceSpec(default, tuple(hints), meaning, tuple(hints.values()), label=label)


def settings(largest_dt: Any = None) -> dict[str, ParameterSpec]:
    """Declare the simulation's own numbers, with a time step that every component stands."""
    found = dict(Settings.parameters())
    if largest_dt is not None:
        spec, largest = Settings.dt, boundary.to_number(largest_dt, u.ms, "largest_dt")
        default = min(spec.default_number, largest)
        found["dt"] = spec.but(default=default * u.ms, soft=(spec.soft[0], largest))
    return found


@lru_cache(maxsize=512)
def spread_spec(spec: ParameterSpec) -> ParameterSpec:
    """Declare how far a parameter differs between neurons, or between connections.

    A positive parameter spreads log-normally by a coefficient of variation, and so does a weight,
    whose sign then stays; any other normally by a standard deviation in its own unit.
    """
    symbol = rf"\sigma({spec.symbol})"
    if spreads_in_proportion(spec):
        return ParameterSpec(
            0.2,
            symbol,
            f"coefficient of variation between {spec.between} of the {spec.meaning.split(':')[0]}",
            soft=(0.0, 1.0),
            hard=Interval(0.0, 2.0),
        )
    width = spec.soft[1] - spec.soft[0]
    return ParameterSpec(
        spec.quantity(0.05 * width),
        symbol,
        f"standard deviation between {spec.between} of the {spec.meaning.split(':')[0]}",
        soft=(0.0, 0.25 * width),
        hard=NON_NEGATIVE,
        unit_text=spec.unit_text,
    )


def spreads_in_proportion(spec: ParameterSpec) -> bool:
    """Whether a spread of this parameter multiplies it, so that it keeps its sign."""
    return spec.hard.low == 0.0 or spec.between == "connections"


def _number(value: Any, spec: ParameterSpec, path: str) -> float:
    if isinstance(value, str):
        return spec.check(boundary.parse_quantity(value, spec.unit, path), path)
    if isinstance(value, Real) and not isinstance(value, bool):
        return spec.check(float(value), path)
    return spec.number(value, path)


LONGEST_SEQUENCE = 1000


def default_row(spec: ParameterSpec) -> tuple[Any, ...]:
    """Return the row of numbers or points that stands where none was given."""
    return spec.row if isinstance(spec, PointSpec) else ()


def write_row(row: tuple[Any, ...], spec: ParameterSpec, between: str) -> str:
    """Write a row of numbers or points as `BaseExperiment.set` reads it."""
    if isinstance(spec, PointSpec):
        return write_points(row, between)
    return between.join(repr(float(number)).removesuffix(".0") for number in row)


def _row(value: Any, spec: ParameterSpec, path: str) -> tuple[Any, ...]:
    if isinstance(spec, PointSpec):
        return read_points(value, spec.unit, path)
    return _numbers(value, spec, path)


def _numbers(value: Any, spec: ParameterSpec, path: str) -> tuple[float, ...]:
    """Read a row of numbers; it comes out in order and without repetition."""
    if isinstance(value, str):
        with_units = re.sub(r"(?<=\d)\s+(?=[^\W\d_])", "", value)  # "10 ms" is one word
        words = re.split(r"[\s;]+|,\s+", with_units.strip())
        parts: list[Any] = words if len(words) != 1 else words[0].split(",")
        parts = [part for part in parts if part]
    elif isinstance(value, u.Quantity):
        parts = [u.Quantity(m, unit=value.unit) for m in np.ravel(value.mantissa)]
    else:
        parts = list(value)
    if len(parts) > LONGEST_SEQUENCE:
        raise ParameterError(
            path, f"{path} must be at most {LONGEST_SEQUENCE:,} numbers, got {len(parts):,}"
        )
    return tuple(sorted({_number(part, spec, path) for part in parts}))
