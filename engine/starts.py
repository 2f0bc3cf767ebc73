"""Where the membrane potentials of a population begin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import saiunit as u

from engine.dynamics import Neuron
from engine.specs import NON_NEGATIVE, Component, ParameterSpec, subclasses

__all__ = ["AtRest", "NormalStart", "Start", "UniformStart", "catalogue", "suiting"]


class Start(Component):
    """Where the membrane potentials of a population begin: derive and write `potential`."""

    @classmethod
    def suits(cls, model: type[Neuron]) -> bool:
        """Whether the model declares what this needs."""
        return True

    @classmethod
    def potential(cls, p: Mapping[str, Any], neuron: Any, key: Any) -> Any:
        """Return the potentials of all neurons, of the parameters ``p`` as plain numbers.

        Raises
        ------
        NotImplementedError
            The class does not say where to begin.
        """
        raise NotImplementedError(f"{cls.__name__} does not define potential()")


class AtRest(Start):
    """All at the resting potential, or where the model begins by itself."""

    @classmethod
    def potential(cls, p: Mapping[str, Any], neuron: Any, key: Any) -> Any:
        """Return the resting potential; see `Start.potential`."""
        here = neuron.V.value
        return u.math.broadcast_to(getattr(neuron, "V_rest", here), u.math.shape(here))


class UniformStart(Start):
    """Evenly spread between reset and threshold, so that the neurons do not fire together."""

    @classmethod
    def suits(cls, model: type[Neuron]) -> bool:
        """Whether the model declares a reset and a threshold."""
        return {"V_reset", "V_th"} <= set(model.parameters())

    @classmethod
    def potential(cls, p: Mapping[str, Any], neuron: Any, key: Any) -> Any:
        """Draw between reset and threshold; see `Start.potential`."""
        share = jax.random.uniform(key, u.math.shape(neuron.V.value))
        return neuron.V_reset + (neuron.V_th - neuron.V_reset) * share


class NormalStart(Start):
    """Normally distributed around a potential."""

    mean = ParameterSpec(
        -55.0 * u.mV, r"\mu_0", "mean of the potentials at the start", soft=(-80.0, -40.0)
    )
    deviation = ParameterSpec(
        5.0 * u.mV,
        r"\sigma_0",
        "standard deviation of the potentials at the start",
        soft=(0.0, 20.0),
        hard=NON_NEGATIVE,
    )

    @classmethod
    def suits(cls, model: type[Neuron]) -> bool:
        """Whether the potential of the model is one, and not a number without unit."""
        return model.states()["V"].unit.dim == u.mV.dim

    @classmethod
    def potential(cls, p: Mapping[str, Any], neuron: Any, key: Any) -> Any:
        """Draw around the mean; see `Start.potential`."""
        z = jax.random.normal(key, u.math.shape(neuron.V.value))
        return (p["mean"] + p["deviation"] * z) * u.mV


def catalogue() -> dict[str, type[Start]]:
    """Return every kind of start, by name."""
    return {c.__name__: c for c in subclasses(Start)}


def suiting(model: type[Neuron]) -> type[Start]:
    """Return the start that a model has by default."""
    return UniformStart if UniformStart.suits(model) else AtRest
