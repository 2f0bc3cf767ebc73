"""What connects populations: one module a kind."""

from engine.projections.align_post import AlignPostProj, align_post_projection
from engine.projections.align_pre import AlignPreProj, align_pre_projection
from engine.projections.base import Pathway, Projection
from engine.projections.comm import AllToAll, Connections, FixedProbability, OneToOne
from engine.projections.delay import Delay
from engine.projections.direct import CurrentProj, DeltaProj
from engine.projections.gap_junctions import AsymmetryGapJunction, SymmetryGapJunction

__all__ = [
    "AlignPostProj",
    "AlignPreProj",
    "AllToAll",
    "AsymmetryGapJunction",
    "Connections",
    "CurrentProj",
    "Delay",
    "DeltaProj",
    "FixedProbability",
    "OneToOne",
    "Pathway",
    "Projection",
    "SymmetryGapJunction",
    "align_post_projection",
    "align_pre_projection",
]
