"""Spiking reduced to its mathematics, without units: FitzHughNagumo, HindmarshRose."""

from __future__ import annotations

from typing import Any, ClassVar

import saiunit as u

from engine.neurons.base import Crossing, Values
from engine.specs import POSITIVE, InitialSpec, InputSpec, ParameterSpec, StateSpec

__all__ = ["FitzHughNagumo", "HindmarshRose"]

TIME = ParameterSpec(
    1.0 * u.ms,
    r"\tau",
    "unit of time: how fast the potential moves",
    soft=(0.5, 10.0),
    hard=POSITIVE,
    scale="log",
    time_constant=True,
)
CROSSING = ParameterSpec(
    1.0,
    r"V_{\mathrm{th}}",
    "potential whose crossing from below counts as a spike",
    soft=(0.0, 1.5),
    group="threshold",
)


class Reduced(Crossing):
    """A neuron whose potential has no unit."""

    V = StateSpec(u.UNITLESS, "V", "membrane potential, without a unit")


class FitzHughNagumo(Reduced):
    r"""FitzHugh and Nagumo's neuron: excitability in the plane.

    .. math::
        \tau \frac{dV}{dt} = V - \frac{V^3}{3} - w + I, \qquad
        \tau_w \frac{dw}{dt} = V + a - b w

    It fires for inputs between about 0.33 and 1.42 (at the defaults); a stronger input holds it
    depolarized. Potential and recovery are both integrated from the old value of the other.

    Notes
    -----
    *Deviation* from the reference implementation: the surrogate gradient is scaled by
    :math:`|V_{th}|`, so that a negative threshold does not turn the condition round
    (`positive-scale`).

    References
    ----------
    R. FitzHugh (1961). Impulses and physiological states in theoretical models of nerve membrane.
    Biophysical Journal 1, 445-466. doi:10.1016/S0006-3495(61)86902-6

    Examples
    --------
    It starts at its state of rest, and stays there without input.

    >>> import brainstate, saiunit as u
    >>> from engine import FitzHughNagumo
    >>> neuron = FitzHughNagumo(1)
    >>> neuron.init_state()
    >>> with brainstate.environ.context(dt=0.1 * u.ms):
    ...     for _ in range(10):
    ...         spikes = neuron()
    >>> f"V = {neuron.V.value[0]:.2f}, w = {neuron.w.value[0]:.2f}"
    'V = -1.20, w = -0.62'
    """

    __module__ = "engine"
    equation: ClassVar[str] = (
        r"\tau \frac{dV}{dt} = V - \frac{V^3}{3} - w + I,\quad \tau_w \frac{dw}{dt} = V + a - b w"
    )
    input: ClassVar[InputSpec] = InputSpec(0.5, soft=(0.0, 2.0))
    largest_dt: ClassVar[Any] = 0.25 * u.ms

    a = ParameterSpec(0.7, "a", "offset of the recovery's line of rest", soft=(0.3, 1.0))
    b = ParameterSpec(0.8, "b", "slope of the recovery's line of rest", soft=(0.2, 1.5))
    tau = TIME.but()
    tau_w = ParameterSpec(
        12.5 * u.ms,
        r"\tau_w",
        "recovery time constant: how long a spike is followed by rest",
        soft=(5.0, 100.0),
        hard=POSITIVE,
        scale="log",
        time_constant=True,
    )
    V_th = CROSSING.but()
    V_initializer = InitialSpec(-1.2, "V(0)", "membrane potential at the start", soft=(-2.0, 0.0))
    w_initializer = InitialSpec(-0.62, "w(0)", "recovery at the start", soft=(-1.0, 1.0))
    w = StateSpec(u.UNITLESS, "w", "recovery")

    def flow(self, held: Values, current: Any) -> Values:
        """Integrate both from the old values."""
        V, w = held["V"], held["w"]
        return {
            "V": self.integrate(lambda V: (V - V * V * V / 3.0 - w + current) / self.tau, V),
            "w": self.integrate(lambda w: (V + self.a - self.b * w) / self.tau_w, w),
        }


class HindmarshRose(Reduced):
    r"""Hindmarsh and Rose's neuron: bursts of spikes from three equations.

    .. math::
        \tau \frac{dV}{dt} &= y - a V^3 + b V^2 - z + I \\
        \tau \frac{dy}{dt} &= c - d V^2 - y, \qquad
        \tau \frac{dz}{dt} = r\,\bigl(s\,(V - V_r) - z\bigr)

    The slow adaptation :math:`z` ends every burst. All three are integrated from the old values of
    the others.

    Notes
    -----
    *Deviation* from the reference implementation: the surrogate gradient is scaled by
    :math:`|V_{th}|`, so that a negative threshold does not turn the condition round
    (`positive-scale`).

    References
    ----------
    J. L. Hindmarsh and R. M. Rose (1984). A model of neuronal bursting using three coupled first
    order differential equations. Proceedings of the Royal Society of London B 221, 87-102.
    doi:10.1098/rspb.1984.0024

    Examples
    --------
    At its default drive it bursts.

    >>> import saiunit as u
    >>> from engine import HindmarshRose, simulate
    >>> from engine.analysis.firing_patterns import classify_recording
    >>> drive = {"stimulus": "Constant", "stimulus__amplitude": 2.0, "noise": None, "n": 1}
    >>> classify_recording(simulate(HindmarshRose, duration=2000 * u.ms, **drive)).label
    'bursting'
    """

    __module__ = "engine"
    equation: ClassVar[str] = (
        r"\tau \frac{dV}{dt} = y - a V^3 + b V^2 - z + I,"
        r"\quad \tau \frac{dy}{dt} = c - d V^2 - y,"
        r"\quad \tau \frac{dz}{dt} = r (s (V - V_r) - z)"
    )
    input: ClassVar[InputSpec] = InputSpec(2.0, soft=(0.0, 4.0))
    largest_dt: ClassVar[Any] = 0.05 * u.ms

    a = ParameterSpec(1.0, "a", "strength of what turns a spike back", soft=(0.8, 1.5))
    b = ParameterSpec(3.0, "b", "strength of the upstroke", soft=(2.5, 3.5))
    c = ParameterSpec(1.0, "c", "rest of the fast recovery", soft=(0.5, 1.5))
    d = ParameterSpec(5.0, "d", "how strongly a spike moves the fast recovery", soft=(4.0, 6.0))
    r = ParameterSpec(
        0.006,
        "r",
        "speed of the slow adaptation: smaller makes longer bursts",
        soft=(0.001, 0.05),
        hard=POSITIVE,
        scale="log",
    )
    s = ParameterSpec(4.0, "s", "strength of the slow adaptation", soft=(1.0, 5.0))
    V_r = ParameterSpec(
        -1.6, "V_r", "potential at which the slow adaptation rests at zero", soft=(-2.0, -1.0)
    )
    tau = TIME.but()
    V_th = CROSSING.but()
    V_initializer = InitialSpec(-1.6, "V(0)", "membrane potential at the start", soft=(-2.0, 0.0))
    y_initializer = InitialSpec(-10.0, "y(0)", "fast recovery at the start", soft=(-12.0, 0.0))
    z_initializer = InitialSpec(0.0, "z(0)", "slow adaptation at the start", soft=(0.0, 4.0))
    y = StateSpec(u.UNITLESS, "y", "fast recovery")
    z = StateSpec(u.UNITLESS, "z", "slow adaptation")

    def flow(self, held: Values, current: Any) -> Values:
        """Integrate all three from the old values."""
        old, y, z, tau = held["V"], held["y"], held["z"], self.tau

        def drift(V: Any) -> Any:
            return (y - self.a * V * V * V + self.b * V * V - z + current) / tau

        return {
            "V": self.integrate(drift, old),
            "y": self.integrate(lambda y: (self.c - self.d * old * old - y) / tau, y),
            "z": self.integrate(lambda z: self.r * (self.s * (old - self.V_r) - z) / tau, z),
        }
