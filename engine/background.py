"""Random spikes from outside of a network."""

from __future__ import annotations

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import saiunit as u

from engine.specs import NON_NEGATIVE, Component, ParameterSpec

__all__ = ["Background"]


class Background(Component):
    r"""Random input from outside: for every neuron a Poisson train of its own.

    .. math:: P(k \text{ spikes in a step}) = \frac{\lambda^k}{k!} e^{-\lambda}, \quad
        \lambda = \nu\,\Delta t

    The spikes arrive at the population's first receptor.
    """

    formula: ClassVar[str] = r"P(k) = \lambda^k e^{-\lambda} / k!, \quad \lambda = \nu \Delta t"

    rate = ParameterSpec(
        1000.0 * u.Hz,
        r"\nu",
        "rate of the spikes from outside, all sources of a neuron together",
        soft=(0.0, 20_000.0),
        hard=NON_NEGATIVE,
    )
    most: ClassVar[int] = 24
    """Spikes of a step that are counted at most."""
    largest_mean: ClassVar[float] = 8.0
    """Mean number of spikes in a step up to which more than `most` practically never come."""

    @classmethod
    def chances(cls, mean: Any) -> jax.Array:
        """Return how often a step has more than 0, 1, ... spikes, in units of 2 to the -32."""
        survival = jax.scipy.special.gammainc(jnp.arange(1.0, cls.most + 1.0), mean)
        return jnp.minimum(survival * 2.0**32, 2.0**32 - 256.0).astype(jnp.uint32)

    @classmethod
    def count(cls, chances: jax.Array, bits: jax.Array) -> jax.Array:
        """Turn uniform 32-bit numbers into numbers of spikes, by the inverse of the law."""
        counts = sum((bits < chances[k]).astype(jnp.int32) for k in range(cls.most))
        return jnp.asarray(counts, jnp.float32)
