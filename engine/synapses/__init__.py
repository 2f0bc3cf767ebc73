"""Synapse models, one module a family."""

from engine.synapses.exponential import Expon

__all__ = ["Expon"]
