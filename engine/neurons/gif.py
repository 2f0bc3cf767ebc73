"""The generalized integrate-and-fire neuron of Mihalaş and Niebur: Gif, GifRef."""

from __future__ import annotations

from typing import Any, ClassVar

import jax
import saiunit as u

from engine.neurons.base import Values
from engine.neurons.lif import IF, LIF
from engine.refractory import Refractory
from engine.specs import NON_NEGATIVE, POSITIVE, InitialSpec, InputSpec, ParameterSpec, StateSpec

__all__ = ["Gif", "GifRef"]

PER_MS = u.ms**-1


class Gif(LIF):
    r"""Generalized integrate-and-fire neuron: two spike currents and a threshold that moves.

    .. math::
        \tau \frac{dV}{dt} &= -(V - V_{rest}) + R\,(I_1 + I_2 + I) \\
        \frac{dI_j}{dt} &= -k_j I_j, \qquad
        \frac{dV_{th}}{dt} = a\,(V - V_{rest}) - b\,(V_{th} - V_{th,\infty})

    A spike turns :math:`I_j` into :math:`R_j I_j + A_j` and lifts the threshold to
    :math:`V_{th,reset}` where it was below. Linear between spikes, and yet it shows most firing
    patterns that are known from cortex. The soft reset subtracts the threshold's distance from
    :math:`V_{reset}` at the spike.

    References
    ----------
    S. Mihalaş and E. Niebur (2009). A generalized linear integrate-and-fire neural model produces
    diverse spiking behaviors. Neural Computation 21, 704-718. doi:10.1162/neco.2008.12-07-680

    Examples
    --------
    Where the threshold follows the potential (:math:`a > 0`), depolarization lifts it.

    >>> import brainstate, saiunit as u
    >>> from engine import Gif
    >>> neuron = Gif(2, a=[0.0, 0.01] / u.ms, V_initializer=-60 * u.mV)
    >>> neuron.init_state()
    >>> with brainstate.environ.context(dt=1 * u.ms):
    ...     spikes = neuron(0.5 * u.mA)
    >>> [f"{threshold:.1f}" for threshold in neuron.threshold.to_decimal(u.mV)]
    ['-50.0', '-49.9']
    """

    __module__ = "engine"
    equation: ClassVar[str] = (
        r"\tau \frac{dV}{dt} = -(V - V_{\mathrm{rest}}) + R (I_1 + I_2 + I),"
        r"\quad \frac{dI_1}{dt} = -k_1 I_1,\quad \frac{dI_2}{dt} = -k_2 I_2,"
        r"\quad \frac{dV_{\mathrm{th}}}{dt} = a (V - V_{\mathrm{rest}})"
        r" - b (V_{\mathrm{th}} - V_{\mathrm{th},\infty})"
    )
    below: ClassVar[tuple[tuple[str, str], ...]] = (("V_reset", "V_th_inf"),)
    input: ClassVar[InputSpec] = InputSpec(1.5 * u.mA, soft=(0.0, 5.0))

    R = IF.R.but(default=20.0 * u.ohm, soft=(5.0, 40.0))
    tau = IF.tau.but(default=20.0 * u.ms)
    V_reset = LIF.V_reset.but(default=-70.0 * u.mV, soft=(-90.0, -60.0), after="tau")
    V_rest = LIF.V_rest.but(default=-70.0 * u.mV, soft=(-90.0, -60.0), after="tau")
    V_th_inf = ParameterSpec(
        -50.0 * u.mV,
        r"V_{\mathrm{th},\infty}",
        "threshold that the neuron returns to without input",
        soft=(-59.0, -30.0),
        group="threshold",
        after="V_reset",
    )
    V_th_reset = ParameterSpec(
        -60.0 * u.mV,
        r"V_{\mathrm{th},\mathrm{reset}}",
        "least threshold after a spike",
        soft=(-70.0, -30.0),
        group="threshold",
        after="V_th_inf",
    )
    V_th_initializer = InitialSpec(
        -50.0 * u.mV,
        r"V_{\mathrm{th}}(0)",
        "threshold at the start",
        soft=(-59.0, -30.0),
        after="V_th_reset",
    )
    a = ParameterSpec(
        u.Quantity(0.0, unit=PER_MS),
        "a",
        "adaptation of the threshold: how strongly it follows the potential",
        soft=(0.0, 0.02),
        unit_text="1/ms",
        group="threshold",
        after="V_th_initializer",
    )
    b = ParameterSpec(
        u.Quantity(0.01, unit=PER_MS),
        "b",
        "rate at which the threshold returns to its resting value",
        soft=(0.001, 0.1),
        hard=NON_NEGATIVE,
        scale="log",
        unit_text="1/ms",
        group="threshold",
        after="a",
    )
    k1 = ParameterSpec(
        u.Quantity(0.2, unit=PER_MS),
        "k_1",
        "rate at which the first spike current decays: felt where a spike adds to it",
        soft=(0.02, 1.0),
        hard=POSITIVE,
        scale="log",
        unit_text="1/ms",
        after="b",
    )
    k2 = k1.but(
        default=u.Quantity(0.02, unit=PER_MS),
        symbol="k_2",
        meaning="rate at which the second spike current decays: felt where a spike adds to it",
        soft=(0.002, 1.0),
        after="k1",
    )
    R1 = ParameterSpec(
        0.0,
        "R_1",
        "part of the first spike current that a spike leaves",
        soft=(0.0, 0.5),
        group="threshold",
        after="k2",
    )
    R2 = R1.but(
        default=1.0,
        symbol="R_2",
        meaning="part of the second spike current that a spike leaves",
        soft=(0.0, 1.0),
        after="R1",
    )
    A1 = ParameterSpec(
        0.0 * u.mA,
        "A_1",
        "what a spike adds to the first spike current",
        soft=(-2.0, 2.0),
        group="threshold",
        after="R2",
    )
    A2 = A1.but(
        symbol="A_2",
        meaning="what a spike adds to the second spike current",
        soft=(-1.0, 0.0),
        after="A1",
    )
    V_initializer = IF.V_initializer.but(default=-70.0 * u.mV, soft=(-90.0, -60.0), after="A2")
    I1_initializer = InitialSpec(
        0.0 * u.mA,
        "I_1(0)",
        "first spike current at the start",
        soft=(-2.0, 2.0),
        after="V_initializer",
    )
    I2_initializer = I1_initializer.but(
        symbol="I_2(0)", meaning="second spike current at the start", after="I1_initializer"
    )
    I1 = StateSpec(u.mA, "I_1", "first spike current")
    I2 = StateSpec(u.mA, "I_2", "second spike current")
    V_th = StateSpec(u.mV, r"V_{\mathrm{th}}", "threshold at which the neuron spikes")

    def threshold_of(self, state: Values) -> Any:
        """Threshold as it has moved."""
        return state["V_th"]

    @property
    def spike_scale(self) -> Any:
        """Potential that counts as 1 in the argument of the surrogate gradient; positive."""
        return u.math.abs(self.V_th.value - self.V_reset)

    def get_spike(self, V: Any = None, V_th: Any = None) -> Any:
        """Spikes of ``V`` under the threshold ``V_th``, by default of the present state."""
        V = self.V.value if V is None else V
        return self._spike(V, self.V_th.value if V_th is None else V_th)

    def reset_potential(self, V: Any, spike: Any) -> Any:
        """Membrane potential after the reset of a spike, from the threshold as it was."""
        theta = self.V_th.value if self.spk_reset == "soft" else jax.lax.stop_gradient(V)
        return V - (theta - self.V_reset) * spike

    def reset(self, now: Values, spike: Any) -> Values:
        """Reset the potential, renew the spike currents, and lift a low threshold."""
        I1, I2, V_th = now["I1"], now["I2"], now["V_th"]
        return super().reset(now, spike) | {
            "I1": I1 + spike * (self.R1 * I1 + self.A1 - I1),
            "I2": I2 + spike * (self.R2 * I2 + self.A2 - I2),
            "V_th": V_th + spike * (u.math.maximum(self.V_th_reset, V_th) - V_th),
        }

    def advance(self, held: Values, x: Any) -> Values:
        """Integrate spike currents and threshold, then the potential under the new currents."""
        new = {
            "I1": self.integrate(lambda I: -self.k1 * I, held["I1"]),
            "I2": self.integrate(lambda I: -self.k2 * I, held["I2"]),
            "V_th": self.integrate(lambda V_th: self.threshold_drift(V_th, held), held["V_th"]),
        }
        I1, I2 = self.driving_currents(held, new)
        return super().advance(held, x + (I1 + I2)) | new

    def threshold_drift(self, V_th: Any, held: Values) -> Any:
        """Time derivative of the threshold."""
        return self.a * (held["V"] - self.V_rest) - self.b * (V_th - self.V_th_inf)

    def driving_currents(self, held: Values, new: Values) -> tuple[Any, Any]:
        """Spike currents that the potential feels in this step: those after integration."""
        return new["I1"], new["I2"]


class GifRef(Refractory, Gif):
    r"""Generalized integrate-and-fire neuron with a refractory period.

    .. math::
        \tau \frac{dV}{dt} &= -(V - V_{rest}) + R\,(I_1 + I_2 + I) \\
        \frac{dI_j}{dt} &= -k_j I_j, \qquad
        \frac{dV_{th}}{dt} = a\,(V - V_{rest}) - b\,(V_{th} - V_{th,\infty})
        \quad\text{unless}\quad t - t_{spike} < \tau_{ref}

    Spike currents and threshold stand still too while the neuron is refractory.

    Notes
    -----
    The potential feels the spike currents as the spike has left them, before they decay in the
    same step; in `Gif` after. It is the order of the reference implementation, and makes the two
    models differ a little even without a refractory period. *Deviations* from it are those of
    `Refractory`.

    Examples
    --------
    A spike lifts a low threshold to :math:`V_{th,reset}`, and leaves a high one where it is.

    >>> import saiunit as u
    >>> from engine import GifRef
    >>> neuron = GifRef(2, V_th_initializer=[-64.0, -50.0] * u.mV)
    >>> neuron.init_state()
    >>> now = {name: getattr(neuron, name).value for name in ("V", "I1", "I2", "V_th")}
    >>> neuron.reset(now, spike=1.0)["V_th"].to_decimal(u.mV).tolist()
    [-60.0, -50.0]
    """

    __module__ = "engine"
    equation: ClassVar[str] = (
        Gif.equation + r",\quad t - t_{\mathrm{spike}} \ge \tau_{\mathrm{ref}}"
    )

    tau_ref = Refractory.tau_ref.but(default=1.7 * u.ms)

    def driving_currents(self, held: Values, new: Values) -> tuple[Any, Any]:
        """Spike currents that the potential feels in this step: those before integration."""
        return held["I1"], held["I2"]
