"""The step that all integrate-and-fire neurons share."""

from __future__ import annotations

from typing import Any, ClassVar

import jax
import saiunit as u

from engine import boundary, surrogates
from engine.dynamics import Neuron, require_same_shape
from engine.specs import InputSpec, SlotSpec, StateSpec

__all__ = ["IntegrateAndFire", "Values"]

Values = dict[str, Any]
"""Values of a model's states, by name."""


class IntegrateAndFire(Neuron):
    r"""A neuron that integrates its input up to a threshold, spikes, and is reset.

    A step does, in this order: take the spike of the stored state and apply its reset, integrate
    (`advance`), store, and return the spike of the new state. A model says how it integrates, and
    where it differs, how it is reset and where its threshold lies.
    """

    spk_fun = SlotSpec(lambda: surrogates.ReluGrad(), "surrogate", "pseudo-derivative of the spike")
    V = StateSpec(u.mV, "V", "membrane potential")
    input: ClassVar[InputSpec] = InputSpec(1.1 * u.mA, soft=(0.0, 5.0))

    V_th: Any
    V_reset: Any

    @property
    def threshold(self) -> Any:
        """Membrane potential at which the neuron spikes now."""
        return self.V_th

    @property
    def spike_scale(self) -> Any:
        """Potential that counts as 1 in the argument of the surrogate gradient; positive."""
        return u.math.abs(self.V_th - self.V_reset)

    def get_spike(self, V: Any = None) -> Any:
        """Spikes of ``V``, by default of the present state: 1.0 at or above the threshold."""
        V = self.V.value if V is None else V
        return self._spike(V, self.threshold)

    def _spike(self, V: Any, threshold: Any) -> Any:
        return self.spk_fun(boundary.strip((V - threshold) / self.spike_scale, u.UNITLESS))

    def reset_potential(self, V: Any, spike: Any) -> Any:
        """Membrane potential after the reset of a spike."""
        theta = self.V_th if self.spk_reset == "soft" else jax.lax.stop_gradient(V)
        return V - (theta - self.V_reset) * spike

    def reset(self, now: Values, spike: Any) -> Values:
        """States after the reset of a spike; only the potential is reset here."""
        return now | {"V": self.reset_potential(now["V"], spike)}

    def advance(self, held: Values, x: Any) -> Values:
        """States after one step of integration from ``held`` under the input ``x``.

        Raises
        ------
        NotImplementedError
            The model does not say how it integrates.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define advance()")

    def hold(self, held: Values, new: Values) -> Values:
        """Choose between the state after the reset and the integrated one: the latter here."""
        return new

    def update(self, x: Any = None) -> Any:
        """Take one step.

        Parameters
        ----------
        x : Quantity or array, optional
            Input, of a shape that fits the population; a plain number is in the unit that the
            model declares.

        Returns
        -------
        array
            Spikes, 0.0 or 1.0, in the shape of the membrane potential; differentiable.
        """
        names = [n for n, spec in type(self).states().items() if not spec.is_time_stamp]
        now = {n: getattr(self, n).value for n in names}
        x = self.accept(x, self.input.unit, now["V"])
        held = self.reset(now, self.get_spike())
        new = self.hold(held, self.advance(held, x))
        self.use_up_inputs()
        for name, value in new.items():
            require_same_shape(type(self).__name__, name, now[name], value)
            getattr(self, name).value = value
        return self.get_spike()
