r"""One step of :math:`dy/dt = f(y)`.

Each model names the integrator that is stable for it (`Neuron.integrator`); it is part of the
structure of a simulation, not a number that a slider moves.

References
----------
M. Hochbruck and A. Ostermann (2010). Exponential integrators. Acta Numerica 19, 209-286.
doi:10.1017/S0962492910000048
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import saiunit as u

from engine import boundary

__all__ = [
    "INTEGRATORS",
    "euler",
    "exponential_euler",
    "exprel",
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
    slope, growth = _linearised(drift, y, dt)
    return y + dt * exprel(growth) * slope


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
    slope, growth = _linearised(drift, y, dt)
    falls = u.get_mantissa(slope) < 0
    growth = jnp.minimum(growth, jnp.where(falls, STEEPEST_FALL, STEEPEST))
    return y + dt * exprel(growth) * slope


def _linearised(drift: Drift, y: Any, dt: Any) -> tuple[Any, Any]:
    """Return the drift at ``y``, and its derivative times the step, without unit."""
    unit, one = u.get_unit(y), u.math.ones_like(y)
    slope, per_unit = jax.jvp(drift, (y,), (one,))
    return slope, boundary.strip(dt * per_unit / boundary.attach(1.0, unit), u.UNITLESS)


SERIES = tuple(1.0 / math.factorial(k + 1) for k in range(7))
"""Taylor series of (exp(r) - 1) / r: up to half of ln 2 the first term left out is 2e-8."""

LN_2 = 0.693359375, -2.12194440e-4
"""The logarithm of 2 in two parts, the first with so few bits that its multiples are exact."""

ROUNDING = 1.5 * 2.0**23
"""A number so large that adding it rounds to a whole number, which its last bits then hold."""

GONE = -80.0
"""Argument below which an exponential is nothing beside one."""


def exprel(z: Any) -> Any:
    r"""Return (exp(z) - 1) / z, which is 1 at zero.

    Much of the time of a step is spent here. In single precision it takes two thirds of the time of
    ``expm1`` and is about as exact: with :math:`z = n \ln 2 + r` the exponential of :math:`r` less
    one is a short series, and near zero (:math:`n = 0`) nothing has to be divided.

    References
    ----------
    J.-M. Muller and others (2018). Handbook of Floating-Point Arithmetic. Birkhäuser.
    doi:10.1007/978-3-319-76526-6
    """
    z = jnp.asarray(z)
    if z.dtype != jnp.float32:
        return u.math.exprel(z)
    bits = jax.lax.bitcast_convert_type
    rounded = bits(z * (1.0 / math.log(2.0)) + ROUNDING, jnp.int32)
    n = jnp.clip(rounded - np.float32(ROUNDING).view(np.int32), -126, 127)
    r = z - n.astype(jnp.float32) * LN_2[0] - n.astype(jnp.float32) * LN_2[1]
    a, b, c, d, e, f, g = SERIES
    series = (a + b * r) + r**2 * ((c + d * r) + r**2 * ((e + f * r) + r**2 * g))
    power = bits((n + 127) << 23, jnp.float32)
    less_one = jnp.where(z < GONE, -1.0, power * (r * series) + (power - 1.0))
    return jnp.where(n == 0, series, less_one / jnp.where(n == 0, 1.0, z))


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
