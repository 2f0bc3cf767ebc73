"""The refractory period, as a mixin: every ``*Ref`` model is its plain model with this in front."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import saiunit as u

from engine import boundary
from engine.neurons.base import IntegrateAndFire, Values
from engine.specs import NON_NEGATIVE, ParameterSpec, StateSpec

__all__ = ["Refractory"]

_Base = IntegrateAndFire if TYPE_CHECKING else object


class Refractory(_Base):
    r"""Hold every state at its reset value for :math:`\tau_{ref}` after a spike.

    Notes
    -----
    The period lasts a whole number of steps, :math:`\lceil\tau_{ref}/\Delta t\rceil`, however late
    in the run the spike comes: time stamps in single precision are compared as step counts. Where a
    soft reset leaves the potential above the threshold, the hard reset is taken instead, because
    the neuron would spike in every step of its own refractory period. Delta inputs that arrive
    meanwhile are lost.
    """

    tau_ref = ParameterSpec(
        5.0 * u.ms,
        r"\tau_{\mathrm{ref}}",
        "refractory period: how long the neuron stays at reset after a spike",
        soft=(0.0, 20.0),
        hard=NON_NEGATIVE,
        group="threshold",
        after="tau",
    )
    last_spike_time = StateSpec(
        u.ms,
        r"t_{\mathrm{spike}}",
        "time of the last spike",
        start=-1e7 * u.ms,
        is_time_stamp=True,
    )

    def reset_potential(self, V: Any, spike: Any) -> Any:
        """Membrane potential after the reset of a spike, never above the threshold."""
        reset = super().reset_potential(V, spike)
        return u.math.where((spike > 0) & (reset >= self.threshold), self.V_reset, reset)

    def hold(self, held: Values, new: Values) -> Values:
        """Keep the reset values while refractory, and note the time of a new spike."""
        quiet = self.is_refractory()
        kept = {name: u.math.where(quiet, held[name], value) for name, value in new.items()}
        spiking = kept["V"] >= self.V_th
        stamp = u.math.where(spiking, self.t, self.last_spike_time.value)
        self.last_spike_time.value = jax.lax.stop_gradient(stamp)
        return kept

    def is_refractory(self) -> Any:
        """Whether each neuron is in its refractory period at this step."""
        since = boundary.strip((self.t - self.last_spike_time.value) / self.dt, u.UNITLESS)
        period = boundary.strip(self.tau_ref / self.dt, u.UNITLESS)
        return u.math.round(since) < u.math.ceil(period - 1e-4)
