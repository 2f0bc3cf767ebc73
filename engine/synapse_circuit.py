"""What runs inside the compiled program of a `SynapseExperiment`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import brainstate
import jax
import jax.numpy as jnp
import numpy as np
import saiunit as u

from engine import boundary, introspection
from engine.base_experiment import BaseExperiment
from engine.circuits import Carry, Circuit, Row, arguments
from engine.specs import InitialSpec, StateSpec
from engine.synapses import Receptor

if TYPE_CHECKING:
    from engine.synapse_experiment import SynapseStructure

__all__ = ["SynapseCircuit"]

CONDUCTANCE, CURRENT = u.nS, u.pA


class SynapseCircuit(Circuit):
    """Spikes, short-term plasticity, synapse, output and cell, one after the other.

    The two synapses of a structure see the same spikes and act on a cell each.

    Parameters
    ----------
    structure : SynapseStructure
        What is built.
    """

    def __init__(self, structure: SynapseStructure) -> None:
        self.structure = structure

    @property
    def units(self) -> dict[str, u.Unit]:
        """Unit of every trace: ``g``, ``I``, ``V``, ``threshold`` and states of the plasticity."""
        units: dict[str, u.Unit] = {}
        for prefix in self.structure.lanes:
            names = {"g": CONDUCTANCE, "I": CURRENT, "V": u.mV, "threshold": u.mV}
            names |= {f"plasticity.{n}": s.unit for n, s in self._states(prefix, "plasticity")}
            names |= {"plasticity.release": u.UNITLESS} if self._has(prefix, "plasticity") else {}
            names |= {"learning.w": u.UNITLESS} if self._has(prefix, "learning") else {}
            units |= {prefix + name: unit for name, unit in names.items()}
        return units

    def drive(self, experiment: BaseExperiment, chunk: int, number: int) -> dict[str, Any]:
        """Return whether a spike comes in each step."""
        spikes = np.zeros((chunk, 1), np.float32)
        steps = experiment.arrival_steps - number * chunk  # type: ignore[attr-defined]
        spikes[steps[(steps >= 0) & (steps < chunk)]] = 1.0
        return {"spikes": spikes}

    def no_drive(self, chunk: int) -> dict[str, Any]:
        """Return a train without spikes."""
        return {"spikes": np.zeros((chunk, 1), np.float32)}

    def start(self, parameters: dict[str, Any], key: jax.Array) -> Carry:
        """Build everything and give the states at the start."""
        carry: Carry = {"fixed": {}, "states": {}, "fired": {}, "released": {}}
        for prefix in self.structure.lanes:
            lane = self._build(prefix, parameters)
            carry["states"][prefix] = _states_of(lane)
            carry["fired"][prefix] = jnp.zeros(1)
            carry["released"][prefix] = jnp.ones(1)
        return carry

    def step(
        self,
        parameters: dict[str, Any],
        fixed: Any,
        evolving: Carry,
        drive: dict[str, Any],
        index: jax.Array,
        watched: jax.Array,
    ) -> tuple[Carry, Row]:
        """Take one step of every synapse and its cell."""
        new: Carry = {"states": {}, "fired": {}, "released": {}}
        traces: dict[str, Any] = {}
        t = index.astype(jnp.float32) * parameters["dt"]
        for prefix in self.structure.lanes:
            lane = self._build(prefix, parameters)
            for place, states in evolving["states"][prefix].items():
                for name, value in states.items():
                    getattr(lane[place], name).value = value
            with brainstate.environ.context(i=index, t=t * u.ms):
                found, fired, released = _step(
                    lane,
                    parameters[f"{prefix}g_max"] * CONDUCTANCE,
                    drive["spikes"],
                    evolving["fired"][prefix],
                    evolving["released"][prefix],
                )
            new["states"][prefix] = _states_of(lane)
            new["fired"][prefix], new["released"][prefix] = fired, released
            traces |= {prefix + name: value for name, value in found.items()}
        rows = [jnp.broadcast_to(boundary.strip(traces[n], x), (1,)) for n, x in self.units.items()]
        spikes = jnp.concatenate([new["fired"][prefix] for prefix in self.structure.lanes])
        return new, {"traces": jnp.stack(rows), "spikes": spikes > 0}

    def _build(self, prefix: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Build the components of one synapse, with their states at the start."""
        structure, lane = self.structure, {}
        for place in ("plasticity", "synapse", "output", "learning", "post"):
            at = place if place == "post" else prefix + place
            kind = structure.kinds.get(at)
            if kind is None:
                continue
            values = arguments(structure, at, kind, parameters)
            if place == "post":
                values["V_initializer"] = values.get("V_rest", values.get("V_hold"))
            elif place == "synapse":
                values |= _without_unit(kind)
            lane[place] = kind(**values) if place == "output" else kind(1, **values)
            if place != "output":
                rng = brainstate.random.RandomState(np.zeros(2, np.uint32))
                introspection.start(lane[place], rng)
        lane["post"].add_current_input("synapse", lane["output"])
        return lane

    def _has(self, prefix: str, place: str) -> bool:
        return f"{prefix}{place}" in self.structure.kinds

    def _states(self, prefix: str, place: str) -> list[tuple[str, StateSpec]]:
        kind = self.structure.kinds.get(f"{prefix}{place}")
        return [] if kind is None else [*kind.states().items()]


def _step(
    lane: dict[str, Any], g_max: Any, spike: Any, fired: Any, released: Any
) -> tuple[dict[str, Any], Any, Any]:
    """Take one step of one synapse; return what is recorded, the cell's spike, and the release."""
    traces: dict[str, Any] = {}
    passed_on = spike
    if "plasticity" in lane:
        passed_on = lane["plasticity"].update(spike)
        # between spikes a receptor still sees the pulse that the last one released
        released = jnp.where(spike > 0, passed_on, released)
        names = type(lane["plasticity"]).states()
        traces |= {f"plasticity.{n}": getattr(lane["plasticity"], n).value for n in names}
        traces["plasticity.release"] = passed_on
    synapse = lane["synapse"]
    if isinstance(synapse, Receptor):
        synapse.T = synapse.T * released
        passed_on = spike
    opened = synapse.update(_like(passed_on, synapse))
    conductance = g_max * u.get_mantissa(opened)
    if "learning" in lane:
        weight = lane["learning"].update(spike, fired)
        traces["learning.w"] = weight
        conductance = conductance * weight
    lane["output"].bind_cond(conductance)
    fired = lane["post"].update(boundary.attach(jnp.zeros(1), CURRENT))
    V = lane["post"].V.value
    current = lane["output"].update(conductance, V)
    traces |= {"g": conductance, "I": current, "V": V, "threshold": lane["post"].threshold}
    return traces, fired, released


def _states_of(lane: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        place: {name: getattr(part, name).value for name in type(part).states()}
        for place, part in lane.items()
        if place != "output"
    }


def _without_unit(kind: Any) -> dict[str, Any]:
    """Let the variables of a synapse run without unit, where its start value decides on that."""
    return {
        name: 0.0
        for name, spec in kind.parameters().items()
        if isinstance(spec, InitialSpec) and spec.any_unit
    }


def _like(arriving: Any, synapse: Any) -> Any:
    """Give what arrives the unit of the synapse's variable, where it has one."""
    first = next((n for n, s in type(synapse).states().items() if not s.is_time_stamp), None)
    unit = u.UNITLESS if first is None else u.get_unit(getattr(synapse, first).value)
    return boundary.attach(arriving, unit)
