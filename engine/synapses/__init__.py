"""Synapse models, one module a family."""

from engine.synapses.base import FilterSynapse
from engine.synapses.exponential import Alpha, DualExpon, Expon
from engine.synapses.plasticity import PairSTDP, SpikeTimingPlasticity, TripletSTDP
from engine.synapses.receptors import AMPA, BioNMDA, GABAa, Receptor
from engine.synapses.short_term import STD, STP, ShortTermPlasticity

__all__ = [
    "AMPA",
    "STD",
    "STP",
    "Alpha",
    "BioNMDA",
    "DualExpon",
    "Expon",
    "FilterSynapse",
    "GABAa",
    "PairSTDP",
    "Receptor",
    "ShortTermPlasticity",
    "SpikeTimingPlasticity",
    "TripletSTDP",
]
