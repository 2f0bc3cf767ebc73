"""Spikes that come at random, independently of each other."""

from __future__ import annotations

import math
from typing import Any

import brainstate
import jax
import jax.numpy as jnp
import numpy as np
import saiunit as u

from engine import boundary
from engine.dynamics import Dynamics
from engine.errors import ParameterError
from engine.sources.base import Source, checked, is_traced
from engine.specs import NON_NEGATIVE

__all__ = ["PoissonEncoder", "PoissonInput", "PoissonSpike", "poisson_input"]

ENOUGH = 5.0
"""Expected arrivals, and expected non-arrivals, from which on a normal distribution serves."""


class PoissonEncoder(Source):
    r"""Neurons that turn rates into spikes: a Poisson process with the rate of the step.

    .. math:: P(\text{spike}) = 1 - e^{-f \Delta t}

    Parameters
    ----------
    in_size : int or tuple of int
        Shape of the population.
    spk_type : dtype
        Type of the spikes: ``bool``, or a number type for 0 and 1.
    name : str, optional
        Name of the instance.

    Notes
    -----
    Every neuron and every entry of a batch is drawn on its own, whether the batch comes from
    ``init_state(batch_size)`` or from the shape of the rates.
    """

    __module__ = "engine"

    def __init__(self, in_size: Any, spk_type: Any = bool, name: str | None = None) -> None:
        super().__init__(in_size, name=name)
        self.spk_type = _dtype(spk_type, self._path("spk_type"))

    def update(self, freqs: Any) -> Any:
        """Draw the spikes of a step.

        Parameters
        ----------
        freqs : Quantity[Hz]
            Rates; one value, or in the shape of the population, with or without a batch in front.

        Returns
        -------
        array
            Spikes, in the shape of the population, with the batch in front.

        Raises
        ------
        ParameterError
            No rates, negative rates, or a shape that does not fit.
        """
        path = self._path("freqs")
        freqs = checked(freqs, path, u.Hz, NON_NEGATIVE)
        shape = self._drawn_shape(u.math.shape(freqs), path)
        chance = _chance(freqs, self.dt)
        return (self.random.random(shape) < chance).astype(self.spk_type)

    def _drawn_shape(self, given: tuple[int, ...], path: str) -> tuple[int, ...]:
        try:
            shape = np.broadcast_shapes(given, self.shape)
        except ValueError:
            shape = ()
        axes = len(self.varshape)
        batch = self._batch_size is not None
        if shape[-axes:] != self.varshape or (batch and shape != self.shape):
            raise ParameterError(path, f"{path} must fit the shape {self.shape}, got shape {given}")
        return shape


class PoissonSpike(Source):
    r"""Neurons that spike at random with a given rate: Poisson processes.

    .. math:: P(\text{spike}) = 1 - e^{-f \Delta t}

    Parameters
    ----------
    in_size : int or tuple of int
        Shape of the population.
    freqs : Quantity[Hz] or callable
        Rates: one value, one for each neuron, or an initializer that is called with the shape.
    spk_type : dtype
        Type of the spikes: ``bool``, or a number type for 0 and 1.
    name : str, optional
        Name of the instance.

    Raises
    ------
    ParameterError
        No rates, negative rates, or a shape that does not fit the population.

    Notes
    -----
    After ``init_state(batch_size)`` every entry of the batch is drawn on its own. *Deviation* from
    the reference implementation, which knows no batch here (`draws-of-the-batch`).

    Examples
    --------
    >>> import brainstate, saiunit as u
    >>> from engine import PoissonSpike
    >>> source = PoissonSpike(100, freqs=20 * u.Hz)
    >>> source.init_state(batch_size=8)
    >>> with brainstate.environ.context(dt=0.1 * u.ms):
    ...     source().shape
    (8, 100)
    """

    __module__ = "engine"

    def __init__(
        self, in_size: Any, freqs: Any, spk_type: Any = bool, name: str | None = None
    ) -> None:
        super().__init__(in_size, name=name)
        freqs = freqs(self.varshape) if callable(freqs) else freqs
        freqs = checked(freqs, self._path("freqs"), u.Hz, NON_NEGATIVE)
        self.freqs = self._fitting("freqs", freqs)
        self.spk_type = _dtype(spk_type, self._path("spk_type"))

    def update(self) -> Any:
        """Draw the spikes of a step."""
        chance = _chance(self.freqs, self.dt)
        return (self.random.random(self.shape) < chance).astype(self.spk_type)


class PoissonInput(Dynamics):
    r"""The sum of many independent Poisson inputs, added directly to a state of a model.

    .. math:: y \leftarrow y + w K, \qquad K \sim \mathrm{Binomial}(N, 1 - e^{-f \Delta t})

    Parameters
    ----------
    target : Prefetch or State
        What the arrivals are added to: ``neuron.prefetch("V")``, or a state itself.
    indices : array of int or None
        The neurons that are driven, counted row by row where the population has several axes; all
        of them if None.
    num_input : int
        Number :math:`N` of inputs to each neuron.
    freq : Quantity[Hz]
        Rate of each input.
    weight : Quantity or number
        What an arrival adds, in the unit of the state.
    name : str, optional
        Name of the instance.

    Raises
    ------
    ParameterError
        A target that is neither, a number of inputs below zero, a weight in another unit than the
        state.

    Notes
    -----
    Call it in each step, before the model or after it. Arrivals that lift a potential above the
    threshold make a spike at once: read it as ``neuron.get_spike()`` after the call, because the
    next step of the model starts with the reset. Every entry of a batch is drawn on
    its own. Where many arrivals are expected their number is drawn from a normal distribution with
    the same mean and variance, rounded. *Deviation* from the reference implementation: a target
    that is no state is refused in a sentence (`sentence-for-a-target`).
    """

    __module__ = "engine"

    def __init__(
        self,
        target: Any,
        indices: Any,
        num_input: int,
        freq: Any,
        weight: Any,
        name: str | None = None,
    ) -> None:
        if isinstance(target, brainstate.nn.Prefetch):
            in_size: Any = target.module.in_size
        elif isinstance(target, brainstate.State):
            in_size = u.math.shape(target.value) or 1
        else:
            raise ParameterError(
                "PoissonInput.target",
                "PoissonInput.target must be a state such as neuron.prefetch('V'), got a "
                f"{type(target).__name__}",
            )
        super().__init__(in_size, name=name)
        self.target = target
        self.indices = None if indices is None else jnp.asarray(indices)
        self.num_input = _count(num_input, "PoissonInput.num_input")
        self.freq = checked(freq, "PoissonInput.freq", u.Hz, NON_NEGATIVE)
        self.weight = checked(weight, "PoissonInput.weight")
        self._rng: Any = None

    def init_state(self, batch_size: int | None = None, *, rng: Any = None, **_: Any) -> None:
        """Take the source of randomness; the states are those of the target."""
        self._rng = rng

    def update(self) -> None:
        """Draw the arrivals of a step and add them."""
        state: Any = self.target
        if isinstance(state, brainstate.nn.Prefetch):
            state = getattr(state.module, state.item)
        batch = u.math.shape(state.value)[: -len(self.varshape)]
        flat = (*batch, int(np.prod(self.varshape)))
        shape = u.math.shape(state.value)
        arrived = _arrivals(
            state.value, self.freq, self.num_input, self.weight, self.dt, "PoissonInput", self._rng
        )
        state.value = _added(state.value.reshape(flat), self.indices, lambda s: arrived(s)).reshape(
            shape
        )


def poisson_input(
    freq: Any,
    num_input: int,
    weight: Any,
    target: brainstate.State,
    indices: Any = None,
    refractory: Any = None,
) -> None:
    """Add the sum of many independent Poisson inputs to a state, once.

    Parameters
    ----------
    freq : Quantity[Hz]
        Rate of each input.
    num_input : int
        Number of inputs to each neuron.
    weight : Quantity or number
        What an arrival adds, in the unit of the state.
    target : State
        What the arrivals are added to.
    indices : array of int, optional
        The neurons that are driven, along the last axis; all if not given.
    refractory : array of bool, optional
        Which neurons keep their value.

    Raises
    ------
    ParameterError
        As for `PoissonInput`.
    """
    dt = brainstate.environ.get("dt", None)
    if dt is None:
        raise ParameterError(
            "dt",
            "poisson_input has no time step: call it inside "
            "brainstate.environ.context(dt=0.1 * u.ms)",
        )
    if not isinstance(target, brainstate.State):
        path = "poisson_input.target"
        raise ParameterError(
            path, f"{path} must be a state such as neuron.V, got a {type(target).__name__}"
        )
    freq = checked(freq, "poisson_input.freq", u.Hz, NON_NEGATIVE)
    num_input = _count(num_input, "poisson_input.num_input")
    weight = checked(weight, "poisson_input.weight")
    arrived = _arrivals(target.value, freq, num_input, weight, dt, "poisson_input")
    value = _added(target.value, indices, arrived)
    if refractory is not None:
        value = u.math.where(refractory, target.value, value)
    target.value = value


def _chance(freq: Any, dt: Any) -> Any:
    """Probability of at least one spike within a step."""
    return -jnp.expm1(-jnp.asarray(boundary.strip(freq * dt, u.UNITLESS)))


def _arrivals(
    like: Any, freq: Any, num_input: int, weight: Any, dt: Any, path: str, rng: Any = None
) -> Any:
    """Give the function that draws what arrives, for a shape."""
    unit = u.get_unit(like)
    weight = checked(weight, f"{path}.weight", unit)
    random = brainstate.random if rng is None else rng
    chance = _chance(freq, dt)

    def draw(shape: tuple[int, ...]) -> Any:
        mean, variance = num_input * chance, num_input * chance * (1 - chance)
        many = (mean > ENOUGH) & (num_input - mean > ENOUGH)
        key = random.split_key()

        def normal() -> Any:
            drawn = mean + jnp.sqrt(variance) * jax.random.normal(key, shape)
            return jnp.clip(jnp.round(drawn), 0, num_input)

        def binomial() -> Any:
            return jax.random.binomial(key, num_input, chance, shape)

        if is_traced(many):
            count = jax.lax.cond(jnp.all(many), normal, binomial)
        else:
            count = normal() if np.all(many) else binomial()
        return weight * count

    return draw


def _added(value: Any, indices: Any, arrived: Any) -> Any:
    """Add arrivals to all neurons, or to those given along the last axis."""
    shape = u.math.shape(value)
    if indices is None:
        return value + arrived(shape)
    unit = u.get_unit(value)
    indices = jnp.asarray(indices)
    added = boundary.strip(arrived((*shape[:-1], *indices.shape)), unit)
    return boundary.attach(u.get_mantissa(value).at[..., indices].add(added), unit)


def _count(value: Any, path: str) -> int:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole and isinstance(value, float) and math.isfinite(value):
        whole = value == int(value)
    if not whole or value < 0:
        raise ParameterError(path, f"{path} must be a whole number of at least 0, got {value!r}")
    return int(value)


def _dtype(value: Any, path: str) -> Any:
    try:
        return jax.dtypes.canonicalize_dtype(value)
    except TypeError:
        raise ParameterError(path, f"{path} must be a type such as bool, got {value!r}") from None
