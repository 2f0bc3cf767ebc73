"""Neuron models, one module a family."""

from engine.neurons.base import Crossing, IntegrateAndFire, PointNeuron
from engine.neurons.binary import BinaryCell
from engine.neurons.exponential import AdExCell, AdExIF, AdExIFRef, ExpIF, ExpIFRef
from engine.neurons.gif import Gif, GifRef
from engine.neurons.hodgkin_huxley import HH, MorrisLecar, WangBuzsakiHH
from engine.neurons.izhikevich import Izhikevich, IzhikevichRef
from engine.neurons.lif import ALIF, IF, LIF, LIFRef
from engine.neurons.quadratic import AdQuaIF, AdQuaIFRef, QuaIF
from engine.neurons.reduced import FitzHughNagumo, HindmarshRose
from engine.neurons.traub_miles import TraubMilesHH
from engine.neurons.with_synapses import CobaLIF, CubaLIF

__all__ = [
    "ALIF",
    "HH",
    "IF",
    "LIF",
    "AdExCell",
    "AdExIF",
    "AdExIFRef",
    "AdQuaIF",
    "AdQuaIFRef",
    "BinaryCell",
    "CobaLIF",
    "Crossing",
    "CubaLIF",
    "ExpIF",
    "ExpIFRef",
    "FitzHughNagumo",
    "Gif",
    "GifRef",
    "HindmarshRose",
    "IntegrateAndFire",
    "Izhikevich",
    "IzhikevichRef",
    "LIFRef",
    "MorrisLecar",
    "PointNeuron",
    "QuaIF",
    "TraubMilesHH",
    "WangBuzsakiHH",
]
