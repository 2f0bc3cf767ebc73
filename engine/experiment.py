"""A neuron with its stimulus, every number, and the seed, as one immutable value.

The paths of its numbers are those of `BaseExperiment`: ``tau``, ``stimulus.amplitude``,
``noise.sigma``, ``tau.spread``, ``duration``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from types import MappingProxyType
from typing import Any, ClassVar, Self

import saiunit as u

from engine import boundary, catalog, inputs, introspection, surrogates, waveforms
from engine.base_experiment import NOTHING, BaseExperiment, BaseStructure, choice_of, settings
from engine.circuits import LEVEL, Circuit, NeuronCircuit
from engine.dynamics import Neuron
from engine.errors import ParameterError
from engine.specs import ChoiceSpec, Component, InitialSpec, ParameterSpec, PointSpec

__all__ = ["Experiment", "Structure"]


@dataclass(frozen=True)
class Structure(BaseStructure):
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
    shared : tuple of str
        The random inputs that are the same for all neurons.
    """

    model: type[Neuron]
    n: int
    stimulus: type[inputs.Stimulus]
    noise: type[inputs.Stimulus] | None
    choices: tuple[tuple[str, str], ...]
    paths: tuple[str, ...]
    n_watched: int
    shared: tuple[str, ...] = ()

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
    def circuit(self) -> Circuit:
        """What is built and stepped inside the trace."""
        return NeuronCircuit(self)

    @property
    def n_states(self) -> int:
        """Number of variables that evolve, for each neuron."""
        return len(self.model.states())

    @property
    def n_traces(self) -> int:
        """Number of traces that a watched neuron leaves: states, input and threshold."""
        return len(self.model.states()) + 1 + self.model.has_threshold

    @property
    def random_slots(self) -> tuple[str, ...]:
        """The inputs that are drawn at random."""
        return tuple(name for name, kind in self.slots.items() if kind.stochastic)

    @property
    def drawn_slots(self) -> tuple[str, ...]:
        """The inputs whose time course is given by points."""
        return tuple(name for name, kind in self.slots.items() if kind.drawn)


@dataclass(frozen=True)
class Experiment(BaseExperiment):
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

    kind: ClassVar[str] = "neuron"

    model: type[Neuron]
    stimulus: type[inputs.Stimulus] = inputs.Step
    noise: type[inputs.Stimulus] | None = inputs.OUNoise
    surrogate: type[surrogates.Surrogate] = surrogates.ReluGrad

    def __post_init__(self) -> None:
        introspection.complete(self.model)
        super().__post_init__()

    def __hash__(self) -> int:
        numbers = tuple(sorted(self.values.items())), tuple(sorted(self.sequences.items()))
        return hash((self.model, self.structure, numbers, self.watched))

    @property
    def title(self) -> str:
        """Name of the model."""
        return self.model.__name__

    @property
    def neuron(self) -> type[Neuron]:
        """The model."""
        return self.model

    # -- declarations ---------------------------------------------------------------------------

    @property
    def base_specs(self) -> Mapping[str, ParameterSpec]:
        """Declaration of every number but the spreads, by parameter path."""
        return _specs(self.model, self.stimulus, self.noise, self.surrogate)

    @property
    def sequence_specs(self) -> Mapping[str, ParameterSpec]:
        """Declaration of the points of the stimulus, where it is drawn."""
        return _points(self.model) if self.stimulus.drawn else {}

    def has_effect(self, path: str) -> bool:
        """Whether a run depends on the path: the surrogate only matters to gradients."""
        return path.partition(".")[0] != "spk_fun"

    @property
    def limits_dt(self) -> bool:
        """Whether the model says how large a time step it stands."""
        return self.model.largest_dt is not None

    def can_spread(self, path: str) -> bool:
        """Whether the parameter at ``path`` may differ from neuron to neuron."""
        return path in self.model.parameters() and path in self.base_specs

    @cached_property
    def choice_specs(self) -> Mapping[str, ChoiceSpec]:
        """Declaration of every choice, by path."""
        stimuli = inputs.catalogue()
        noisy = {name: kind for name, kind in stimuli.items() if kind.stochastic}
        return {
            "model": choice_of(catalog.neurons(), "LIF", "neuron model"),
            **self.model.choices(),
            "spk_fun": choice_of(
                surrogates.catalogue(),
                _default_surrogate(self.model),
                "surrogate gradient: the pseudo-derivative that training sees at a spike",
            ),
            **{f"spk_fun.{n}": spec for n, spec in self.surrogate.choices().items()},
            "stimulus": choice_of(stimuli, "Step", "shape of the input over time"),
            "noise": choice_of(
                noisy, "OUNoise", "random input on top, drawn for each neuron", may_be_empty=True
            ),
            **{
                f"{slot}.{name}": spec
                for slot, kind in (("stimulus", self.stimulus), ("noise", self.noise))
                if kind is not None and kind.stochastic
                for name, spec in inputs.Draws.choices().items()
            },
        }

    def parts(self) -> Mapping[str, type[Component]]:
        """Return the components by the prefix of their paths."""
        found: dict[str, type[Component]] = {"": self.model, "stimulus.": self.stimulus}
        return found if self.noise is None else found | {"noise.": self.noise}

    def _chosen(self, path: str) -> str:
        match path:
            case "model":
                return self.model.__name__
            case "stimulus":
                return self.stimulus.__name__
            case "noise":
                return self.noise.__name__ if self.noise else NOTHING
            case "spk_fun":
                return self.surrogate.__name__
        return self.choices.get(path, self.choice_specs[path].default)

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
            shared=tuple(
                slot
                for slot in ("stimulus", "noise")
                if f"{slot}.across" in self.choice_specs and self[f"{slot}.across"] == "all"
            ),
        )

    def _choose(self, path: str, value: str) -> Self:
        match path:
            case "model":
                changed = replace(self, model=catalog.neuron(value))
                if self.stimulus.drawn:
                    changed = replace(changed, sequences=self._scaled_to(changed))
            case "stimulus":
                kind = inputs.by_name(value)
                changed = replace(self, stimulus=kind, sequences=self._redrawn(kind))
            case "noise":
                changed = replace(self, noise=None if value == NOTHING else inputs.by_name(value))
            case "spk_fun":
                changed = replace(self, surrogate=surrogates.by_name(value))
            case _:
                return replace(self, choices=dict(self.choices) | {path: value})
        specs = changed.choice_specs.items()
        kept = {p: self.choices[p] for p, spec in specs if self.choices.get(p) in spec.options}
        return replace(changed, choices=kept)._keep_what_fits(self)

    def _redrawn(self, kind: type[inputs.Stimulus]) -> dict[str, waveforms.Points]:
        """Give the points with which another stimulus goes on with what is drawn now."""
        if not kind.drawn:
            return {}
        now = self.stimulus
        if now is kind:
            return dict(self.sequences)  # type: ignore[arg-type]
        numbers = {name: self[f"stimulus.{name}"] for name in now.parameters()}
        points = self[POINTS] if now.drawn else ()
        duration, dt, seed = self["duration"], self["dt"], int(self["seed"])
        return {POINTS: waveforms.convert(now, numbers, points, kind, duration, dt, seed)}

    def _scaled_to(self, other: Self) -> dict[str, waveforms.Points]:
        """Give the points for another model: the same multiples of its default drive."""
        if POINTS not in self.sequences:
            return {}
        points: waveforms.Points = self.sequences[POINTS]  # type: ignore[assignment]
        ours, theirs = (
            float(u.get_mantissa(e.model.input.default))  # type: ignore[union-attr]
            for e in (self, other)
        )
        same = self.structure.input_unit == other.model.input.unit  # type: ignore[union-attr]
        factor = 1.0 if same or not ours else theirs / ours
        return {POINTS: tuple((t, float(f"{v * factor:.6g}")) for t, v in points)}

    def fresh(self) -> Self:
        """Return the default experiment of the same model."""
        return type(self)(self.model)

    def _header(self) -> dict[str, Any]:
        return {"model": self.model.__name__, "watched": list(self.watched)}

    @classmethod
    def _from_header(cls, content: Mapping[str, Any]) -> Self:
        model, watched = content["model"], tuple(map(int, content["watched"]))
        if not isinstance(model, str):
            raise TypeError("model must be a name")
        return cls(catalog.neuron(model), watched=watched)


POINTS = "stimulus.points"
"""Path of the points of a drawn stimulus."""

_NOT_TRACED = frozenset({"n", "seed", "duration"})


@lru_cache(maxsize=256)
def _points(model: type[Neuron]) -> Mapping[str, ParameterSpec]:
    """Declare a point of a drawn stimulus; the points are at first those of a step."""
    assert model.input is not None  # an experiment refuses a model that does not say
    spec, step = model.input, inputs.Step
    row = step.corners(step().numbers(spec), 0.0)
    declared = PointSpec(
        boundary.attach(0.0, spec.unit),
        "w_k",
        "points: time in ms and value, such as 100:2; two at the same time are a jump. Draw in the "
        "plot of the input, type them, or load a table",
        soft=spec.soft,
        unit_text=spec.unit_text,
        row=tuple((float(t), float(v)) for t, v in row),
    )
    return MappingProxyType({POINTS: declared})


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
            if component.stochastic:
                bound |= inputs.Draws.parameters()
            found |= {f"{slot}.{n}": s for n, s in bound.items() if (slot, n) != ("noise", LEVEL)}
    return MappingProxyType(found | settings(model.largest_dt))


@cache
def _default_surrogate(model: type[Neuron]) -> str:
    return type(model.slots()["spk_fun"].default()).__name__
