"""The step that all neuron models share, and the two ways in which they spike."""

from __future__ import annotations

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import saiunit as u

from engine import boundary, surrogates
from engine.dynamics import Neuron, require_same_shape
from engine.specs import ChoiceSpec, InputSpec, SlotSpec, StateSpec

__all__ = ["Crossing", "IntegrateAndFire", "PointNeuron", "Values"]

Values = dict[str, Any]
"""Values of a model's states, by name."""

LEAST_SCALE = 1e-6
"""Least distance that counts as 1 in the surrogate's argument, in the unit of the potential."""


class PointNeuron(Neuron):
    r"""A neuron whose membrane potential is a single number.

    A step does, in this order: take the spike of the stored state and apply its reset, integrate
    (`advance`), store, and return the spikes. A model says how it integrates, and where it differs,
    how it is reset and where its threshold lies.
    """

    spk_fun = SlotSpec(lambda: surrogates.ReluGrad(), "surrogate", "pseudo-derivative of the spike")
    V = StateSpec(u.mV, "V", "membrane potential")
    input: ClassVar[InputSpec] = InputSpec(1.1 * u.mA, soft=(0.0, 5.0))

    V_th: Any

    @property
    def threshold(self) -> Any:
        """Membrane potential at which the neuron spikes now."""
        known = (name for name in type(self).states() if name in vars(self))
        return self.threshold_of({name: getattr(self, name).value for name in known})

    def threshold_of(self, state: Values) -> Any:
        """Membrane potential at which the neuron spikes in the given state."""
        return self.V_th

    @property
    def spike_scale(self) -> Any:
        """Potential that counts as 1 in the argument of the surrogate gradient; positive."""
        return u.math.abs(self.V_th)

    def get_spike(self, V: Any = None) -> Any:
        """Spikes of ``V``, by default of the present state: 1.0 at or above the threshold."""
        V = self.V.value if V is None else V
        return self._spike(V, self.threshold)

    def _spike(self, V: Any, threshold: Any) -> Any:
        unit = u.get_unit(V)
        scale = jnp.maximum(boundary.strip(self.spike_scale, unit), LEAST_SCALE)
        return self.spk_fun(boundary.strip(V - threshold, unit) / scale)

    def reset(self, now: Values, spike: Any) -> Values:
        """States after the reset of a spike: as they are, where a model has none."""
        return now

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

    def emit(self, before: Any) -> Any:
        """Spikes of the step, given what `get_spike` was before it."""
        return self.get_spike()

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
        states = self._evolving()
        now = {name: state.value for name, state in states.items()}
        x = self.accept(x, self.input.unit, now["V"])
        spike = self.get_spike()
        held = self.reset(now, spike)
        new = self.hold(held, self.advance(held, x))
        self.use_up_inputs()
        for name, value in new.items():
            require_same_shape(type(self).__name__, name, now[name], value)
            states[name].value = value
        return self.emit(spike)

    def _evolving(self) -> dict[str, Any]:
        specs = type(self).states().items()
        return {name: getattr(self, name) for name, spec in specs if not spec.is_time_stamp}


class IntegrateAndFire(PointNeuron):
    r"""A neuron that integrates its input up to a threshold, spikes, and is reset."""

    V_reset: Any

    @property
    def spike_scale(self) -> Any:
        """Potential that counts as 1 in the argument of the surrogate gradient; positive."""
        return u.math.abs(self.V_th - self.V_reset)

    def reset_potential(self, V: Any, spike: Any) -> Any:
        """Membrane potential after the reset of a spike."""
        theta = self.V_th if self.spk_reset == "soft" else jax.lax.stop_gradient(V)
        return V - (theta - self.V_reset) * spike

    def reset(self, now: Values, spike: Any) -> Values:
        """States after the reset of a spike; only the potential is reset here."""
        return now | {"V": self.reset_potential(now["V"], spike)}

    def advance(self, held: Values, x: Any) -> Values:
        """Integrate the potential and add the delta inputs."""
        V = self.integrate(lambda V: self.drift(V, x), held["V"])
        return held | {"V": self.sum_delta_inputs(V)}

    def drift(self, V: Any, x: Any) -> Any:
        """Time derivative of the potential under the input ``x``.

        Raises
        ------
        NotImplementedError
            The model does not say what drives its potential.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define drift()")


class Crossing(PointNeuron):
    """A neuron whose equations make the whole spike: it is counted, not reset.

    It spikes in the step in which its potential crosses the threshold from below. A current input
    that depends on the potential is evaluated once, before the step.
    """

    draws_spike: ClassVar[bool] = False
    spk_reset = ChoiceSpec(
        "soft",
        ("soft", "hard"),
        "accepted for the sake of the other models: the equations themselves end the spike",
        has_effect=False,
    )

    def emit(self, before: Any) -> Any:
        """Spikes that are new in this step: above the threshold now, and not before."""
        return self.get_spike() * (1.0 - before)

    def advance(self, held: Values, x: Any) -> Values:
        """Integrate all states from their old values, and add the delta inputs."""
        current = self.sum_current_inputs(x, held["V"], pop=False)
        new = self.flow(held, current)
        return new | {"V": self.sum_delta_inputs(new["V"])}

    def flow(self, held: Values, current: Any) -> Values:
        """States after one step under the whole input ``current``.

        Raises
        ------
        NotImplementedError
            The model does not say how it integrates.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define flow()")
