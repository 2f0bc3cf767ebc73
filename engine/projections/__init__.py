"""What connects populations: one module a kind."""

from engine.projections.gap_junctions import AsymmetryGapJunction, SymmetryGapJunction

__all__ = ["AsymmetryGapJunction", "SymmetryGapJunction"]
