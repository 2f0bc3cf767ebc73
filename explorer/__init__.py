"""The interactive explorer: all that is reactive, for the browser and for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from explorer.labs import NeuronLab, SynapseLab

__all__ = ["NeuronLab", "SynapseLab"]


def __getattr__(name: str) -> Any:
    """Import a lab when it is asked for: the command line and its help do without Panel and jax."""
    if name in __all__:
        from explorer import labs

        return getattr(labs, name)
    raise AttributeError(f"module 'explorer' has no attribute '{name}'")
