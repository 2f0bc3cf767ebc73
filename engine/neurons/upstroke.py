"""What neurons have in common whose equation itself begins the spike and would run to infinity."""

from __future__ import annotations

from typing import Any, ClassVar

import saiunit as u

from engine.neurons.base import IntegrateAndFire, Values

__all__ = ["Upstroke"]


class Upstroke(IntegrateAndFire):
    r"""Bound an upstroke that diverges in finite time.

    Notes
    -----
    How far the last step of an upstroke passes the threshold is of the time step's making, not of
    the model's. Three things keep it from being felt: the integrator does not overflow, what is
    stored stays within `overshoot` of the threshold, and a soft reset that would leave the
    potential where the next upstroke has begun already becomes a hard one. The upstroke begins at
    `onset`.
    """

    integrator: ClassVar[str] = "limited_exponential_euler"
    overshoot: ClassVar[Any] = 200.0 * u.mV
    """How far above the threshold a step may end."""

    @property
    def onset(self) -> Any:
        """Membrane potential above which the neuron's own upstroke takes over."""
        raise NotImplementedError(f"{type(self).__name__} does not define onset")

    def reset_potential(self, V: Any, spike: Any) -> Any:
        """Membrane potential after the reset of a spike, below the next upstroke."""
        reset = super().reset_potential(V, spike)
        return u.math.where((spike > 0) & (reset >= self.onset), self.V_reset, reset)

    def advance(self, held: Values, x: Any) -> Values:
        """Integrate, and bound the potential."""
        new = super().advance(held, x)
        return new | {"V": u.math.minimum(new["V"], self.V_th + self.overshoot)}
