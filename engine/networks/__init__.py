"""Published networks, one module each, with their citation and the figures that they must give.

Examples
--------
>>> from engine import networks
>>> networks.catalogue()["CubaNetwork"].experiment().n
4000
"""

from engine.networks.balanced_chaos import BalancedNetwork
from engine.networks.base import PublishedNetwork, catalogue
from engine.networks.brunel import (
    BrunelAsynchronous,
    BrunelAsynchronousRegular,
    BrunelFastOscillation,
    BrunelNetwork,
    BrunelSlowOscillation,
    BrunelSynchronousRegular,
)
from engine.networks.brunel_hakim import BrunelHakimNetwork
from engine.networks.coba_hh import CobaHHNetwork
from engine.networks.macaque_areas import MacaqueAreas
from engine.networks.microcircuit import CorticalMicrocircuit
from engine.networks.ring_attractor import RingAttractor
from engine.networks.susin_destexhe import (
    ChatteringGamma,
    FastSpikingAsynchronous,
    InterneuronGamma,
    PyramidalInterneuronGamma,
    SusinDestexheNetwork,
)
from engine.networks.synfire_chain import SynfireChain
from engine.networks.vogels_abbott_coba import CobaNetwork
from engine.networks.vogels_abbott_cuba import CubaNetwork
from engine.networks.wang_buzsaki import WangBuzsakiNetwork

__all__ = [
    "BalancedNetwork",
    "BrunelAsynchronous",
    "BrunelAsynchronousRegular",
    "BrunelFastOscillation",
    "BrunelHakimNetwork",
    "BrunelNetwork",
    "BrunelSlowOscillation",
    "BrunelSynchronousRegular",
    "ChatteringGamma",
    "CobaHHNetwork",
    "CobaNetwork",
    "CorticalMicrocircuit",
    "CubaNetwork",
    "FastSpikingAsynchronous",
    "InterneuronGamma",
    "MacaqueAreas",
    "PublishedNetwork",
    "PyramidalInterneuronGamma",
    "RingAttractor",
    "SusinDestexheNetwork",
    "SynfireChain",
    "WangBuzsakiNetwork",
    "catalogue",
]
