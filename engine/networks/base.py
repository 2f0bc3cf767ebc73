"""What a published network says about itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from engine import catalog
from engine.connectivity import Connectivity
from engine.network_experiment import NetworkExperiment
from engine.populations import NetworkProjection, Population
from engine.specs import subclasses

__all__ = ["PublishedNetwork", "catalogue", "excitation_and_inhibition"]


class PublishedNetwork(ABC):
    """A network from the literature: derive, cite it, and write `experiment`.

    Attributes
    ----------
    title : str
        What people call it.
    phenomenon : str
        What to look at, in a sentence.
    reference : str
        Authors, year, title and DOI.
    rate, irregularity : (float, float)
        Between what the mean rate in Hz, and the variation of the intervals, lie.
    state : str
        Label of the state as `engine.analysis.networks.state_of` gives it; empty where the network
        has no steady one.
    rhythm : (float, float) or None
        Between what frequencies in Hz the population rate has its peak.
    start_scale : float
        Scale to begin with where the network is shown: about a thousand neurons.
    """

    title: ClassVar[str] = ""
    phenomenon: ClassVar[str] = ""
    reference: ClassVar[str] = ""
    rate: ClassVar[tuple[float, float]]
    irregularity: ClassVar[tuple[float, float]]
    state: ClassVar[str] = ""
    rhythm: ClassVar[tuple[float, float] | None] = None
    start_scale: ClassVar[float] = 1.0

    @classmethod
    def summary(cls) -> str:
        """Say what it is: the first sentence of its docstring."""
        return catalog.summary(cls)

    @classmethod
    @abstractmethod
    def experiment(cls, scale: float = 1.0) -> NetworkExperiment:
        """Return the network with the published numbers.

        Parameters
        ----------
        scale : float
            Part of the neurons to keep; each keeps as many connections as it had.
        """


def catalogue() -> dict[str, type[PublishedNetwork]]:
    """Return every published network, by name."""
    return {
        c.__name__: c for c in subclasses(PublishedNetwork) if c.reference and hasattr(c, "rate")
    }


def excitation_and_inhibition(
    population: Population, excites: str, inhibits: str, rule: type[Connectivity]
) -> NetworkExperiment:
    """Return two populations of a kind, ``E`` and ``I``, and the four projections of them.

    Parameters
    ----------
    population : Population
        What both are.
    excites, inhibits : str
        The receptors that the spikes of ``E`` and of ``I`` arrive at.
    rule : type
        Connectivity of every projection; ``EI`` is the one from ``E`` to ``I``.
    """
    receptors = {"E": excites, "I": inhibits}
    projections = {
        source + target: NetworkProjection(source, target, receptors[source], rule)
        for source in "EI"
        for target in "EI"
    }
    return NetworkExperiment({"E": population, "I": population}, projections)


def for_each(names: str, numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Put each of several names, separated by spaces, in front of every path."""
    return {f"{name}.{path}": value for name in names.split() for path, value in numbers.items()}
