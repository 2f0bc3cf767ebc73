"""Neuron models, one module a family."""

from engine.neurons.base import IntegrateAndFire
from engine.neurons.lif import ALIF, IF, LIF, LIFRef

__all__ = ["ALIF", "IF", "LIF", "IntegrateAndFire", "LIFRef"]
