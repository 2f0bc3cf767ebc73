r"""Who connects to whom: kinds of random and regular connectivity, drawn on the host.

A kind is declared like a model. An instance draws the connections between two populations; the same
seed gives the same ones.

Examples
--------
>>> from engine.connectivity import FixedOutDegree
>>> graph = FixedOutDegree(degree=3).draw(5, 100, seed=1)
>>> graph.out_degrees.tolist()
[3, 3, 3, 3, 3]
"""

from engine.connectivity.areas import MacaqueCortex
from engine.connectivity.base import Connectivity, catalogue, drawn
from engine.connectivity.chain import Chain
from engine.connectivity.given import FromMatrix, read_matrix
from engine.connectivity.graph import Graph
from engine.connectivity.random import (
    DistanceDependent,
    FixedInDegree,
    FixedOutDegree,
    FixedProbability,
)
from engine.connectivity.regular import AllToAll, OneToOne, Ring

__all__ = [
    "AllToAll",
    "Chain",
    "Connectivity",
    "DistanceDependent",
    "FixedInDegree",
    "FixedOutDegree",
    "FixedProbability",
    "FromMatrix",
    "Graph",
    "MacaqueCortex",
    "OneToOne",
    "Ring",
    "catalogue",
    "drawn",
    "read_matrix",
]
