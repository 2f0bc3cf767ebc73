"""What runs inside the compiled program of a `NetworkExperiment`.

The models stay as they are written: each population takes the step of its own model. The circuit
carries the spikes between them as events; see `engine.events`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import brainstate
import jax
import jax.numpy as jnp
import numpy as np
import saiunit as u
from scipy import signal

from engine import boundary, circuits, events, introspection, memory, network_draws
from engine.background import Background
from engine.base_experiment import BaseExperiment
from engine.circuits import KEY, Carry, Circuit, Row, under
from engine.network_build import build, build_plasticity, states_of, values_of

if TYPE_CHECKING:
    from engine.network_structure import Bundle, NetworkStructure

__all__ = ["LARGEST_RATE", "NetworkCircuit"]

LARGEST_RATE = 500.0
"""Mean rate, in Hz, from which on a network counts as exploded."""

MEMORY_OF_RATE = 50.0
"""Time in ms over which the rate is followed while a chunk runs, the past fading."""


class NetworkCircuit(Circuit):
    """Populations of models, and the spikes that travel between them.

    A step takes the spikes out of the past that arrive now, counts them at their targets, lets the
    receptors and then the neurons take a step, and remembers the new spikes. What is counted is
    the number of spikes, or the sum of the factors of their connections and of what was released;
    the weight multiplies it at the receptor, so that no table holds a weight.

    The targets of binary cells see in every step who is on. As few are switched in a step, only
    those travel, and a target holds what it was given until the cell that gave it is switched off.

    Parameters
    ----------
    structure : NetworkStructure
        What is built.
    """

    def __init__(self, structure: NetworkStructure) -> None:
        self.structure = structure
        self.populations = dict(structure.populations)
        self.projections = dict(structure.projections)
        self.n_words = -(-structure.n // 32)
        # whole chunks, so that the past is the recording of the spikes too
        chunk = memory.chunk_steps(structure)
        self.kept_steps = -(-structure.kept_steps // chunk) * chunk

    # -- around the loop ------------------------------------------------------------------------

    @property
    def _binary(self) -> bool:
        """Whether some cells are on or off: what is sent is then who was switched."""
        return any(population.model.binary for population in self.populations.values())

    def _from_binary(self, name: str) -> bool:
        """Whether the targets of a projection hold what arrives until it is taken back."""
        return self.populations[self.projections[name].source].model.binary

    @property
    def units(self) -> dict[str, u.Unit]:
        """Unit of every trace: ``V``, ``threshold``, and the state of every receptor by name."""
        return {self._name(*place, unit): unit for place, unit in self._places().items()}

    def _places(self) -> dict[tuple[str, str], u.Unit]:
        """Return the unit of every trace, by population and name within it."""
        found = {}
        for name, population in self.populations.items():
            potential = population.model.states()["V"].unit
            found |= {(name, "V"): potential, (name, "threshold"): potential}
            for receptor, site in population.receptors:
                if site.synapse is not None or population.model.binary:
                    found[name, receptor] = site.unit(population.model)
        return found

    def _name(self, population: str, trace: str, unit: u.Unit) -> str:
        """Return under which name a trace is recorded: all populations share one.

        A population whose trace measures something else than that of the first has its own.
        """
        first = next(known for place, known in self._places().items() if place[1] == trace)
        return trace if first.dim == unit.dim else f"{population}.{trace}"

    def drive(self, experiment: BaseExperiment, chunk: int, number: int) -> dict[str, Any]:
        """Return uniform 32-bit numbers for every background."""
        seed = int(experiment["seed"])
        return {
            name: circuits.noise(f"{name}.background", seed, number, (chunk, size), _uniform)
            for name, size in self._random()
        }

    def no_drive(self, chunk: int) -> dict[str, Any]:
        """Return zeros for every background."""
        return {name: jnp.zeros((chunk, size), jnp.uint32) for name, size in self._random()}

    def _random(self) -> list[tuple[str, int]]:
        sizes = self.structure.size_of
        return [(name, sizes[name]) for name, p in self.populations.items() if p.background]

    def tables(self, experiment: BaseExperiment) -> dict[str, Any]:
        """Return the rows of targets of every bundle, and of weights where they differ."""
        network: Any = experiment
        graphs = network.graphs
        factors = tuple(network_draws.factors(network, name) for name in graphs)
        steps = tuple(network_draws.steps(network, name) for name in graphs)
        return _tables(self.structure, tuple(graphs.values()), factors, steps)

    def no_tables(self) -> dict[str, Any]:
        """Return rows of the same shapes that are never looked at, as no step is made."""
        found: dict[str, Any] = {}
        for number, bundle in enumerate(self.structure.bundles):
            shape = bundle.rows, bundle.width
            kind = jnp.int32 if bundle.ring else events.kind_of_target(self._n_arrivals(bundle))
            found[f"targets {number}"] = jnp.zeros(shape, kind)
            if bundle.weighted:
                found[f"factors {number}"] = jnp.zeros(shape, jnp.float32)
        return found

    def fixed_bytes(self) -> int:
        """Return how many bytes the tables take, the spikes of the past, and what travels."""
        found = 4 * self.kept_steps * self.n_words * (1 + self._binary)
        sizes = self.structure.size_of
        found += sum(
            4 * sizes[p.target] for n, p in self.projections.items() if self._from_binary(n)
        )
        for bundle in self.structure.bundles:
            size = self._n_arrivals(bundle)
            wide = np.dtype(np.int32 if bundle.ring else events.kind_of_target(size)).itemsize
            found += bundle.rows * bundle.width * (wide + 4 * bundle.weighted)
            found += 4 * bundle.ring * (size + events.SPARE)
        return found

    def _n_arrivals(self, bundle: Bundle) -> int:
        sizes = self.structure.size_of
        return sum(sizes[self.projections[name].target] for name in bundle.projections)

    def objection(self, experiment: BaseExperiment, spikes: np.ndarray) -> tuple[str, int]:
        """Stop a network whose rate has exploded: what follows in the chunk was not sent."""
        dt = experiment["dt"]
        counts = np.bitwise_count(spikes).sum(axis=1, dtype=np.float64)
        followed = np.asarray(signal.lfilter([1.0], [1.0, -self._fading(dt)], counts))
        beyond = np.flatnonzero(followed > 0.999 * self._most_spikes)
        rate = 1e3 * counts.mean() / (self.structure.n * dt)
        if not len(beyond) and rate <= LARGEST_RATE:
            return "", len(spikes)
        until = int(beyond[0]) + 1 if len(beyond) else len(spikes)
        at_once = counts[max(0, until - math.ceil(5.0 / dt)) : until]
        rate = max(rate, 1e3 * at_once.mean() / (self.structure.n * dt))
        return (
            f"the network fires at {rate:.0f} Hz and was stopped; choose weaker excitation, "
            "stronger inhibition or fewer connections",
            until,
        )

    @property
    def _most_spikes(self) -> float:
        """How many spikes, the past fading, are more than `LARGEST_RATE` makes, in step or not."""
        return (LARGEST_RATE * MEMORY_OF_RATE * 1e-3 + 1.0) * self.structure.n

    @staticmethod
    def _fading(dt: Any) -> Any:
        return math.e ** (-dt / MEMORY_OF_RATE)

    # -- inside the loop ------------------------------------------------------------------------

    def start(self, parameters: dict[str, Any], key: jax.Array) -> Carry:
        """Build the models, draw their potentials, and begin without spikes on their way."""
        carry: Carry = {"fixed": {KEY: key}, "states": {}}
        for name, population in self.populations.items():
            neuron, synapses = build(self.structure, name, parameters)
            states = states_of(neuron, synapses)
            draw = circuits.slot_key(key, f"{name}.start")
            assert population.start is not None
            start = population.start.potential(under(f"{name}.start.", parameters), neuron, draw)
            states[""]["V"] = start
            carry["states"][name] = states
            if population.background:
                mean = parameters[f"{name}.background.rate"] * parameters["dt"] * 1e-3
                carry["fixed"][f"{name}.background"] = Background.chances(mean)
        past = (self.kept_steps, self.n_words)
        return carry | {
            "past": jnp.zeros(past, jnp.uint32),
            **({"on": jnp.zeros(past, jnp.uint32)} if self._binary else {}),
            "held": {
                name: jnp.zeros(self.structure.size_of[projection.target])
                for name, projection in self.projections.items()
                if self._from_binary(name)
            },
            "sent": jnp.zeros(len(self.structure.bundles), jnp.float32),
            "plasticity": {
                bundle.plastic: values_of(
                    build_plasticity(self.structure, bundle.plastic, parameters)
                )
                for bundle in self.structure.bundles
                if bundle.plastic
            },
            "rings": {
                str(number): jnp.zeros(bundle.ring * (self._n_arrivals(bundle) + events.SPARE))
                for number, bundle in enumerate(self.structure.bundles)
                if bundle.ring
            },
        }

    def step(
        self,
        parameters: dict[str, Any],
        fixed: Any,
        evolving: Carry,
        drive: dict[str, Any],
        index: jax.Array,
        watched: jax.Array,
    ) -> tuple[Carry, Row]:
        """Take one step of every population."""
        arriving, travelling = self._arrive(parameters, fixed, evolving, index)
        states, spikes, seen = {}, [], []
        key = jax.random.fold_in(jax.random.fold_in(fixed[KEY], 3), index)
        for name, population in self.populations.items():
            if population.background:
                given = Background.count(fixed[f"{name}.background"], drive[name])
                weighted = parameters[f"{name}.background.weight"] * given
                first = population.receptors[0][0]
                arriving[name, first] = arriving.get((name, first), 0.0) + weighted
            states[name], fired, traces = self._take(
                name, parameters, evolving["states"][name], arriving, index, key
            )
            spikes.append(fired > 0)
            seen.append(traces)
        # Without the barrier XLA computes the whole step again inside the packing of its spikes.
        states, spikes, seen = jax.lax.optimization_barrier((states, spikes, seen))
        words = events.pack_words(jnp.concatenate(spikes))
        slot = index % self.kept_steps
        keep = partial(jax.lax.dynamic_update_index_in_dim, index=slot, axis=0)
        rows = jnp.stack([self._watch([t.get(name) for t in seen], watched) for name in self.units])
        travelling["states"], row = states, {"traces": rows}
        if self._binary:
            # without a barrier spikes are packed twice: with what has switched, and on their own
            row["spikes"] = jax.lax.optimization_barrier(words)
            on, words = self._switched(evolving["states"], states, spikes)
            travelling["on"] = keep(evolving["on"], on)
        travelling["past"] = keep(evolving["past"], words)
        return travelling, row

    def remembered(self, evolving: Carry, start: jax.Array, chunk: int) -> Row:
        """Return the spikes of a chunk, packed, which the past holds; else they were packed twice.

        With binary cells the past holds what has switched, and the step itself hands over spikes.
        """
        if self._binary:
            return {}
        slot = start % self.kept_steps
        return {"spikes": jax.lax.dynamic_slice_in_dim(evolving["past"], slot, chunk)}

    def _switched(
        self, before: dict[str, Any], after: dict[str, Any], spikes: list[jax.Array]
    ) -> tuple[jax.Array, jax.Array]:
        """Return who is on, and who was switched, as words; other neurons are on as they spike."""
        on, switched = [], []
        for (name, population), fired in zip(self.populations.items(), spikes, strict=True):
            now = after[name][""]["on"] > 0 if population.model.binary else fired
            was = before[name][""]["on"] > 0 if population.model.binary else False
            on.append(now)
            switched.append(now ^ was)
        return events.pack_words(jnp.concatenate(on)), events.pack_words(jnp.concatenate(switched))

    def _arrive(
        self, parameters: dict[str, Any], fixed: Any, evolving: Carry, index: jax.Array
    ) -> tuple[dict[tuple[str, str], Any], Carry]:
        """Sum up the weights that arrive now, by population and receptor; and what is on its way.

        Spikes whose connections have a delay each are sent ahead one step after they were fired;
        all others are found in the past when they arrive.
        """
        found: dict[tuple[str, str], Any] = {}
        travelling: Carry = {"rings": {}, "plasticity": {}, "held": {}}
        sent = []
        sizes = self.structure.size_of
        for number, bundle in enumerate(self.structure.bundles):
            delay = parameters[f"{bundle.projections[0]}.delay"] / parameters["dt"]
            steps = jnp.maximum(jnp.round(delay).astype(jnp.int32), 1)
            fired = index - (1 if bundle.ring else steps)
            slot = fired % self.kept_steps
            words = jax.lax.dynamic_index_in_dim(evolving["past"], slot, keepdims=False)
            words, released = words & self._senders(bundle), None
            up_to, recent = self._brake(parameters, words, evolving["sent"][number], fired)
            sent.append(recent)
            if bundle.plastic:
                states = evolving["plasticity"][bundle.plastic]
                released, states = self._release(bundle, parameters, states, words, index)
                travelling["plasticity"][bundle.plastic] = states
            elif any(map(self._from_binary, bundle.projections)):
                on = jax.lax.dynamic_index_in_dim(evolving["on"], slot, keepdims=False)
                up_to = events.count_up(words)  # there is no explosion to be braked
                released = 2.0 * events.spread_words(on, bundle.first, bundle.rows) - 1.0
            table, size = fixed[f"targets {number}"], self._n_arrivals(bundle)
            factors = fixed.get(f"factors {number}")
            if bundle.ring:
                ring, now = evolving["rings"][str(number)], index % bundle.ring
                counts, travelling["rings"][str(number)] = events.send_ahead(
                    ring, words, up_to, table, now, size, bundle.first, factors, released
                )
            else:
                counts = events.arrivals(words, up_to, table, size, bundle.first, factors, released)
            first = 0
            for name in bundle.projections:
                projection = self.projections[name]
                here = counts[first : first + sizes[projection.target]]
                if self._from_binary(name):
                    here = travelling["held"][name] = evolving["held"][name] + here
                onto = projection.target, projection.receptor
                found[onto] = found.get(onto, 0.0) + parameters[f"{name}.weight"] * here
                first += sizes[projection.target]
        travelling["sent"] = jnp.stack(sent) if sent else evolving["sent"]
        return found, travelling

    def _brake(
        self, parameters: dict[str, Any], words: jax.Array, recent: jax.Array, fired: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        """Count spikes up to each word, none after an explosion; and those of late, fading.

        A chunk of a network that has exploded would take very long, as all send in every step. What
        is counted is a part of what `objection` counts for the same step and chunk, so that no
        spike is kept back of a run that goes on.
        """
        up_to = events.count_up(words)
        recent = jnp.where(fired % memory.chunk_steps(self.structure) == 0, 0.0, recent)
        recent = recent * self._fading(parameters["dt"]) + up_to[-1]
        return jnp.where(recent > self._most_spikes, 0, up_to), recent

    def _release(
        self,
        bundle: Bundle,
        parameters: dict[str, Any],
        states: dict[str, Any],
        words: jax.Array,
        index: jax.Array,
    ) -> tuple[jax.Array, dict[str, Any]]:
        """Take one step of a projection's plasticity; return what its sources give, and states."""
        plasticity = build_plasticity(self.structure, bundle.plastic, parameters, states)
        spikes = events.spread_words(words, bundle.first, bundle.rows)
        with brainstate.environ.context(i=index, t=index * parameters["dt"] * u.ms):
            released = plasticity.update(spikes)
        return boundary.strip(released, u.UNITLESS), values_of(plasticity)

    def _senders(self, bundle: Bundle) -> np.ndarray:
        """Return words whose bits are the neurons that send in a bundle."""
        sources = {self.projections[name].source for name in bundle.projections}
        sizes = self.structure.size_of.items()
        bits = np.concatenate([np.full(size, name in sources) for name, size in sizes])
        padded = np.zeros(32 * self.n_words, np.uint64)
        padded[: len(bits)] = bits
        shifted = padded.reshape(32, self.n_words) << np.arange(32, dtype=np.uint64)[:, None]
        return shifted.sum(axis=0).astype(np.uint32)

    def _take(
        self,
        name: str,
        parameters: dict[str, Any],
        states: dict[str, Any],
        arriving: dict[tuple[str, str], Any],
        index: jax.Array,
        key: jax.Array,
    ) -> tuple[dict[str, Any], Any, dict[str, Any]]:
        """Take one step of a population; return its states, spikes and traces."""
        population = self.populations[name]
        # Built here because brainstate only lets a state be written by the trace that made it.
        neuron, synapses = build(self.structure, name, parameters)
        for part, values in states.items():
            for state, value in values.items():
                getattr(synapses[part][0] if part else neuron, state).value = value
        t = index.astype(jnp.float32) * parameters["dt"]
        assert population.model.input is not None
        traces: dict[str, Any] = {}
        with brainstate.environ.context(i=index, t=t * u.ms):
            for receptor, kind in population.receptors:
                given = arriving.get((name, receptor), 0.0)
                unit = kind.unit(population.model)
                if kind.synapse is None:
                    traces[receptor] = boundary.attach(given, unit)
                    neuron.add_delta_input(receptor, traces[receptor])
                    continue
                synapse, output = synapses[receptor]
                conductance = boundary.attach(synapse.update(given), unit)
                output.bind_cond(conductance)
                traces[receptor] = conductance
            numbers = under(f"{name}.stimulus.", parameters)
            current, _ = population.stimulus.sample(numbers, t, parameters["dt"], (), None)
            with introspection.own_randomness(population.model, circuits.slot_key(key, name)):
                spikes = neuron(boundary.attach(current, population.model.input.unit))
        traces |= {"V": neuron.V.value, "threshold": neuron.threshold}
        return (
            states_of(neuron, synapses),
            spikes,
            self._plain(name, traces),
        )

    def _plain(self, name: str, traces: dict[str, Any]) -> dict[str, Any]:
        """Return the traces of a population as numbers, by the names under which they go."""
        found, units = {}, self.units
        for trace, unit in ((t, unit) for (p, t), unit in self._places().items() if p == name):
            recorded = self._name(name, trace, unit)
            value = boundary.strip(traces[trace], units[recorded])
            found[recorded] = jnp.broadcast_to(value, (self.structure.size_of[name],))
        return found

    def _watch(self, values: list[Any], watched: jax.Array) -> jax.Array:
        """Pick the watched neurons out of one array for each population, where it has one."""
        found = jnp.zeros(watched.shape, jnp.float32)
        for value, first, size in zip(
            values, self.structure.firsts, self.structure.sizes, strict=True
        ):
            if value is not None:
                at = watched - first
                found = jnp.where((at >= 0) & (at < size), value[jnp.clip(at, 0, size - 1)], found)
        return found


@lru_cache(maxsize=2)  # they are large
def _tables(
    structure: NetworkStructure,
    graphs: tuple[Any, ...],
    factors: tuple[network_draws.Drawn | None, ...],
    steps: tuple[network_draws.Drawn | None, ...],
) -> dict[str, Any]:
    """Lay out targets and weights of every bundle, once for what was drawn."""
    found, names = {}, [name for name, _ in structure.projections]
    weight, delay = (dict(zip(names, drawn, strict=True)) for drawn in (factors, steps))
    for number, (parts, size, at, targets) in enumerate(_layout(structure, graphs)):
        bundle = structure.bundles[number]
        if bundle.ring:
            each = [drawn.values for name in bundle.projections if (drawn := delay[name])]
            targets = jnp.asarray(events.table(parts, bundle.rows, bundle.width, size, at, each))
        found[f"targets {number}"] = targets
        if bundle.weighted:
            table = np.zeros((bundle.rows, bundle.width), np.float32)
            for name, places in zip(bundle.projections, at, strict=True):
                drawn = weight[name]
                table.ravel()[places] = 1.0 if drawn is None else drawn.values
            found[f"factors {number}"] = jnp.asarray(table)
    return found


@lru_cache(maxsize=2)
def _layout(structure: NetworkStructure, graphs: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """Return what every bundle connects, to how many targets, and its table where it is fixed."""
    projections, found = dict(structure.projections), []
    by_name = dict(zip(projections, graphs, strict=True))
    firsts = dict(zip(structure.size_of, structure.firsts, strict=True))
    for bundle in structure.bundles:
        parts, size = [], 0
        for name in bundle.projections:
            projection = projections[name]
            parts.append((by_name[name], firsts[projection.source] - bundle.first, size))
            size += structure.size_of[projection.target]
        at, targets = events.positions(parts, bundle.rows, bundle.width), None
        if not bundle.ring:
            targets = jnp.asarray(events.table(parts, bundle.rows, bundle.width, size, at))
        found.append((parts, size, at if bundle.ring or bundle.weighted else None, targets))
    return found


@lru_cache(maxsize=32)
def _uniform(steps: int, n: int) -> Callable[..., jax.Array]:
    return jax.jit(lambda key: jax.random.bits(key, (steps, n), jnp.uint32))
