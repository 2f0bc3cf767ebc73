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

__all__ = ["INTEGRATORS", "euler", "exponential_euler", "heun", "rk4"]

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
    "euler": euler,
    "heun": heun,
    "rk4": rk4,
}
