"""What is simulated: a model, its stimulus, every number, and the seed, as one immutable value.

An `Experiment` is what a lab shows, a link carries, a file stores and `engine.simulate` runs. Its
numbers have one name each, the *parameter path*: ``tau``, ``stimulus.amplitude``, ``noise.sigma``,
``tau.spread``, ``duration``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, lru_cache
from numbers import Real
from types import MappingProxyType
from typing import Any

import saiunit as u

from engine import boundary, catalog, inputs, introspection, surrogates
from engine.dynamics import Neuron
from engine.errors import ParameterError
from engine.specs import (
    NON_NEGATIVE,
    POSITIVE,
    ChoiceSpec,
    Component,
    InitialSpec,
    Interval,
    ParameterSpec,
    unknown_name,
    wrong_order,
)

__all__ = ["NO_NOISE", "SCHEMA", "Experiment", "Settings", "Structure"]

SCHEMA = 1
"""Version of the JSON that an experiment is written as."""

NO_NOISE = "None"
"""The choice of no second, random input."""

LEVEL = "mean"
"""Parameter of a random input that is held at zero where it comes on top of a stimulus."""

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


@dataclass(frozen=True)
class Structure:
    """What shapes the compiled program; everything else is traced.

    Parameters
    ----------
    model, stimulus, noise : type
        The classes that run; ``noise`` may be None.
    n : int
        Number of neurons.
    choices : tuple of (str, str)
        The model's choices, such as the reset mode.
    paths : tuple of str
        Parameter paths in the order of the traced vector.
    n_watched : int
        Number of neurons whose states are recorded.
    """

    model: type[Neuron]
    n: int
    stimulus: type[inputs.Stimulus]
    noise: type[inputs.Stimulus] | None
    choices: tuple[tuple[str, str], ...]
    paths: tuple[str, ...]
    n_watched: int

    @property
    def input_unit(self) -> u.Unit:
        """Unit of what drives the model."""
        assert self.model.input is not None  # an experiment refuses a model that does not say
        return self.model.input.unit

    @property
    def slots(self) -> dict[str, type[inputs.Stimulus]]:
        """The inputs that are added up, by name."""
        slots = {"stimulus": self.stimulus}
        return slots if self.noise is None else slots | {"noise": self.noise}

    @property
    def random_slots(self) -> tuple[str, ...]:
        """The inputs that are drawn at random."""
        return tuple(name for name, kind in self.slots.items() if kind.stochastic)


@dataclass(frozen=True)
class Experiment:
    """A model with everything that its simulation depends on.

    Parameters
    ----------
    model : type
        A subclass of `Neuron`.
    stimulus, noise : type
        Subclasses of `engine.inputs.Stimulus`; their sum is the input. ``noise`` may be None.
    surrogate : type
        The surrogate gradient of the spike. It does not change what the neuron does, only how a
        gradient flows through it.
    choices : mapping
        Choices of the model, by path, where they differ from the default.
    values : mapping
        Numbers by parameter path, in the unit of their declaration, where they were given.
    watched : tuple of int
        The neurons whose states are recorded.

    Examples
    --------
    >>> import saiunit as u
    >>> from engine import Experiment, LIF
    >>> experiment = Experiment(LIF).set("tau", 20 * u.ms).set("spk_reset", "hard")
    >>> experiment["tau"]
    20.0
    >>> experiment.differences()
    {'spk_reset': 'hard', 'tau': 20.0}
    """

    model: type[Neuron]
    stimulus: type[inputs.Stimulus] = inputs.Step
    noise: type[inputs.Stimulus] | None = inputs.OUNoise
    surrogate: type[surrogates.Surrogate] = surrogates.ReluGrad
    choices: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, float] = field(default_factory=dict)
    watched: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        introspection.complete(self.model)
        object.__setattr__(self, "choices", MappingProxyType(dict(self.choices)))
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))

    def __hash__(self) -> int:
        return hash((self.model, self.structure, tuple(sorted(self.values.items())), self.watched))

    # -- declarations ---------------------------------------------------------------------------

    @cached_property
    def specs(self) -> Mapping[str, ParameterSpec]:
        """Declaration of every number, by parameter path."""
        base = _specs(self.model, self.stimulus, self.noise, self.surrogate)
        spreads = {p: spread_spec(base[p.removesuffix(".spread")]) for p in self.spread_paths}
        return MappingProxyType(dict(base) | spreads) if spreads else base

    @property
    def spread_paths(self) -> tuple[str, ...]:
        """Paths of the spreads that are switched on."""
        return tuple(sorted(p for p in self.values if p.endswith(".spread")))

    def can_spread(self, path: str) -> bool:
        """Whether the parameter at ``path`` may differ from neuron to neuron."""
        return path in self.model.parameters() and path in self.specs

    @cached_property
    def choice_specs(self) -> Mapping[str, ChoiceSpec]:
        """Declaration of every choice, by path."""
        stimuli = tuple(inputs.catalogue())
        noisy = (NO_NOISE, *(k for k, v in inputs.catalogue().items() if v.stochastic))
        return {
            "model": ChoiceSpec("LIF", tuple(catalog.neurons()), "neuron model"),
            **self.model.choices(),
            "spk_fun": ChoiceSpec(
                _default_surrogate(self.model),
                tuple(surrogates.catalogue()),
                "surrogate gradient: the pseudo-derivative that training sees at a spike",
            ),
            **{f"spk_fun.{n}": spec for n, spec in self.surrogate.choices().items()},
            "stimulus": ChoiceSpec("Step", stimuli, "shape of the input over time"),
            "noise": ChoiceSpec("OUNoise", noisy, "random input on top, drawn for each neuron"),
        }

    # -- reading --------------------------------------------------------------------------------

    def __getitem__(self, path: str) -> Any:
        """Return the number or the choice at ``path``."""
        if path in self.values:
            return self.values[path]
        if path in self.specs:
            return self.specs[path].default_number
        choices = self.choice_specs
        if path not in choices:
            raise unknown_name("parameter", path, [*self.specs, *choices], self.model.__name__)
        match path:
            case "model":
                return self.model.__name__
            case "stimulus":
                return self.stimulus.__name__
            case "noise":
                return self.noise.__name__ if self.noise else NO_NOISE
            case "spk_fun":
                return self.surrogate.__name__
        return self.choices.get(path, choices[path].default)

    def __iter__(self) -> Iterator[str]:
        return iter((*self.choice_specs, *self.specs))

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

    @cached_property
    def structure(self) -> Structure:
        """What the compiled program depends on."""
        chosen = tuple((p, self[p]) for p in self.model.choices())
        traced = (p for p in self.specs if not p.startswith("spk_fun.") and p not in _NOT_TRACED)
        return Structure(
            model=self.model,
            n=self.n,
            stimulus=self.stimulus,
            noise=self.noise,
            choices=chosen,
            paths=tuple(traced),
            n_watched=len(self.watched),
        )

    def differences(self) -> dict[str, Any]:
        """Return every choice and number that is not its default, by path."""
        choices = self.choice_specs
        found = {p: self[p] for p, spec in choices.items() if self[p] != spec.default}
        found |= {
            p: self[p]
            for p, spec in self.specs.items()
            if p.endswith(".spread") or self[p] != spec.default_number
        }
        return found

    # -- changing -------------------------------------------------------------------------------

    def set(self, path: str, value: Any) -> Experiment:
        """Return this experiment with another value at ``path``.

        Parameters
        ----------
        path : str
            A parameter path, a choice, or ``<parameter>.spread`` to let it differ between neurons.
        value : Quantity, float or str
            A quantity; a plain number in the declared unit; or text, ``"20 ms"`` or a choice.

        Raises
        ------
        ParameterError
            No such path, wrong unit, or outside what the parameter accepts.
        """
        if path in self.specs:
            number = _number(value, self.specs[path], path)
            return replace(self, values=dict(self.values) | {path: number})
        choices = self.choice_specs
        if path in choices:
            return self._choose(path, choices[path].check(value, path))
        stem = path.removesuffix(".spread")
        if stem == path:
            raise unknown_name("parameter", path, [*self.specs, *choices], self.model.__name__)
        if self.can_spread(stem):
            number = _number(value, spread_spec(self.specs[stem]), path)
            return replace(self, values=dict(self.values) | {path: number})
        if stem in self.specs:
            can = ", ".join(p for p in self.specs if self.can_spread(p))
            raise ParameterError(path, f"{stem} is the same for all neurons; can differ: {can}")
        raise unknown_name("parameter", stem, self.model.parameters(), self.model.__name__)

    def without(self, path: str) -> Experiment:
        """Return this experiment with the default at ``path``; a spread is switched off."""
        if path in self.choice_specs:
            return self.set(path, self.choice_specs[path].default)
        return replace(self, values={p: v for p, v in self.values.items() if p != path})

    def _choose(self, path: str, value: str) -> Experiment:
        match path:
            case "model":
                model = catalog.neuron(value)
                kept = {p: v for p, v in self.choices.items() if p in model.choices()}
                changed = replace(self, model=model, choices=kept)
            case "stimulus":
                changed = replace(self, stimulus=inputs.by_name(value))
            case "noise":
                changed = replace(self, noise=None if value == NO_NOISE else inputs.by_name(value))
            case "spk_fun":
                changed = replace(self, surrogate=surrogates.by_name(value))
            case _:
                return replace(self, choices=dict(self.choices) | {path: value})
        return changed._keep_what_fits(self)

    def _keep_what_fits(self, before: Experiment) -> Experiment:
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
        for prefix, component in self._parts():
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
        if self.model.largest_dt is not None and self["dt"] > self.specs["dt"].soft[1]:
            largest = f"{self.specs['dt'].soft[1]:g} ms"
            found.append(
                ParameterError(
                    "dt",
                    f"dt must be at most {largest} for the spikes of {self.model.__name__}; choose "
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

    def _parts(self) -> list[tuple[str, type[Component]]]:
        parts: list[tuple[str, type[Component]]] = [("", self.model), ("stimulus.", self.stimulus)]
        if self.noise is not None:
            parts.append(("noise.", self.noise))
        return parts

    # -- writing --------------------------------------------------------------------------------

    def to_json(self) -> str:
        """Write the experiment as JSON: the schema's version, and what is no default."""
        content = {"schema": SCHEMA, "model": self.model.__name__, "watched": list(self.watched)}
        return json.dumps(content | {"values": self.differences()}, indent=2)

    @classmethod
    def from_json(cls, text: str) -> Experiment:
        """Read what `to_json` wrote.

        Raises
        ------
        ParameterError
            Not such a text, a newer schema, or values that cannot be used.
        """
        try:
            content = json.loads(text)
            model, values = content["model"], content["values"]
            version, watched = int(content["schema"]), tuple(map(int, content["watched"]))
            if not (isinstance(model, str) and isinstance(values, dict)):
                raise TypeError("model must be a name and values an object")
        except (ValueError, KeyError, TypeError) as error:
            raise ParameterError("file", f"this is not an experiment file: {error}") from None
        if version > SCHEMA:
            raise ParameterError(
                "file",
                f"this file was written by a newer version (schema {version}, known {SCHEMA}); "
                "update spikescope",
            )
        experiment = cls(catalog.neuron(model), watched=watched)
        return experiment.update(values)

    def update(self, values: Mapping[str, Any]) -> Experiment:
        """Set several paths; choices first, because they decide which numbers there are."""
        experiment = self
        choices = self.choice_specs
        for path in sorted(values, key=lambda p: (p not in choices, p != "model")):
            experiment = experiment.set(path, values[path])
        return experiment


_NOT_TRACED = frozenset({"n", "seed", "duration"})


@lru_cache(maxsize=256)
def _specs(
    model: type[Neuron],
    stimulus: type[inputs.Stimulus],
    noise: type[inputs.Stimulus] | None,
    surrogate: type[surrogates.Surrogate],
) -> Mapping[str, ParameterSpec]:
    if model.input is None:
        raise ParameterError("model", f"{model.__name__} does not declare its input")
    found: dict[str, ParameterSpec] = {}
    for name, spec in model.parameters().items():
        if isinstance(spec, InitialSpec) and not isinstance(spec.default, u.Quantity | float | int):
            continue
        found[name] = spec
    found |= {f"spk_fun.{n}": s for n, s in surrogate.parameters().items()}
    for slot, component in (("stimulus", stimulus), ("noise", noise)):
        if component is not None:
            bound = {n: inputs.bind(s, model.input) for n, s in component.parameters().items()}
            found |= {f"{slot}.{n}": s for n, s in bound.items() if (slot, n) != ("noise", LEVEL)}
    return MappingProxyType(found | _settings(model))


def _settings(model: type[Neuron]) -> dict[str, ParameterSpec]:
    """Give the simulation's own numbers, with a time step that the model stands."""
    found = dict(Settings.parameters())
    if model.largest_dt is not None:
        spec, largest = Settings.dt, boundary.to_number(model.largest_dt, u.ms, "largest_dt")
        default = min(spec.default_number, largest)
        found["dt"] = spec.but(default=default * u.ms, soft=(spec.soft[0], largest))
        object.__setattr__(found["dt"], "name", "dt")  # a copied declaration has lost its name
    return found


@lru_cache(maxsize=512)
def spread_spec(spec: ParameterSpec) -> ParameterSpec:
    """Declare how far a parameter differs between neurons.

    A positive parameter spreads log-normally by a coefficient of variation, any other normally by a
    standard deviation in its own unit.
    """
    symbol = rf"\sigma({spec.symbol})"
    if spreads_in_proportion(spec):
        return ParameterSpec(
            0.2,
            symbol,
            f"coefficient of variation between neurons of the {spec.meaning.split(':')[0]}",
            soft=(0.0, 1.0),
            hard=Interval(0.0, 2.0),
        )
    width = spec.soft[1] - spec.soft[0]
    return ParameterSpec(
        spec.quantity(0.05 * width),
        symbol,
        f"standard deviation between neurons of the {spec.meaning.split(':')[0]}",
        soft=(0.0, 0.25 * width),
        hard=NON_NEGATIVE,
        unit_text=spec.unit_text,
    )


def spreads_in_proportion(spec: ParameterSpec) -> bool:
    """Whether a spread of this parameter multiplies it, so that it stays positive."""
    return spec.hard.low == 0.0


@cache
def _default_surrogate(model: type[Neuron]) -> str:
    return type(model.slots()["spk_fun"].default()).__name__


def _number(value: Any, spec: ParameterSpec, path: str) -> float:
    if isinstance(value, str):
        return spec.check(boundary.parse_quantity(value, spec.unit, path), path)
    if isinstance(value, Real) and not isinstance(value, bool):
        return spec.check(float(value), path)
    return spec.number(value, path)
