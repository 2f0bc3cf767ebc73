"""A synapse, or two side by side, with a train of spikes before and a cell behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any, ClassVar, Self

import numpy as np
import saiunit as u

from engine import catalog, introspection, postsynaptic, trains
from engine.base_experiment import NOTHING, BaseExperiment, BaseStructure, choice_of, settings
from engine.circuits import Circuit
from engine.dynamics import Dynamics, Neuron, Synapse
from engine.specs import (
    NON_NEGATIVE,
    ChoiceSpec,
    Component,
    InitialSpec,
    ParameterSpec,
)
from engine.synapse_circuit import SynapseCircuit
from engine.synapses import AMPA, ShortTermPlasticity
from engine.synouts import COBA, CUBA

__all__ = ["LANES", "Contact", "SynapseExperiment", "SynapseStructure", "kernels", "short_term"]

LANES = {"": "A", "B.": "B"}
"""Name of each of the two synapses, by the prefix of its paths."""

TIMES = "train.times"
"""Path of the spike times that are given by hand."""


class Contact(Component):
    """What a synaptic contact adds to the model of its kinetics."""

    g_max = ParameterSpec(
        5.0 * u.nS,
        r"g_{\max}",
        "conductance that the synaptic variable is multiplied by, for one cell",
        soft=(0.0, 50.0),
        hard=NON_NEGATIVE,
    )


@dataclass(frozen=True)
class SynapseStructure(BaseStructure):
    """What shapes the compiled program of a `SynapseExperiment`.

    Parameters
    ----------
    slots : tuple of (str, type or None)
        Component at every place: ``("synapse", AMPA)``, ``("B.plasticity", STP)``.
    choices : tuple of (str, str)
        The components' choices, by path.
    paths : tuple of str
        Parameter paths in the order of the traced vector.
    """

    slots: tuple[tuple[str, type[Component] | None], ...]
    choices: tuple[tuple[str, str], ...]
    paths: tuple[str, ...]
    n: int = 1
    n_watched: int = 1

    @property
    def kinds(self) -> dict[str, type[Component]]:
        """Component at every place that is not empty."""
        return {place: kind for place, kind in self.slots if kind is not None}

    @property
    def lanes(self) -> tuple[str, ...]:
        """Prefixes of the synapses that there are."""
        return tuple(prefix for prefix in LANES if f"{prefix}synapse" in self.kinds)

    @property
    def specs(self) -> Mapping[str, ParameterSpec]:
        """Declaration of every number."""
        return _specs(self.slots)

    @property
    def circuit(self) -> Circuit:
        """What is built and stepped inside the trace."""
        return SynapseCircuit(self)

    @property
    def n_states(self) -> int:
        """Number of variables that evolve."""
        kinds = self.kinds.values()
        return sum(len(k.states()) for k in kinds) + len(self.kinds["post"].states())

    @property
    def n_traces(self) -> int:
        """Number of traces."""
        return len(self.circuit.units)


@dataclass(frozen=True)
class SynapseExperiment(BaseExperiment):
    r"""A synapse between a train of spikes and a cell.

    The paths of its numbers begin with their place: ``train.rate``, ``plasticity.U``,
    ``synapse.tau``, ``output.E``, ``g_max``, ``post.tau``. A second synapse on the same train has
    the same places with ``B.`` in front; it acts on a cell of its own with the same numbers.

    Parameters
    ----------
    synapse : type
        The kinetics: a `Synapse` that is no short-term plasticity. Its variable runs without unit;
        times ``g_max`` it is the conductance.
    others : mapping
        Component of every other place, by place, where it differs from the default.

    Notes
    -----
    A spike jumps the synapse by one, or by what short-term plasticity releases. A receptor, which
    only knows whether a spike came, sees the concentration ``T`` of its transmitter scaled by the
    release instead.

    Examples
    --------
    >>> from engine import DualExpon, SynapseExperiment, simulate
    >>> experiment = SynapseExperiment(DualExpon).update({"train": "PairedPulses", "g_max": "2 nS"})
    >>> recording = simulate(experiment)
    >>> abs(float(recording.traces["g"].max()) - 2.0) < 0.1
    True
    """

    kind: ClassVar[str] = "synapse"

    synapse: type[Synapse] = AMPA
    others: Mapping[str, type[Component] | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "others", MappingProxyType(dict(self.others)))
        for kind in self.slots.values():
            if kind is not None and issubclass(kind, Dynamics):
                introspection.complete(kind)

    def __hash__(self) -> int:
        numbers = tuple(sorted(self.values.items())), tuple(sorted(self.sequences.items()))
        return hash((self.structure, numbers))

    @property
    def title(self) -> str:
        """Names of the synapses."""
        second = self.slots["B.synapse"]
        return self.synapse.__name__ + (f" and {second.__name__}" if second else "")

    @property
    def neuron(self) -> type[Neuron]:
        """The cell behind the synapse."""
        return self.slots["post"]  # type: ignore[return-value]

    @cached_property
    def slots(self) -> Mapping[str, type[Component] | None]:
        """Component of every place; None where it is empty."""
        filled: dict[str, type[Component] | None] = dict(_DEFAULTS) | dict(self.others)
        filled["synapse"] = self.synapse
        if filled["B.synapse"] is None:
            filled |= {"B.plasticity": None, "B.output": None, "B.learning": None}
        elif filled["B.output"] is None:
            filled["B.output"] = COBA
        return MappingProxyType(filled)

    @property
    def lanes(self) -> tuple[str, ...]:
        """Prefixes of the synapses that there are: the empty one, and perhaps ``"B."``."""
        return self.structure.lanes

    @property
    def base_specs(self) -> Mapping[str, ParameterSpec]:
        """Declaration of every number, by parameter path."""
        return _specs(tuple(self.slots.items()))

    @property
    def sequence_specs(self) -> Mapping[str, ParameterSpec]:
        """Declaration of the spike times, where they are given by hand."""
        drawn = self.slots["train"] is trains.DrawnTrain
        return {TIMES: trains.DRAWN_TIME} if drawn else {}

    @cached_property
    def choice_specs(self) -> Mapping[str, ChoiceSpec]:
        """Declaration of every choice, by path."""
        second = self.slots["B.synapse"] is not None
        places = [p for p in _FAMILIES if second or not p.startswith("B.") or p == "B.synapse"]
        found = {place: _place_choice(place) for place in places}
        for place, kind in self.slots.items():
            if kind is not None:
                found |= {f"{place}.{n}": c for n, c in kind.choices().items() if n != "spk_reset"}
        return found

    def parts(self) -> Mapping[str, type[Component]]:
        """Return the components by the prefix of their paths."""
        return {f"{place}.": kind for place, kind in self.slots.items() if kind is not None}

    def _chosen(self, path: str) -> str:
        if path in _FAMILIES:
            kind = self.slots[path]
            return NOTHING if kind is None else kind.__name__
        return self.choices.get(path, self.choice_specs[path].default)

    @cached_property
    def structure(self) -> SynapseStructure:
        """What the compiled program depends on."""
        slots = {place: kind for place, kind in self.slots.items() if place != "train"}
        traced = (p for p in self.specs if not p.startswith("train.") and p not in _NOT_TRACED)
        named = (p for p in self.choice_specs if p not in _FAMILIES and not p.startswith("train."))
        return SynapseStructure(
            slots=tuple(slots.items()),
            choices=tuple((p, self[p]) for p in named),
            paths=tuple(traced),
        )

    @property
    def n(self) -> int:
        """Number of cells behind a synapse: one."""
        return 1

    @property
    def arrivals(self) -> np.ndarray:
        """Times of the presynaptic spikes in ms, shape (spike,)."""
        return self.arrival_steps * self["dt"]

    @cached_property
    def arrival_steps(self) -> np.ndarray:
        """Steps in which presynaptic spikes come, shape (spike,)."""
        train: Any = self.slots["train"]
        numbers = {name: self[f"train.{name}"] for name in train.parameters()}
        drawn = self.sequences.get(TIMES, ())
        times = train().spikes(numbers, trains.Run(self["duration"], int(self["seed"]), drawn))
        steps = trains.steps(times, self["dt"])
        return steps[steps < self.n_steps]

    def _choose(self, path: str, value: str) -> Self:
        if path not in _FAMILIES:
            return replace(self, choices=dict(self.choices) | {path: value})
        kind = None if value == NOTHING else _FAMILIES[path]()[value]
        if path == "synapse":
            changed = replace(self, synapse=kind)
        else:
            changed = replace(self, others=dict(self.others) | {path: kind})
        kept = {p: v for p, v in self.choices.items() if p in changed.choice_specs}
        return replace(changed, choices=kept)._keep_what_fits(self)

    def fresh(self) -> Self:
        """Return the default experiment of the same synapse."""
        return type(self)(self.synapse)

    def _header(self) -> dict[str, Any]:
        return {"kind": self.kind}

    @classmethod
    def _from_header(cls, content: Mapping[str, Any]) -> Self:
        return cls()


def kernels() -> dict[str, type[Synapse]]:
    """Return the synapses that filter spikes into a conductance, by name."""
    found = catalog.synapses().items()
    return {name: cls for name, cls in found if not issubclass(cls, ShortTermPlasticity)}


def short_term() -> dict[str, type[Synapse]]:
    """Return the models of short-term plasticity, by name."""
    return {n: c for n, c in catalog.synapses().items() if issubclass(c, ShortTermPlasticity)}


_NOT_TRACED = frozenset({"seed", "duration"})

_FAMILIES: dict[str, Any] = {
    "synapse": kernels,
    "plasticity": short_term,
    "output": catalog.outputs,
    "learning": catalog.plasticity,
    "B.synapse": kernels,
    "B.plasticity": short_term,
    "B.output": catalog.outputs,
    "B.learning": catalog.plasticity,
    "train": trains.catalogue,
    "post": postsynaptic.catalogue,
}
_MAY_BE_EMPTY = frozenset({"plasticity", "learning", "B.synapse", "B.plasticity", "B.learning"})
_DEFAULTS: dict[str, type[Component] | None] = {
    "synapse": AMPA,
    "plasticity": None,
    "output": COBA,
    "learning": None,
    "B.synapse": None,
    "B.plasticity": None,
    "B.output": None,
    "B.learning": None,
    "train": trains.RegularTrain,
    "post": postsynaptic.Cell,
}
_MEANINGS = {
    "synapse": "kinetics of the synapse: how a spike opens it and how it closes again",
    "plasticity": "short-term plasticity: how earlier spikes change what a spike releases",
    "output": "how the conductance becomes a current into the cell",
    "learning": "long-term plasticity: how pairs of spikes before and behind change the weight",
    "train": "when the presynaptic spikes come",
    "post": "what the synapse acts on: a cell that fires, or a clamped potential",
}


def _place_choice(place: str) -> ChoiceSpec:
    name = place.removeprefix("B.")
    meaning = _MEANINGS[name] if place == name else f"second synapse: {_MEANINGS[name]}"
    default = _DEFAULTS[place]
    word = COBA.__name__ if place == "B.output" else NOTHING
    return choice_of(
        _FAMILIES[place](),
        default.__name__ if default else word,
        meaning,
        label=_LABELS.get(name, "kind"),
        may_be_empty=place in _MAY_BE_EMPTY,
    )


_LABELS = {"plasticity": "short-term", "learning": "long-term", "output": "output"}


@lru_cache(maxsize=512)
def _specs(slots: tuple[tuple[str, type[Component] | None], ...]) -> Mapping[str, ParameterSpec]:
    found: dict[str, ParameterSpec] = {}
    for place, kind in slots:
        if kind is None:
            continue
        if place.endswith("synapse"):
            found[f"{place.removesuffix('synapse')}g_max"] = Contact.g_max
        for name, spec in kind.parameters().items():
            # every run begins at rest
            if not isinstance(spec, InitialSpec) and np.ndim(spec.default_number) == 0:
                found[f"{place}.{name}"] = _DRIVING_FORCE if spec is CUBA.scale else spec
    numbers = {name: spec for name, spec in settings().items() if name != "n"}
    return MappingProxyType(found | numbers)


_DRIVING_FORCE = CUBA.scale.but(
    default=65.0 * u.mV, soft=(1.0, 150.0), scale="linear", unit_text="mV"
)
"""As much as a reversal potential of 0 mV gives at rest; the declared volt is for mS and mA."""
