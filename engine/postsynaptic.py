"""What a synapse acts on in its lab: a cell in the units of an experiment, or a voltage clamp."""

from __future__ import annotations

from typing import Any, ClassVar

import jax.numpy as jnp
import saiunit as u

from engine.dynamics import Neuron, initial_value
from engine.neurons.lif import LIF
from engine.specs import InputSpec, ParameterSpec, StateSpec, subclasses

__all__ = ["Cell", "Postsynaptic", "VoltageClamp", "catalogue"]


class Postsynaptic:
    """Marks a neuron as the target of a synapse's lab rather than a model of the catalogue."""

    is_listed: ClassVar[bool] = False


class Cell(Postsynaptic, LIF):
    r"""Leaky integrate-and-fire cell with the numbers of a cortical neuron.

    .. math:: \tau \frac{dV}{dt} = -(V - V_{rest}) + R I

    `LIF` with other defaults: currents in pA, a membrane of 100 MΩ and 20 ms, rest at -65 mV.

    References
    ----------
    W. Gerstner, W. M. Kistler, R. Naud and L. Paninski (2014). Neuronal Dynamics. Cambridge
    University Press, chapter 1.3. doi:10.1017/CBO9781107447615
    """

    R = LIF.R.but(default=100.0 * u.Mohm, soft=(10.0, 500.0), unit_text="")
    tau = LIF.tau.but(default=20.0 * u.ms, soft=(1.0, 100.0))
    V_th = LIF.V_th.but(default=-50.0 * u.mV, soft=(-60.0, -30.0))
    V_reset = LIF.V_reset.but(default=-65.0 * u.mV, soft=(-80.0, -55.0))
    V_rest = LIF.V_rest.but(default=-65.0 * u.mV, soft=(-80.0, -55.0))
    V_initializer = LIF.V_initializer.but(default=-65.0 * u.mV, soft=(-80.0, -50.0))
    input: ClassVar[InputSpec | None] = InputSpec(0.0 * u.pA, soft=(0.0, 500.0))


class VoltageClamp(Postsynaptic, Neuron):
    r"""Voltage clamp: the potential is held, so that the current alone shows.

    .. math:: V = V_{hold}

    References
    ----------
    A. L. Hodgkin, A. F. Huxley and B. Katz (1952). Measurement of current-voltage relations in the
    membrane of the giant axon of Loligo. Journal of Physiology 116, 424-448.
    doi:10.1113/jphysiol.1952.sp004716
    """

    equation: ClassVar[str] = r"V = V_{\mathrm{hold}}"
    draws_spike: ClassVar[bool] = False
    input: ClassVar[InputSpec | None] = InputSpec(0.0 * u.pA, soft=(0.0, 500.0))

    V_hold = ParameterSpec(
        -65.0 * u.mV,
        r"V_{\mathrm{hold}}",
        "potential that the clamp holds",
        soft=(-100.0, 60.0),
    )
    V_initializer = Cell.V_initializer
    V = StateSpec(u.mV, "V", "membrane potential")

    @property
    def threshold(self) -> Any:
        """Potential that is held: there is no threshold."""
        return self.V_hold

    def get_spike(self, *args: Any, **kwargs: Any) -> Any:
        """No spike, ever."""
        return jnp.zeros(u.math.shape(self.V.value))

    def update(self, x: Any = None) -> Any:
        """Hold the potential; returns zeros, in its shape."""
        self.V.value = initial_value(self.V_hold, u.math.shape(self.V.value))
        self.use_up_inputs()
        return self.get_spike()


def catalogue() -> dict[str, type[Neuron]]:
    """Return every postsynaptic target, by name."""
    return {c.__name__: c for c in subclasses(Postsynaptic) if issubclass(c, Neuron)}
