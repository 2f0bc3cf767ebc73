"""The refractory period, as a mixin: every ``*Ref`` model is its plain model with this in front."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import brainstate
import jax
import jax.numpy as jnp
import saiunit as u

from engine.neurons.base import IntegrateAndFire, Values
from engine.specs import NON_NEGATIVE, FlagSpec, ParameterSpec, StateSpec

__all__ = ["Refractory"]

_Base = IntegrateAndFire if TYPE_CHECKING else object


class Refractory(_Base):
    r"""Hold every state at its reset value for :math:`\tau_{ref}` after a spike.

    With ``ref_var=True`` the boolean state ``refractory`` says which neurons are held after the
    step; it starts as false.

    Notes
    -----
    Delta inputs that arrive during the period are lost. *Deviations* from the reference
    implementation: the period lasts a whole number of steps,
    :math:`\lceil\tau_{ref}/\Delta t\rceil`, however late in the run the spike comes, because time
    stamps in single precision are compared as step counts (`whole-refractory-steps`); where a soft
    reset leaves the potential above the threshold, the hard reset is taken instead, because the
    neuron would spike in every step of its own refractory period (`no-spike-while-refractory`).
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
    ref_var = FlagSpec(False, "whether a boolean state says who is refractory")
    last_spike_time = StateSpec(
        u.ms,
        r"t_{\mathrm{spike}}",
        "time of the last spike",
        start=-1e7 * u.ms,
        is_time_stamp=True,
    )

    def init_state(self, batch_size: int | None = None, **options: Any) -> None:
        """Create the states; see `Dynamics.init_state`."""
        super().init_state(batch_size, **options)
        if self.ref_var:
            self.refractory = brainstate.HiddenState(self._nobody())

    def reset_state(self, batch_size: int | None = None, **options: Any) -> None:
        """Write the start values back; see `Dynamics.reset_state`."""
        super().reset_state(batch_size, **options)
        if self.ref_var:
            self.refractory.value = self._nobody()

    def _nobody(self) -> Any:
        return jnp.zeros(u.math.shape(self.V.value), bool)

    def reset(self, now: Values, spike: Any) -> Values:
        """States after the reset of a spike, with a potential that is never above the threshold."""
        held = super().reset(now, spike)
        stuck = (spike > 0) & (held["V"] >= self.threshold_of(held))
        return held | {"V": u.math.where(stuck, self.V_reset, held["V"])}

    def hold(self, held: Values, new: Values) -> Values:
        """Keep the reset values while refractory, and note the time of a new spike."""
        quiet = self.is_refractory()
        kept = {name: u.math.where(quiet, held[name], value) for name, value in new.items()}
        spiking = kept["V"] >= self.threshold_of(kept)
        stamp = u.math.where(spiking, self.t, self.last_spike_time.value)
        self.last_spike_time.value = jax.lax.stop_gradient(stamp)
        if self.ref_var:
            self.refractory.value = quiet | spiking
        return kept

    def is_refractory(self) -> Any:
        """Whether each neuron is in its refractory period at this step."""
        return self.is_within(self.t - self.last_spike_time.value, self.tau_ref)
