"""What every simulator does in its process: build once, then run as often as it is asked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

__all__ = ["Run", "Runner"]


@dataclass(frozen=True)
class Run:
    """One run of a network.

    Attributes
    ----------
    seconds : float
        What the simulator took from the start of the run until the spikes were at hand.
    spikes : int
        How many there were.
    cpu_seconds : float
        What the processors spent on it.
    whole_seconds : float
        With what the simulator does around every run, where that cannot be left out; else 0.
    """

    seconds: float
    spikes: int
    cpu_seconds: float = 0.0
    whole_seconds: float = 0.0


class Runner(ABC):
    """A network in a simulator, all spikes recorded.

    Parameters
    ----------
    network : str
        ``coba``, ``cuba`` or ``brunel``.
    scale : float
        Number of neurons over the published one; each keeps as many connections as it had.
    duration : float
        Length of a run in ms.
    threads : int
        How many the simulator may use, where that can be said.
    """

    name: ClassVar[str]
    counts_cpu: ClassVar[bool] = False
    """Whether the seconds that it can tell are those of a processor, not of the clock."""
    redraws: ClassVar[bool] = False
    """Whether every run has other connections."""
    n_synapses: int

    def __init__(self, network: str, scale: float, duration: float, threads: int) -> None:
        self.network = network
        self.scale = scale
        self.duration = duration
        self.threads = threads

    @classmethod
    def missing(cls) -> str:
        """Say in a sentence why it cannot run here; empty where it can."""
        return ""

    @abstractmethod
    def build(self) -> None:
        """Build, compile, connect: all that is not measured. Set `n_synapses`."""

    @abstractmethod
    def run(self) -> Run:
        """Run once."""

    def sample(self, seed: int) -> Run:
        """Run once with other random numbers, where every run has the same."""
        return self.run()

    def needs(self) -> float:
        """Return the bytes that it says it needs; 0 where it says nothing."""
        return 0.0
