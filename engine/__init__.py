"""Spiking neurons, synapses and their simulation, on jax, brainstate and saiunit.

Every quantity carries its unit at the edge of this package. The models are found by their names
here; what they declare about themselves by `engine.catalog`.
"""

from engine import boundary, catalog, inputs, surrogates
from engine.__about__ import __version__
from engine.dynamics import AlignPost, BindCondData, Dynamics, Neuron, Synapse
from engine.errors import MemoryBudgetError, ParameterError, SimulationCancelled, SpikescopeError
from engine.experiment import Experiment, Structure
from engine.neurons import (
    ALIF,
    HH,
    IF,
    LIF,
    AdExIF,
    AdExIFRef,
    AdQuaIF,
    AdQuaIFRef,
    CobaLIF,
    Crossing,
    CubaLIF,
    ExpIF,
    ExpIFRef,
    FitzHughNagumo,
    Gif,
    GifRef,
    HindmarshRose,
    IntegrateAndFire,
    Izhikevich,
    IzhikevichRef,
    LIFRef,
    MorrisLecar,
    PointNeuron,
    QuaIF,
    WangBuzsakiHH,
)
from engine.recording import Recording
from engine.simulation import compile_simulation, simulate
from engine.synapses import Expon

__all__ = [
    "ALIF",
    "HH",
    "IF",
    "LIF",
    "AdExIF",
    "AdExIFRef",
    "AdQuaIF",
    "AdQuaIFRef",
    "AlignPost",
    "BindCondData",
    "CobaLIF",
    "Crossing",
    "CubaLIF",
    "Dynamics",
    "ExpIF",
    "ExpIFRef",
    "Experiment",
    "Expon",
    "FitzHughNagumo",
    "Gif",
    "GifRef",
    "HindmarshRose",
    "IntegrateAndFire",
    "Izhikevich",
    "IzhikevichRef",
    "LIFRef",
    "MemoryBudgetError",
    "MorrisLecar",
    "Neuron",
    "ParameterError",
    "PointNeuron",
    "QuaIF",
    "Recording",
    "SimulationCancelled",
    "SpikescopeError",
    "Structure",
    "Synapse",
    "WangBuzsakiHH",
    "__version__",
    "boundary",
    "catalog",
    "compile_simulation",
    "inputs",
    "simulate",
    "surrogates",
]
