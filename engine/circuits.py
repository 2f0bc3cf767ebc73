"""What runs inside the compiled program of an experiment: built, started and stepped.

A circuit turns traced numbers into models, gives their states at the start and takes one step of
them. The compiled loop around it is in `engine.simulation`.
"""

from __future__ import annotations

import threading
import zlib
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import brainstate
import jax
import jax.numpy as jnp
import numpy as np
import saiunit as u

from engine import boundary, introspection
from engine.base_experiment import BaseExperiment, spreads_in_proportion
from engine.dynamics import Neuron
from engine.specs import Component, StateSpec

if TYPE_CHECKING:
    from engine.experiment import Structure
    from engine.network_structure import NetworkStructure
    from engine.synapse_experiment import SynapseStructure

__all__ = [
    "LEVEL",
    "Carry",
    "Circuit",
    "NeuronCircuit",
    "arguments",
    "noise",
    "slot_key",
    "under",
]

LEVEL = "mean"
"""Parameter of a random input that is held at zero where it comes on top of a stimulus."""

NOISE_CACHE_BYTES = 256 * 2**20

KEY = "random key"
"""Where the seed's key stands among what is fixed: no parameter can have this name."""

Carry = dict[str, Any]
"""``"fixed"`` holds what was drawn at the start; every other entry changes with each step."""

Row = dict[str, jax.Array]
"""What a step leaves: ``"traces"``, shape (trace, watched), and ``"spikes"``, shape (neuron,)."""


class Circuit(ABC):
    """The models of a structure and how they hang together."""

    @property
    @abstractmethod
    def units(self) -> Mapping[str, u.Unit]:
        """Unit of every recorded trace, in the order of a row."""

    @abstractmethod
    def drive(self, experiment: BaseExperiment, chunk: int, number: int) -> dict[str, Any]:
        """Return what drives the steps of the chunk ``number``: arrays of shape (chunk, ...)."""

    @abstractmethod
    def no_drive(self, chunk: int) -> dict[str, Any]:
        """Return arrays of the shapes of `drive`, to compile with."""

    def tables(self, experiment: BaseExperiment) -> dict[str, Any]:
        """Return arrays that a step finds in ``fixed``, such as connections: none."""
        return {}

    def no_tables(self) -> dict[str, Any]:
        """Return arrays of the shapes of `tables`, to compile with."""
        return {}

    def fixed_bytes(self) -> int:
        """Return how many bytes `tables` take, and what travels between the steps: none."""
        return 0

    def objection(self, experiment: BaseExperiment, spikes: np.ndarray) -> tuple[str, int]:
        """Say why a run should stop after a chunk with these spikes; here it never does.

        Returns
        -------
        why : str
            A sentence; empty where the run goes on.
        steps : int
            How many steps of the chunk are to be kept.
        """
        return "", len(spikes)

    def remembered(self, evolving: Carry, start: jax.Array, chunk: int) -> Row:
        """Return what a chunk that began with the step ``start`` left in the carry: nothing."""
        return {}

    @abstractmethod
    def start(self, parameters: dict[str, Any], key: jax.Array) -> Carry:
        """Build the models and give their states at the start."""

    @abstractmethod
    def step(
        self,
        parameters: dict[str, Any],
        fixed: Any,
        evolving: Carry,
        drive: dict[str, Any],
        index: jax.Array,
        watched: jax.Array,
    ) -> tuple[Carry, Row]:
        """Take one step."""


class NeuronCircuit(Circuit):
    """A population of one model under a stimulus and noise.

    Parameters
    ----------
    structure : Structure
        What is built.
    """

    def __init__(self, structure: Structure) -> None:
        self.structure = structure

    @property
    def units(self) -> dict[str, u.Unit]:
        """Unit of every recorded state, of the input, and of the threshold if there is one."""
        model = self.structure.model
        units = {name: spec.unit for name, spec in _recorded(model).items()}
        units["input"] = self.structure.input_unit
        return units | ({"threshold": units[model.potential]} if model.has_threshold else {})

    def drive(self, experiment: BaseExperiment, chunk: int, number: int) -> dict[str, Any]:
        """Return standard-normal numbers for every random input, and the values of drawn ones."""
        seed, found = int(experiment["seed"]), {}
        for slot in self.structure.random_slots:
            own = int(experiment[f"{slot}.seed"]) or seed
            found[slot] = noise(slot, own, number, (chunk, *self._shape(slot)), _normal)
        for slot in self.structure.drawn_slots:
            kind, points = self.structure.slots[slot], experiment[f"{slot}.points"]
            found[slot] = _drawn(kind, points, number * chunk, chunk, experiment["dt"])
        return found

    def no_drive(self, chunk: int) -> dict[str, Any]:
        """Return zeros for every such input, and compile what draws the random ones."""
        found = {}
        for slot in self.structure.random_slots:
            shape = (chunk, *self._shape(slot))
            _normal(*shape)(np.zeros(2, np.uint32))
            found[slot] = np.zeros(shape, np.float32)
        return found | dict.fromkeys(self.structure.drawn_slots, np.zeros(chunk, np.float32))

    def _shape(self, slot: str) -> tuple[int, ...]:
        """Return the shape of what is drawn for a step."""
        return self.structure.slots[slot].shape(self._width(slot))

    def _width(self, slot: str) -> int:
        """Return how many neurons get an input of their own."""
        return 1 if slot in self.structure.shared else self.structure.n

    def start(self, parameters: dict[str, Any], key: jax.Array) -> Carry:
        """Build the model and give its states at the start."""
        structure = self.structure
        spreads = self._draw_spreads(parameters, key)
        with introspection.own_randomness(structure.model, jax.random.fold_in(key, 2)):
            model = self._build(parameters | spreads)
            introspection.start(model, brainstate.random.RandomState(jax.random.fold_in(key, 1)))
        states = self._states(model)
        inputs = {}
        for slot, kind in structure.slots.items():
            # a key of its own: with the key of the noise it would be the noise of the first step
            numbers, width, draw = _numbers_of(slot, parameters), self._width(slot), None
            if kind.stochastic:
                own = parameters[f"{slot}.seed"].astype(key.dtype)
                start = slot_key(jnp.where(own > 0, key.at[-1].set(own), key), f"{slot}.start")
                draw = jax.random.normal(start, kind.shape(width))
            inputs[slot] = kind.begin(numbers, width, draw)
        return {"states": states, "fixed": spreads | {KEY: key}, "inputs": inputs}

    def step(
        self,
        parameters: dict[str, Any],
        fixed: Any,
        evolving: Carry,
        drive: dict[str, Any],
        index: jax.Array,
        watched: jax.Array,
    ) -> tuple[Carry, Row]:
        """Take one step of stimulus and model."""
        structure = self.structure
        dt = parameters["dt"]
        t = index.astype(jnp.float32) * dt
        total, carried = jnp.zeros((), jnp.float32), {}
        for slot, kind in structure.slots.items():
            value, carried[slot] = kind.sample(
                _numbers_of(slot, parameters), t, dt, evolving["inputs"][slot], drive.get(slot)
            )
            total = total + value
        current = jnp.broadcast_to(total, (structure.n,))
        key = jax.random.fold_in(jax.random.fold_in(fixed[KEY], 3), index)
        with introspection.own_randomness(structure.model, key):
            # The model is built here because brainstate only lets a state be written by the trace
            # that made it. It costs trace time only.
            model = self._build(parameters | fixed)
            introspection.start(model, brainstate.random.RandomState(np.zeros(2, np.uint32)))
            for name, value in evolving["states"].items():
                getattr(model, name).value = value
            with brainstate.environ.context(i=index, t=t * u.ms):
                spikes = model(boundary.attach(current, structure.input_unit))
            states = self._states(model)
        # Without the barrier XLA computes the whole step again inside the packing of its spikes.
        states, spikes = jax.lax.optimization_barrier((states, spikes))
        recorded = _recorded(structure.model).items()
        traces = [boundary.strip(states[name], spec.unit) for name, spec in recorded]
        traces.append(current)
        if structure.model.has_threshold:
            unit = structure.model.states()[structure.model.potential].unit
            threshold = boundary.strip(model.threshold, unit)
            traces.append(jnp.broadcast_to(threshold, (structure.n,)))
        rows = jnp.stack([trace[watched] for trace in traces])
        return {"states": states, "inputs": carried}, {"traces": rows, "spikes": spikes > 0}

    def _states(self, model: Neuron) -> dict[str, Any]:
        """States of the model, each in the unit that is declared: a step must not change it."""
        return {
            name: boundary.attach(boundary.strip(getattr(model, name).value, spec.unit), spec.unit)
            for name, spec in self.structure.model.states().items()
        }

    def _build(self, parameters: dict[str, Any]) -> Neuron:
        structure = self.structure
        specs = structure.model.parameters()
        values = {n: s.quantity(parameters[n]) for n, s in specs.items() if n in parameters}
        return structure.model(structure.n, **values, **dict(structure.choices))

    def _draw_spreads(self, parameters: dict[str, Any], key: jax.Array) -> dict[str, jax.Array]:
        """Draw the value of every neuron for the parameters that differ between neurons."""
        drawn = {}
        for path in self.structure.paths:
            if not path.endswith(".spread"):
                continue
            name = path.removesuffix(".spread")
            spec = self.structure.model.parameters()[name]
            z = jax.random.normal(slot_key(key, path), (self.structure.n,))
            if spreads_in_proportion(spec):
                width = jnp.sqrt(jnp.log1p(parameters[path] ** 2))
                drawn[name] = parameters[name] * jnp.exp(width * z - width**2 / 2)
            else:
                drawn[name] = parameters[name] + parameters[path] * z
        return drawn


def _recorded(model: type[Neuron]) -> dict[str, StateSpec]:
    return {name: spec for name, spec in model.states().items() if not spec.is_time_stamp}


def _numbers_of(slot: str, parameters: dict[str, Any]) -> dict[str, Any]:
    level = {LEVEL: 0.0} if slot == "noise" else {}
    return level | under(f"{slot}.", parameters)


def under(prefix: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of a place, by their names there."""
    return {p.removeprefix(prefix): v for p, v in parameters.items() if p.startswith(prefix)}


def arguments(
    structure: SynapseStructure | NetworkStructure,
    at: str,
    kind: type[Component],
    parameters: dict[str, Any],
) -> dict[str, Any]:
    """Return the arguments of what stands at a place: numbers with units, and choices."""
    specs, chosen = structure.specs, dict(structure.choices)
    names = (n for n in kind.parameters() if f"{at}.{n}" in specs)
    found = {n: specs[f"{at}.{n}"].quantity(parameters[f"{at}.{n}"]) for n in names}
    return found | {n: chosen[f"{at}.{n}"] for n in kind.choices() if f"{at}.{n}" in chosen}


def slot_key(key: Any, name: str) -> jax.Array:
    """Return a key of its own for everything that is drawn under ``name``."""
    return jax.random.fold_in(key, zlib.crc32(name.encode()) & 0x7FFFFFFF)


# -- noise -----------------------------------------------------------------------------------------


@lru_cache(maxsize=32)
def _normal(*shape: int) -> Callable[..., jax.Array]:
    return jax.jit(lambda key: jax.random.normal(key, shape, jnp.float32))


@lru_cache(maxsize=32)
def _drawn(kind: Any, points: Any, first: int, steps: int, dt: float) -> np.ndarray:
    """Return the drawn course of a chunk; kept, because most sliders do not change it."""
    return kind.interpolate(points, np.arange(first, first + steps), dt)


_noise_cache: OrderedDict[Any, jax.Array] = OrderedDict()
_noise_lock = threading.Lock()


def noise(
    slot: str, seed: int, chunk: int, shape: tuple[int, ...], law: Callable[..., Any]
) -> jax.Array:
    """Return the random numbers of a chunk; kept, because only the seed changes them.

    ``law`` makes, of a shape (steps and neurons), what draws them with a key.
    """
    address = (slot, seed, chunk, shape)
    with _noise_lock:
        if address in _noise_cache:
            _noise_cache.move_to_end(address)
            return _noise_cache[address]
    key = slot_key(np.array([chunk, seed], np.uint32), slot)
    drawn = law(*shape)(key)
    with _noise_lock:
        _noise_cache[address] = drawn
        while sum(a.nbytes for a in _noise_cache.values()) > NOISE_CACHE_BYTES:
            _noise_cache.popitem(last=False)
    return drawn
