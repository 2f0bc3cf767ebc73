"""Spiking neurons, synapses and their simulation, on jax, brainstate and saiunit.

Every quantity carries its unit at the edge of this package. The models are found by their names
here; what they declare about themselves by `engine.catalog`.
"""

from engine import boundary, catalog, inputs, surrogates
from engine.__about__ import __version__
from engine.dynamics import AlignPost, BindCondData, Dynamics, Neuron, Synapse
from engine.errors import MemoryBudgetError, ParameterError, SimulationCancelled, SpikescopeError
from engine.experiment import Experiment, Structure
from engine.neurons import ALIF, IF, LIF, IntegrateAndFire, LIFRef
from engine.recording import Recording
from engine.simulation import compile_simulation, simulate
from engine.synapses import Expon

__all__ = [
    "ALIF",
    "IF",
    "LIF",
    "AlignPost",
    "BindCondData",
    "Dynamics",
    "Experiment",
    "Expon",
    "IntegrateAndFire",
    "LIFRef",
    "MemoryBudgetError",
    "Neuron",
    "ParameterError",
    "Recording",
    "SimulationCancelled",
    "SpikescopeError",
    "Structure",
    "Synapse",
    "__version__",
    "boundary",
    "catalog",
    "compile_simulation",
    "inputs",
    "simulate",
    "surrogates",
]
