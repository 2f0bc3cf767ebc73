"""From an experiment to a recording, through one compiled program per structure.

A model is built *inside* the traced function from traced parameter values, so that every number is
an argument of the compiled program and no slider ever compiles. A program advances by at most a
chunk of steps, whose number is traced too: a longer duration means more calls, not another program.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import brainstate
import jax
import jax.numpy as jnp
import numpy as np
import saiunit as u

from engine import memory
from engine.base_experiment import NOTHING, BaseExperiment, BaseStructure
from engine.circuits import Carry, Circuit
from engine.dynamics import Neuron
from engine.errors import SimulationCancelled
from engine.events import pack_spikes, unpack_spikes
from engine.experiment import Experiment
from engine.inputs import Stimulus
from engine.recording import Recording, Timing

__all__ = ["Simulation", "compile_simulation", "is_compiled", "simulate"]


@dataclass(frozen=True, eq=False)
class Simulation:
    """The compiled form of a structure: a pure ``init`` and a pure ``advance``.

    Attributes
    ----------
    structure : Structure
        What was compiled.
    circuit : Circuit
        What runs inside.
    chunk : int
        The most steps that one call of `advance` makes.
    compile_seconds : float
        How long it took to compile.
    """

    structure: BaseStructure
    circuit: Circuit
    chunk: int
    compile_seconds: float
    init: Callable[..., Carry]
    advance: Callable[..., tuple[Carry, dict[str, jax.Array]]]


def simulate(
    what: BaseExperiment | type[Neuron],
    *,
    should_stop: Callable[[], bool] = lambda: False,
    on_progress: Callable[[float], None] = lambda fraction: None,
    on_part: Callable[[Recording], None] | None = None,
    **values: Any,
) -> Recording:
    """Run an experiment, or a model in its default experiment.

    Parameters
    ----------
    what : Experiment, SynapseExperiment, NetworkExperiment or Neuron subclass
        What to run.
    should_stop : callable, optional
        Asked between chunks; when it says True the run is given up.
    on_progress : callable, optional
        Told between chunks which fraction is done.
    on_part : callable, optional
        Given what a long run has recorded so far, a few times a second.
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
    experiment = what if isinstance(what, BaseExperiment) else Experiment(what)
    experiment = _with_values(experiment, values)
    experiment.validate()
    memory.require_budget(experiment)
    simulation, compiled = _compiled(experiment.structure)
    begin = time.perf_counter()
    numbers = np.array([experiment[p] for p in experiment.structure.paths], np.float32)
    key = np.array([0, int(experiment["seed"])], np.uint32)
    watched = np.array(experiment.watched, np.int32)
    carry = simulation.init(numbers, key)
    carry["fixed"] |= simulation.circuit.tables(experiment)
    n_steps, so_far, problem = experiment.n_steps, _SoFar(experiment, simulation), ""
    for start in range(0, n_steps, simulation.chunk):
        if should_stop():
            raise SimulationCancelled("the run was stopped because a newer one replaced it")
        steps = min(simulation.chunk, n_steps - start)
        drive = simulation.circuit.drive(experiment, simulation.chunk, start // simulation.chunk)
        evolving, kept = simulation.advance(
            carry, numbers, watched, np.int32(start), np.int32(steps), drive
        )
        carry |= evolving
        spikes = np.asarray(kept["spikes"])[:steps]
        problem, last = simulation.circuit.objection(experiment, spikes)
        so_far.add(start, np.asarray(kept["traces"])[:last], spikes[:last])
        if problem:
            break
        on_progress((start + steps) / n_steps)
        if on_part is not None and start + steps < n_steps:
            so_far.show(on_part, begin)
    compile_seconds = simulation.compile_seconds if compiled else 0.0
    timing = Timing(time.perf_counter() - begin, compile_seconds)
    return _checked(so_far.recording(timing, problem), carry)


PART_SECONDS = 0.25
"""How long a run goes on before it shows a part of itself again."""


class _SoFar:
    """What the chunks of a run have left; of the spikes only where there are some."""

    def __init__(self, experiment: BaseExperiment, simulation: Simulation) -> None:
        self._experiment, self._units = experiment, simulation.circuit.units
        self._traces: list[np.ndarray] = []
        self._steps: list[np.ndarray] = []
        self._neurons: list[np.ndarray] = []
        self._due = time.perf_counter() + 4 * PART_SECONDS  # a run of a second is shown at once

    def add(self, start: int, traces: np.ndarray, spikes: np.ndarray) -> None:
        """Take what a chunk has recorded that began with the step ``start``."""
        steps, neurons = unpack_spikes(spikes)
        self._traces.append(traces)
        self._steps.append(steps + start if start else steps)
        self._neurons.append(neurons)

    def recording(self, timing: Timing, problem: str = "") -> Recording:
        """Return what there is."""
        joined = _joined(self._traces)
        traces = {name: joined[:, row] for row, name in enumerate(self._units)}
        spikes = _joined(self._steps), _joined(self._neurons)
        return Recording(self._experiment, traces, self._units, *spikes, timing, problem)

    def show(self, on_part: Callable[[Recording], None], begin: float) -> None:
        """Show what there is where that is due: it takes a quarter of the time at most."""
        now = time.perf_counter()
        if now < self._due:
            return
        on_part(self.recording(Timing(now - begin, 0.0)))
        after = time.perf_counter()
        self._due = after + max(PART_SECONDS, 3.0 * (after - now))


def _joined(arrays: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(arrays) if arrays[1:] else arrays[0]


def compile_simulation(structure: BaseStructure) -> Simulation:
    """Return the compiled program of a structure, from the cache where it is there already."""
    return _compiled(structure)[0]


def is_compiled(structure: BaseStructure) -> bool:
    """Whether a run of this structure starts at once."""
    return structure in _programs


ONE_THREAD = {"xla_disable_hlo_passes": "cpu-parallel-task-assigner"}
"""What tells XLA not to split an operation of a step among threads: waiting for them in every step
takes longer than all else. See DECISIONS.md, 2026-11-23."""

_programs: OrderedDict[BaseStructure, Simulation] = OrderedDict()
_programs_lock = threading.Lock()
_compiling: dict[BaseStructure, threading.Lock] = {}
PROGRAMS_AT_MOST = 64


def _compiled(structure: BaseStructure) -> tuple[Simulation, bool]:
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


def _compile(structure: BaseStructure) -> Simulation:
    begin = time.perf_counter()
    circuit = structure.circuit
    chunk, none = memory.chunk_steps(structure), np.int32(0)
    numbers = np.zeros(len(structure.paths), np.float32)
    watched = np.zeros(structure.n_watched, np.int32)
    init = jax.jit(partial(_init, circuit, structure.paths))
    advance = jax.jit(
        partial(_advance, circuit, structure.paths, chunk), compiler_options=ONE_THREAD
    )
    # A call that makes no step compiles, and later calls of the same shapes take jax's fast path.
    carry = init(numbers, np.zeros(2, np.uint32))
    carry["fixed"] |= circuit.no_tables()
    drive = circuit.no_drive(chunk)
    jax.block_until_ready(advance(carry, numbers, watched, none, none, drive))
    return Simulation(
        structure=structure,
        circuit=circuit,
        chunk=chunk,
        init=init,
        advance=advance,
        compile_seconds=time.perf_counter() - begin,
    )


# -- the traced program ----------------------------------------------------------------------------


def _init(circuit: Circuit, paths: tuple[str, ...], numbers: jax.Array, key: jax.Array) -> Carry:
    """Give the states at the start."""
    parameters = dict(zip(paths, numbers, strict=True))
    with brainstate.environ.context(dt=parameters["dt"] * u.ms):
        return circuit.start(parameters, key)


def _advance(
    circuit: Circuit,
    paths: tuple[str, ...],
    chunk: int,
    carry: Carry,
    numbers: jax.Array,
    watched: jax.Array,
    start: jax.Array,
    steps: jax.Array,
    drive: dict[str, Any],
) -> tuple[Carry, dict[str, jax.Array]]:
    """Advance by ``steps`` steps, at most ``chunk``; give what evolves, and what was recorded.

    What is fixed is not handed back: XLA would copy it, and the tables of a network are large.
    """
    parameters = dict(zip(paths, numbers, strict=True))

    def step(index: jax.Array, evolving: Carry, now: dict[str, Any]) -> tuple[Carry, Any]:
        fixed = carry["fixed"]
        evolving, row = circuit.step(parameters, fixed, evolving, now, start + index, watched)
        packed = {"spikes": pack_spikes(row["spikes"])} if "spikes" in row else {}
        return evolving, row | packed

    def body(index: jax.Array, both: tuple[Carry, Any]) -> tuple[Carry, Any]:
        evolving, kept = both
        now = {
            name: jax.lax.dynamic_index_in_dim(values, index, keepdims=False)
            for name, values in drive.items()
        }
        evolving, row = step(index, evolving, now)
        write = jax.lax.dynamic_update_index_in_dim
        return evolving, {name: write(kept[name], row[name], index, axis=0) for name in kept}

    with brainstate.environ.context(dt=parameters["dt"] * u.ms):
        evolving = {name: value for name, value in carry.items() if name != "fixed"}
        first = {name: values[0] for name, values in drive.items()}
        row = jax.eval_shape(step, start, evolving, first)[1]
        kept = {name: jnp.zeros((chunk, *r.shape), r.dtype) for name, r in row.items()}
        evolving, kept = jax.lax.fori_loop(0, steps, body, (evolving, kept))
    return evolving, kept | circuit.remembered(evolving, start, chunk)


# -- the edges -------------------------------------------------------------------------------------


def _with_values(experiment: BaseExperiment, values: dict[str, Any]) -> BaseExperiment:
    given = {name.replace("__", "."): value for name, value in values.items()}
    if "watched" in given:
        watched = np.atleast_1d(given.pop("watched")).tolist()
        experiment = replace(experiment, watched=tuple(watched))
    unfolded: dict[str, Any] = {}
    for slot in ("stimulus", "noise"):
        if isinstance(given.get(slot), Stimulus):
            unfolded |= _unfold(slot, given.pop(slot))
    if given.get("noise", NOTHING) is None:
        given["noise"] = NOTHING
    return experiment.update({p: _strict(experiment, p, v) for p, v in given.items()} | unfolded)


def _unfold(slot: str, stimulus: Stimulus) -> dict[str, Any]:
    """Turn a stimulus instance into its kind and the numbers that it was given."""
    kind = type(stimulus)
    values = {name: getattr(stimulus, name) for name in kind.parameters()}
    return {slot: kind.__name__} | {f"{slot}.{n}": v for n, v in values.items() if v is not None}


def _strict(experiment: BaseExperiment, path: str, value: Any) -> Any:
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
        finite = (np.isfinite(v).all() for v in jax.tree.leaves(carry["states"]))
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
