"""The labs, one module each; a lab declares what it shows and does not wire it."""

from explorer.labs.base import Lab
from explorer.labs.network import NetworkLab
from explorer.labs.neuron import NeuronLab
from explorer.labs.synapse import SynapseLab

__all__ = ["Lab", "NetworkLab", "NeuronLab", "SynapseLab"]
