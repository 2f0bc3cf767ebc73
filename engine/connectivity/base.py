"""What every rule of connectivity says and does."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from engine.connectivity.graph import Graph
from engine.errors import ParameterError
from engine.specs import ChoiceSpec, Component, subclasses

__all__ = ["Connectivity", "WithAutapses", "catalogue", "drawn"]


class Connectivity(Component):
    """A rule that says who connects to whom: derive from it, declare, and write `connect`.

    Attributes
    ----------
    formula : str
        LaTeX of the rule: the probability or the number of connections.
    """

    formula: ClassVar[str] = ""
    regular: ClassVar[bool] = False
    """Whether all sources have the same number of connections."""
    weighted: ClassVar[bool] = False
    """Whether connections differ in weight."""
    is_listed: ClassVar[bool] = True
    """Whether it is made of numbers alone, so that any projection may have it."""

    def _construct(self) -> None:
        """Do nothing: subclasses get a generated constructor."""

    def draw(
        self, n_pre: int, n_post: int, seed: int = 0, *, recurrent: bool = False, path: str = ""
    ) -> Graph:
        """Draw the connections between two populations.

        Parameters
        ----------
        n_pre, n_post : int
            Number of sources and of targets.
        seed : int
            Start of the random numbers.
        recurrent : bool
            Whether sources and targets are the same neurons.
        path : str
            Where the rule stands in an experiment, for the text of an error.

        Raises
        ------
        ParameterError
            An empty population, or a rule that these populations cannot follow.
        """
        path = path or type(self).__name__
        for name, n in (("presynaptic", n_pre), ("postsynaptic", n_post)):
            if n < 1:
                raise ParameterError(
                    path, f"{path} needs a {name} population of at least one neuron, got {n}"
                )
        self.check(n_pre, n_post, recurrent, path)
        return self.connect(n_pre, n_post, recurrent, np.random.default_rng(seed))

    def check(self, n_pre: int, n_post: int, recurrent: bool, path: str) -> None:
        """Raise ParameterError where populations of these sizes cannot be connected so."""

    def expected(self, n_pre: int, n_post: int) -> float:
        """Return about how many connections there will be, to know the memory beforehand."""
        return float(n_pre) * n_post

    def out_degree(self, n_pre: int, n_post: int) -> tuple[float, float]:
        """Return mean and variance of the number of connections of a source, whatever the seed."""
        mean = self.expected(n_pre, n_post) / n_pre
        return mean, 0.0 if self.regular else mean * max(0.0, 1.0 - mean / n_post)

    def connect(self, n_pre: int, n_post: int, recurrent: bool, rng: np.random.Generator) -> Graph:
        """Draw the connections, of populations that were checked.

        Raises
        ------
        NotImplementedError
            The class does not say who connects.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define connect()")


class WithAutapses(Connectivity):
    """A rule that may leave a neuron's connection to itself out."""

    autapses = ChoiceSpec(
        "no",
        ("no", "yes"),
        "whether a neuron of a population connected to itself may be its own target",
    )

    def leaves_out_self(self, recurrent: bool) -> bool:
        """Whether a neuron's connection to itself has to be left out."""
        return recurrent and self.autapses == "no"


@lru_cache(maxsize=8)  # two networks of excitation and inhibition
def drawn(
    kind: type[Connectivity],
    numbers: tuple[tuple[str, Any], ...],
    n_pre: int,
    n_post: int,
    seed: int,
    recurrent: bool,
    path: str,
) -> Graph:
    """Draw connections, or give those that were drawn from the same numbers before."""
    return kind(**dict(numbers)).draw(n_pre, n_post, seed, recurrent=recurrent, path=path)


def catalogue() -> Mapping[str, type[Connectivity]]:
    """Return every kind of connectivity that is declared, by name."""
    return {c.__name__: c for c in subclasses(Connectivity) if c.formula and c.is_listed}
