"""How the parts of a network are built inside the trace, and their states taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import brainstate
import numpy as np

from engine.circuits import arguments
from engine.synouts import CUBA

if TYPE_CHECKING:
    from engine.network_structure import NetworkStructure

__all__ = ["build", "build_plasticity", "states_of", "values_of"]


def build(
    structure: NetworkStructure, name: str, parameters: dict[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """Build the neurons of a population, and synapse and output of every receptor."""
    population, size = dict(structure.populations)[name], structure.size_of[name]
    neuron = population.model(size, **arguments(structure, name, population.model, parameters))
    neuron.init_state(rng=brainstate.random.RandomState(np.zeros(2, np.uint32)))
    synapses = {}
    for receptor, kind in population.receptors:
        if kind.synapse is None:
            continue
        values = arguments(structure, f"{name}.{receptor}", kind.synapse, parameters)
        synapse = kind.synapse(size, **values, g_initializer=0.0)
        synapse.init_state()
        values = arguments(structure, f"{name}.{receptor}.output", kind.output, parameters)
        output = kind.output(**values | ({"scale": 1.0} if kind.output is CUBA else {}))
        neuron.add_current_input(receptor, output)
        synapses[receptor] = synapse, output
    return neuron, synapses


def build_plasticity(
    structure: NetworkStructure, name: str, parameters: dict[str, Any], states: Any = None
) -> Any:
    """Build the short-term plasticity of a projection, one for each of its sources."""
    projection = dict(structure.projections)[name]
    kind, size = projection.plasticity, structure.size_of[projection.source]
    assert kind is not None
    plasticity = kind(size, **arguments(structure, f"{name}.plasticity", kind, parameters))
    plasticity.init_state()
    for state, value in (states or {}).items():
        getattr(plasticity, state).value = value
    return plasticity


def states_of(neuron: Any, synapses: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the states of the neurons under ``""``, and of every receptor under its name."""
    parts = {"": neuron} | {name: synapse for name, (synapse, _) in synapses.items()}
    return {name: values_of(part) for name, part in parts.items()}


def values_of(part: Any) -> dict[str, Any]:
    """Return the values of a model's states."""
    return {state: getattr(part, state).value for state in type(part).states()}
