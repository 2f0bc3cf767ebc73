r"""One step of :math:`dy/dt = f(y)`.

Each model names the integrator that is stable for it (`Neuron.integrator`); it is part of the
structure of a simulation, not a number that a slider moves.

References
----------
M. Hochbruck and A. Ostermann (2010). Exponential integrators. Acta Numerica 19, 209-286.
doi:10.1017/S0962492910000048
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import brainstate
import jax
import jax.numpy as jnp
import saiunit as u

from engine import boundary

__all__ = [
    "INTEGRATORS",
    "euler",
    "exponential_euler",
    "heun",
    "limited_exponential_euler",
    "rk4",
]

Drift = Callable[[Any], Any]


def exponential_euler(drift: Drift, y: Any, dt: Any) -> Any:
    r"""Linearise the drift at ``y`` and solve that exactly.

    .. math::
        y' = y + \Delta t\,\varphi(\Delta t\,J)\,f(y), \qquad
        \varphi(z) = (e^z - 1)/z, \quad J = f'(y)

    Exact where ``drift`` is linear in ``y``, of second order elsewhere. It overflows where
    :math:`J` is large and positive, as on the upstroke of an exponential model.
    """
    with brainstate.environ.context(dt=dt):
        return brainstate.nn.exp_euler_step(drift, y)


STEEPEST = 20.0
"""Growth over a step, as an exponent, from which on an upstroke is over in that step."""

STEEPEST_FALL = 1.0
"""The same for a fall, which the drift of an upstroke model ends at its resting potential."""


def limited_exponential_euler(drift: Drift, y: Any, dt: Any) -> Any:
    r"""Take an `exponential_euler` step that does not overflow where the drift is unstable.

    The growth :math:`z = \Delta t\,J` of the linearised drift is limited to 20 on the way up, where
    the step is beyond any threshold already, and to 1 on the way down, where it would throw ``y``
    past the resting potential. Elsewhere it is the same step. ``drift`` must act on each element
    alone.
    """
    unit, one = u.get_unit(y), u.math.ones_like(y)
    slope, per_unit = jax.jvp(drift, (y,), (one,))
    growth = boundary.strip(dt * per_unit / boundary.attach(1.0, unit), u.UNITLESS)
    falls = u.get_mantissa(slope) < 0
    growth = jnp.minimum(growth, jnp.where(falls, STEEPEST_FALL, STEEPEST))
    return y + dt * u.math.exprel(growth) * slope


def euler(drift: Drift, y: Any, dt: Any) -> Any:
    """Take one explicit Euler step, of first order."""
    return y + dt * drift(y)


def heun(drift: Drift, y: Any, dt: Any) -> Any:
    """Take one step of Heun's method (the explicit trapezoidal rule), of second order."""
    slope = drift(y)
    return y + dt * 0.5 * (slope + drift(y + dt * slope))


def rk4(drift: Drift, y: Any, dt: Any) -> Any:
    """Take one step of the classical Runge-Kutta method, of fourth order."""
    k1 = drift(y)
    k2 = drift(y + dt * 0.5 * k1)
    k3 = drift(y + dt * 0.5 * k2)
    k4 = drift(y + dt * k3)
    return y + dt / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)


INTEGRATORS: dict[str, Callable[[Drift, Any, Any], Any]] = {
    "exponential_euler": exponential_euler,
    "limited_exponential_euler": limited_exponential_euler,
    "euler": euler,
    "heun": heun,
    "rk4": rk4,
}
