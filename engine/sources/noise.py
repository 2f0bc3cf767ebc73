"""Currents that are drawn at random in every step."""

from __future__ import annotations

from typing import Any

import brainstate
import jax.numpy as jnp
import saiunit as u

from engine import boundary
from engine.dynamics import initial_value
from engine.sources.base import Source, checked, first_step
from engine.specs import NON_NEGATIVE, POSITIVE

__all__ = ["OUProcessInput", "WienerProcessInput"]


class WienerProcessInput(Source):
    r"""White noise: in every step the increment of a Wiener process.

    .. math:: I = \sigma \sqrt{\Delta t}\,\xi, \qquad \xi \sim \mathcal N(0, 1)

    Parameters
    ----------
    in_size : int or tuple of int
        Shape of the population.
    sigma : Quantity, number or array
        Standard deviation of the increment over one millisecond, in the unit of what comes out.
    duration : Quantity[ms]
        When the noise ends.
    name : str, optional
        Name of the instance.

    Raises
    ------
    ParameterError
        A wrong dimension, a negative time, or a shape that does not fit the population.

    Notes
    -----
    :math:`\Delta t` counts in milliseconds. The sum of what came until the time :math:`t` is the
    process itself, with the variance :math:`\sigma^2 t`.
    """

    __module__ = "engine"

    def __init__(self, in_size: Any, sigma: Any, duration: Any, name: str | None = None) -> None:
        super().__init__(in_size, name=name)
        sigma = checked(sigma, self._path("sigma"), allowed=NON_NEGATIVE)
        self.sigma = self._fitting("sigma", sigma)
        self.duration = self._time("duration", duration)

    def update(self) -> Any:
        """Draw the current of the step."""
        width = jnp.sqrt(boundary.strip(self.dt, u.ms))
        value = self.sigma * (width * self.random.randn(*self.shape))
        return self._within(self.step_index < first_step(self.duration, self.dt), value)


class OUProcessInput(Source):
    r"""A current that wanders about its mean: an Ornstein-Uhlenbeck process.

    .. math:: dI = \frac{\mu - I}{\tau}\,dt + \sigma\,dW

    Parameters
    ----------
    in_size : int or tuple of int
        Shape of the population.
    mean : Quantity, number or array
        The mean :math:`\mu`; its unit is the unit of what comes out.
    sigma : Quantity, number or array
        Strength :math:`\sigma` of the noise over one millisecond, in the same unit.
    tau : Quantity[ms]
        How long the current remembers where it was.
    duration : Quantity[ms]
        When the current ends.
    name : str, optional
        Name of the instance.

    Raises
    ------
    ParameterError
        A wrong dimension, a negative time or strength, or ``tau`` of zero.

    Notes
    -----
    The process starts at its mean; in the long run it has the standard deviation
    :math:`\sigma\sqrt{\tau/2}`, with times in milliseconds. A step takes the exact distribution of
    the process after :math:`\Delta t`, so that mean, deviation and correlation in time are the same
    for every time step. *Deviation* from the reference implementation, whose Euler steps make it
    too wide where :math:`\Delta t` is not small beside :math:`\tau` (`exact-process`).

    References
    ----------
    D. T. Gillespie (1996). Exact numerical simulation of the Ornstein-Uhlenbeck process and its
    integral. Physical Review E 54, 2084-2091. doi:10.1103/PhysRevE.54.2084
    """

    __module__ = "engine"

    def __init__(
        self,
        in_size: Any,
        mean: Any,
        sigma: Any,
        tau: Any,
        duration: Any,
        name: str | None = None,
    ) -> None:
        super().__init__(in_size, name=name)
        self.mean = self._fitting("mean", checked(mean, self._path("mean")))
        sigma = checked(sigma, self._path("sigma"), u.get_unit(self.mean), NON_NEGATIVE)
        self.sigma = self._fitting("sigma", sigma)
        self.tau = self._time("tau", tau, POSITIVE)
        self.duration = self._time("duration", duration)

    def init_state(self, batch_size: int | None = None, **options: Any) -> None:
        """Put the process at its mean; see `Source.init_state`."""
        super().init_state(batch_size, **options)
        self.x = brainstate.HiddenState(initial_value(self.mean, self.shape))

    def reset_state(self, batch_size: int | None = None, **options: Any) -> None:
        """Put the process back at its mean; see `Source.reset_state`."""
        super().reset_state(batch_size, **options)
        self.x.value = initial_value(self.mean, self.shape)

    def update(self) -> Any:
        """Draw the current of the step."""
        steps = boundary.strip(self.dt / self.tau, u.UNITLESS)
        kept = jnp.exp(-steps)
        width = jnp.sqrt(boundary.strip(self.tau, u.ms) / 2 * -jnp.expm1(-2 * steps))
        noise = self.sigma * (width * self.random.randn(*self.shape))
        self.x.value = self.mean + (self.x.value - self.mean) * kept + noise
        return self._within(self.step_index < first_step(self.duration, self.dt), self.x.value)
