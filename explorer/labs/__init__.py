"""The labs, one module each; a lab declares what it shows and does not wire it."""

from explorer.labs.neuron import NeuronLab

__all__ = ["NeuronLab"]
