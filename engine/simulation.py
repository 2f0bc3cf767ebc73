"""From an experiment to a recording, through one compiled program per structure.

A model is built *inside* the traced function from traced parameter values, so that every number is
an argument of the compiled program and no slider ever compiles. A program advances by at most a
chunk of steps, whose number is traced too: a longer duration means more calls, not another program.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

import brainstate
import jax
import jax.numpy as jnp
import numpy as np
import saiunit as u

from engine import boundary, introspection, memory
from engine.dynamics import Neuron
from engine.errors import SimulationCancelled
from engine.experiment import LEVEL, NO_NOISE, Experiment, Structure, spreads_in_proportion
from engine.inputs import Stimulus
from engine.recording import Recording, Timing
from engine.specs import StateSpec

__all__ = ["Simulation", "compile_simulation", "is_compiled", "simulate"]

NOISE_CACHE_BYTES = 256 * 2**20

Carry = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Simulation:
    """The compiled form of a structure: a pure ``init`` and a pure ``advance``.

    Attributes
    ----------
    structure : Structure
        What was compiled.
    chunk : int
        The most steps that one call of `advance` makes.
    units : dict
        Unit of every recorded trace.
    compile_seconds : float
        How long it took to compile.
    """

    structure: Structure
    chunk: int
    units: dict[str, u.Unit]
    compile_seconds: float
    init: Callable[..., Carry]
    advance: Callable[..., tuple[Carry, dict[str, jax.Array]]]


def simulate(
    what: Experiment | type[Neuron],
    *,
    should_stop: Callable[[], bool] = lambda: False,
    on_progress: Callable[[float], None] = lambda fraction: None,
    **values: Any,
) -> Recording:
    """Run an experiment, or a model in its default experiment.

    Parameters
    ----------
    what : Experiment or Neuron subclass
        What to run.
    should_stop : callable, optional
        Asked between chunks; when it says True the run is given up.
    on_progress : callable, optional
        Told between chunks which fraction is done.
    **values
        Parameters by name, as quantities (``tau=20 * u.ms``), plain numbers in the declared unit
        for what has none (``n=100``), or choices (``spk_reset="hard"``); a dot in a path is written
        as a double underscore (``stimulus__amplitude=2 * u.mA``). ``stimulus`` and ``noise`` also
        take an instance, and ``watched`` the indices of the neurons whose states are recorded.

    Returns
    -------
    Recording
        Spikes of all neurons, states of the watched ones.

    Raises
    ------
    ParameterError
        A value that cannot be used; the text names the path and the way out.
    MemoryBudgetError
        The run would not fit into memory.
    SimulationCancelled
        ``should_stop`` said so.

    Examples
    --------
    >>> import saiunit as u
    >>> from engine import LIF, simulate
    >>> recording = simulate(LIF, tau=20 * u.ms, duration=500 * u.ms, n=10)
    >>> recording.spike_count > 0
    True
    """
    experiment = what if isinstance(what, Experiment) else Experiment(what)
    experiment = _with_values(experiment, values)
    experiment.validate()
    memory.require_budget(experiment)
    simulation, compiled = _compiled(experiment.structure)
    begin = time.perf_counter()
    numbers = np.array([experiment[p] for p in experiment.structure.paths], np.float32)
    key = np.array([0, int(experiment["seed"])], np.uint32)
    watched = np.array(experiment.watched, np.int32)
    carry = simulation.init(numbers, key)
    n_steps, traces, words = experiment.n_steps, [], []
    for start in range(0, n_steps, simulation.chunk):
        if should_stop():
            raise SimulationCancelled("the run was stopped because a newer one replaced it")
        steps = min(simulation.chunk, n_steps - start)
        noise = {
            slot: _noise(slot, int(experiment["seed"]), start // simulation.chunk, simulation)
            for slot in experiment.structure.random_slots
        }
        carry, kept = simulation.advance(
            carry, numbers, watched, np.int32(start), np.int32(steps), noise
        )
        traces.append(np.asarray(kept["traces"])[:steps])
        words.append(np.asarray(kept["spikes"])[:steps])
        on_progress((start + steps) / n_steps)
    joined = np.concatenate(traces) if traces[1:] else traces[0]
    recording = Recording(
        experiment,
        {name: joined[:, row] for row, name in enumerate(simulation.units)},
        simulation.units,
        *unpack_spikes(words, simulation.chunk),
        Timing(time.perf_counter() - begin, simulation.compile_seconds if compiled else 0.0),
    )
    return _checked(recording, carry)


def compile_simulation(structure: Structure) -> Simulation:
    """Return the compiled program of a structure, from the cache where it is there already."""
    return _compiled(structure)[0]


def is_compiled(structure: Structure) -> bool:
    """Whether a run of this structure starts at once."""
    return structure in _programs


_programs: OrderedDict[Structure, Simulation] = OrderedDict()
_programs_lock = threading.Lock()
_compiling: dict[Structure, threading.Lock] = {}
PROGRAMS_AT_MOST = 64


def _compiled(structure: Structure) -> tuple[Simulation, bool]:
    """Return the program and whether this call had to compile it; two callers compile it once."""
    with _programs_lock:
        lock = _compiling.setdefault(structure, threading.Lock())
    with lock:
        with _programs_lock:
            if structure in _programs:
                _programs.move_to_end(structure)
                return _programs[structure], False
        simulation = _compile(structure)
        with _programs_lock:
            _programs[structure] = simulation
            while len(_programs) > PROGRAMS_AT_MOST:
                _compiling.pop(_programs.popitem(last=False)[0], None)
        return simulation, True


def _compile(structure: Structure) -> Simulation:
    begin = time.perf_counter()
    chunk, none = memory.chunk_steps(structure), np.int32(0)
    numbers = np.zeros(len(structure.paths), np.float32)
    watched = np.zeros(structure.n_watched, np.int32)
    noise = dict.fromkeys(structure.random_slots, np.zeros((chunk, structure.n), np.float32))
    init = jax.jit(partial(_init, structure))
    advance = jax.jit(partial(_advance, structure, chunk))
    # A call that makes no step compiles, and later calls of the same shapes take jax's fast path.
    carry = init(numbers, np.zeros(2, np.uint32))
    jax.block_until_ready(advance(carry, numbers, watched, none, none, noise))
    if noise:
        _normal(chunk, structure.n)(np.zeros(2, np.uint32))
    units = {name: spec.unit for name, spec in _recorded(structure.model).items()}
    return Simulation(
        structure=structure,
        chunk=chunk,
        units=units | _further_units(structure),
        init=init,
        advance=advance,
        compile_seconds=time.perf_counter() - begin,
    )


def _recorded(model: type[Neuron]) -> dict[str, StateSpec]:
    return {name: spec for name, spec in model.states().items() if not spec.is_time_stamp}


def _further_units(structure: Structure) -> dict[str, u.Unit]:
    """Units of what is recorded beside the states: the input, and the threshold if there is one."""
    model, units = structure.model, {"input": structure.input_unit}
    threshold = {"threshold": model.states()[model.potential].unit}
    return units | threshold if model.has_threshold else units


# -- the traced program ----------------------------------------------------------------------------


def _init(structure: Structure, numbers: jax.Array, key: jax.Array) -> Carry:
    """Build the model and give its states at the start."""
    parameters = _parameters(structure, numbers)
    spreads = _draw_spreads(structure, parameters, key)
    with brainstate.environ.context(dt=parameters["dt"] * u.ms):
        with introspection.own_randomness(structure.model, jax.random.fold_in(key, 2)):
            model = _build(structure, parameters | spreads)
            introspection.start(model, brainstate.random.RandomState(jax.random.fold_in(key, 1)))
        carry: Carry = {"states": _states(structure, model)}
    carry["key"], carry["spread"] = key, spreads
    carry["inputs"] = {}
    for slot, kind in structure.slots.items():
        # a key of its own: with the key of the noise it would be the noise of the first step
        start = _slot_key(key, f"{slot}.start")
        draw = jax.random.normal(start, (structure.n,)) if kind.stochastic else None
        carry["inputs"][slot] = kind.begin(_numbers_of(slot, parameters), structure.n, draw)
    return carry


def _advance(
    structure: Structure,
    chunk: int,
    carry: Carry,
    numbers: jax.Array,
    watched: jax.Array,
    start: jax.Array,
    steps: jax.Array,
    noise: dict[str, jax.Array],
) -> tuple[Carry, dict[str, jax.Array]]:
    """Advance by ``steps`` steps, at most ``chunk``, and give what was recorded."""
    parameters = _parameters(structure, numbers)

    def step(index: jax.Array, evolving: Carry, xi: dict[str, Any]) -> tuple[Carry, Any]:
        # The model is built here because brainstate only lets a state be written by the trace that
        # made it. It costs trace time only.
        key = jax.random.fold_in(jax.random.fold_in(carry["key"], 3), start + index)
        with introspection.own_randomness(structure.model, key):
            model = _build(structure, parameters | carry["spread"])
            introspection.start(model, brainstate.random.RandomState(np.zeros(2, np.uint32)))
            return _step(structure, model, parameters, watched, start + index, evolving, xi)

    def body(index: jax.Array, both: tuple[Carry, Any]) -> tuple[Carry, Any]:
        evolving, kept = both
        xi = {
            slot: jax.lax.dynamic_index_in_dim(z, index, keepdims=False)
            for slot, z in noise.items()
        }
        evolving, row = step(index, evolving, xi)
        write = jax.lax.dynamic_update_index_in_dim
        return evolving, {name: write(kept[name], row[name], index, axis=0) for name in kept}

    with brainstate.environ.context(dt=parameters["dt"] * u.ms):
        evolving = {k: carry[k] for k in ("states", "inputs")}
        row = jax.eval_shape(step, start, evolving, {slot: z[0] for slot, z in noise.items()})[1]
        kept = {name: jnp.zeros((chunk, *r.shape), r.dtype) for name, r in row.items()}
        evolving, kept = jax.lax.fori_loop(0, steps, body, (evolving, kept))
    return carry | evolving, kept


def _step(
    structure: Structure,
    model: Neuron,
    parameters: dict[str, Any],
    watched: jax.Array,
    index: jax.Array,
    evolving: Carry,
    xi: dict[str, jax.Array],
) -> tuple[Carry, dict[str, jax.Array]]:
    """Take one step of stimulus and model."""
    dt = parameters["dt"]
    t = index.astype(jnp.float32) * dt
    total, carried = jnp.zeros((), jnp.float32), {}
    for slot, kind in structure.slots.items():
        value, carried[slot] = kind.sample(
            _numbers_of(slot, parameters), t, dt, evolving["inputs"][slot], xi.get(slot)
        )
        total = total + value
    current = jnp.broadcast_to(total, (structure.n,))
    for name, value in evolving["states"].items():
        getattr(model, name).value = value
    with brainstate.environ.context(i=index, t=t * u.ms):
        spikes = model(boundary.attach(current, structure.input_unit))
    states = _states(structure, model)
    # Without the barrier XLA computes the whole step again inside the packing of its spikes.
    states, spikes = jax.lax.optimization_barrier((states, spikes))
    recorded = _recorded(structure.model).items()
    traces = [boundary.strip(states[name], spec.unit) for name, spec in recorded]
    traces.append(current)
    if structure.model.has_threshold:
        unit = structure.model.states()[structure.model.potential].unit
        threshold = boundary.strip(model.threshold, unit)
        traces.append(jnp.broadcast_to(threshold, (structure.n,)))
    traces = jnp.stack([trace[watched] for trace in traces])
    row = {"traces": traces, "spikes": pack_spikes(spikes > 0)}
    return {"states": states, "inputs": carried}, row


def _states(structure: Structure, model: Neuron) -> dict[str, Any]:
    """States of a model, each in the unit that is declared: a step must not change it."""
    return {
        name: boundary.attach(boundary.strip(getattr(model, name).value, spec.unit), spec.unit)
        for name, spec in structure.model.states().items()
    }


def _build(structure: Structure, parameters: dict[str, Any]) -> Neuron:
    specs = structure.model.parameters()
    values = {n: s.quantity(parameters[n]) for n, s in specs.items() if n in parameters}
    return structure.model(structure.n, **values, **dict(structure.choices))


def _parameters(structure: Structure, numbers: jax.Array) -> dict[str, Any]:
    return {path: numbers[i] for i, path in enumerate(structure.paths)}


def _numbers_of(slot: str, parameters: dict[str, Any]) -> dict[str, Any]:
    prefix = f"{slot}."
    level = {LEVEL: 0.0} if slot == "noise" else {}
    return level | {
        p.removeprefix(prefix): v for p, v in parameters.items() if p.startswith(prefix)
    }


def _draw_spreads(
    structure: Structure, parameters: dict[str, Any], key: jax.Array
) -> dict[str, jax.Array]:
    """Draw the value of every neuron for the parameters that differ between neurons."""
    drawn = {}
    for path in structure.paths:
        if not path.endswith(".spread"):
            continue
        name = path.removesuffix(".spread")
        spec = structure.model.parameters()[name]
        z = jax.random.normal(_slot_key(key, path), (structure.n,))
        if spreads_in_proportion(spec):
            width = jnp.sqrt(jnp.log1p(parameters[path] ** 2))
            drawn[name] = parameters[name] * jnp.exp(width * z - width**2 / 2)
        else:
            drawn[name] = parameters[name] + parameters[path] * z
    return drawn


def _slot_key(key: Any, name: str) -> jax.Array:
    return jax.random.fold_in(key, zlib.crc32(name.encode()) & 0x7FFFFFFF)


# -- noise -----------------------------------------------------------------------------------------


@lru_cache(maxsize=32)
def _normal(steps: int, n: int) -> Callable[..., jax.Array]:
    return jax.jit(lambda key: jax.random.normal(key, (steps, n), jnp.float32))


_noise_cache: OrderedDict[Any, jax.Array] = OrderedDict()
_noise_lock = threading.Lock()


def _noise(slot: str, seed: int, chunk: int, simulation: Simulation) -> jax.Array:
    """Return the standard-normal numbers of a chunk; kept, because only the seed changes them."""
    shape = (simulation.chunk, simulation.structure.n)
    address = (slot, seed, chunk, shape)
    with _noise_lock:
        if address in _noise_cache:
            _noise_cache.move_to_end(address)
            return _noise_cache[address]
    key = _slot_key(np.array([chunk, seed], np.uint32), slot)
    drawn = _normal(*shape)(key)
    with _noise_lock:
        _noise_cache[address] = drawn
        while sum(a.nbytes for a in _noise_cache.values()) > NOISE_CACHE_BYTES:
            _noise_cache.popitem(last=False)
    return drawn


# -- spikes as bits --------------------------------------------------------------------------------


MOST_UNPACKED = 256
"""Neurons up to which packing their spikes takes longer than moving them as bytes."""


def pack_spikes(spikes: jax.Array) -> jax.Array:
    """Pack booleans into 32-bit words: bit ``j`` of word ``w`` is neuron ``j * n_words + w``.

    A small population is left as it is. The words are put together row by row, because XLA makes
    vector code of that and not of a sum over bits.
    """
    n = spikes.shape[0]
    if n <= MOST_UNPACKED:
        return spikes
    n_words = -(-n // 32)
    words = jnp.zeros(n_words, jnp.uint32)
    for bit, first in enumerate(range(0, n, n_words)):
        row = spikes[first : first + n_words].astype(jnp.uint32)
        words |= jnp.pad(row, (0, n_words - row.shape[0])) << bit
    return words


def unpack_spikes(parts: list[np.ndarray], chunk: int) -> tuple[np.ndarray, np.ndarray]:
    """Turn what `pack_spikes` gave for every step into step and neuron of each spike, by time."""
    found = [_events(rows) for rows in parts]
    if len(found) == 1:
        return found[0]
    steps = [step + number * chunk for number, (step, _) in enumerate(found)]
    return np.concatenate(steps), np.concatenate([neuron for _, neuron in found])


def _events(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # Most of the bytes are empty: look at eight at a time, and search booleans, which numpy does
    # ten times faster than searching the same bytes as numbers.
    width = rows.shape[1]
    flat = rows.ravel().view(np.uint8)
    if len(flat) % 8:
        flat = np.append(flat, np.zeros(-len(flat) % 8, np.uint8))
    occupied = np.flatnonzero(flat.view(np.uint64) != 0)
    bytes_ = flat.reshape(-1, 8)[occupied]
    if rows.dtype == bool:
        hit = np.flatnonzero(bytes_.view(bool))
        return np.divmod(occupied[hit >> 3] * 8 + (hit & 7), width)
    bits = np.flatnonzero(np.unpackbits(bytes_, bitorder="little").view(bool))
    step, word = np.divmod(occupied[bits >> 6] * 2 + ((bits >> 5) & 1), width)
    return step, (bits & 31) * width + word


# -- the edges -------------------------------------------------------------------------------------


def _with_values(experiment: Experiment, values: dict[str, Any]) -> Experiment:
    given = {name.replace("__", "."): value for name, value in values.items()}
    if "watched" in given:
        watched = np.atleast_1d(given.pop("watched")).tolist()
        experiment = replace(experiment, watched=tuple(watched))
    unfolded: dict[str, Any] = {}
    for slot in ("stimulus", "noise"):
        if isinstance(given.get(slot), Stimulus):
            unfolded |= _unfold(slot, given.pop(slot))
    if given.get("noise", NO_NOISE) is None:
        given["noise"] = NO_NOISE
    return experiment.update({p: _strict(experiment, p, v) for p, v in given.items()} | unfolded)


def _unfold(slot: str, stimulus: Stimulus) -> dict[str, Any]:
    """Turn a stimulus instance into its kind and the numbers that it was given."""
    kind = type(stimulus)
    values = {name: getattr(stimulus, name) for name in kind.parameters()}
    return {slot: kind.__name__} | {f"{slot}.{n}": v for n, v in values.items() if v is not None}


def _strict(experiment: Experiment, path: str, value: Any) -> Any:
    """Refuse a plain number from Python where a unit belongs."""
    spec = experiment.specs.get(path)
    if spec is not None and isinstance(value, int | float | np.number):
        spec.number(value, path)
    return value


def _checked(recording: Recording, carry: Carry) -> Recording:
    """Cut a diverged run where it diverged, as far as that was recorded, and say so."""
    bad = np.zeros(recording.n_steps, bool)
    for trace in recording.traces.values():
        bad |= ~np.isfinite(trace).all(axis=1)
    if not bad.any():
        finite = (np.isfinite(u.get_mantissa(v)).all() for v in carry["states"].values())
        if all(finite):
            return recording
        return replace(recording, problem="the simulation diverged; choose a smaller dt")
    first = int(bad.argmax())
    keep = recording.spike_steps < first
    return replace(
        recording,
        traces={n: t[:first] for n, t in recording.traces.items()},
        spike_steps=recording.spike_steps[keep],
        spike_neurons=recording.spike_neurons[keep],
        problem=f"the simulation diverged at {first * recording.dt:g} ms; choose a smaller dt",
    )
