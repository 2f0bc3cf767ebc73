"""Errors that a user can act on: one plain sentence, the place, the way out."""

from __future__ import annotations

__all__ = [
    "MemoryBudgetError",
    "NotEnoughSpikes",
    "ParameterError",
    "SimulationCancelled",
    "SpikescopeError",
]


class SpikescopeError(Exception):
    """Base of every error that is meant to be shown to a user as it stands."""


class ParameterError(SpikescopeError, ValueError):
    """A value that cannot be used.

    Attributes
    ----------
    path : str
        Parameter path of the value at fault, so that a page can show the sentence beside it.
    """

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


class MemoryBudgetError(ParameterError):
    """A run that would not fit into memory; found before anything is allocated."""


class NotEnoughSpikes(ParameterError):
    """A statistic of spikes where there are too few of them to say anything."""

    def __init__(self, what: str, needed: str) -> None:
        super().__init__("times", f"not enough spikes: {what} needs {needed}")


class SimulationCancelled(SpikescopeError):
    """The run was stopped because nobody waits for its result any more."""
