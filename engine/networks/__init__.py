"""Published networks, one module each, with their citation and the figures that they must give.

Examples
--------
>>> from engine import networks
>>> networks.catalogue()["CubaNetwork"].experiment().n
4000
"""

from engine.networks.base import PublishedNetwork, catalogue
from engine.networks.brunel import (
    BrunelAsynchronous,
    BrunelFastOscillation,
    BrunelNetwork,
    BrunelSlowOscillation,
    BrunelSynchronousRegular,
)
from engine.networks.vogels_abbott_coba import CobaNetwork
from engine.networks.vogels_abbott_cuba import CubaNetwork

__all__ = [
    "BrunelAsynchronous",
    "BrunelFastOscillation",
    "BrunelNetwork",
    "BrunelSlowOscillation",
    "BrunelSynchronousRegular",
    "CobaNetwork",
    "CubaNetwork",
    "PublishedNetwork",
    "catalogue",
]
